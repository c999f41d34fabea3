// The same elements with other dims, inside a graph.
// Must not import anything above ops.
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant, int64Value } from '../ops/tensorLike.js';

/** The same elements with other dims. */
export function reshapeTo(x: SymbolicTensor, dims: readonly number[]): SymbolicTensor {
  const { shape, dtype } = x;
  if (shape?.length === dims.length && shape.every((dim, i) => dim === dims[i])) return x;
  return applyOp('Reshape', [x, constant(int64Value(dims))], { dtype, shape: dims });
}
