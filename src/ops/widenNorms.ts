// Norms of float32 tensors with the squares summed in float64: for units of so many weights that float32 loses digits.
// Must not import anything above graph.
import { rewrite } from './rewrite.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo } from './tensorLike.js';

/**
 * The same tensor with every float32 norm between it and `w` taken in float64 and rounded once.
 *
 * @param target the result of tracing `w`
 */
export function widenNorms(target: SymbolicTensor, w: SymbolicTensor): SymbolicTensor {
  const widen: Parameters<typeof rewrite>[1] = ({ source, dtype, shape }, inputs) => {
    if (source.kind !== 'op' || source.opType !== 'ReduceL2' || dtype !== 'float32') return undefined;
    const { attributes, axes } = source;
    const wide = inputs.map((input) => castTo(input, 'float64'));
    const extra = axes === undefined ? { attributes } : { attributes, axes };
    return castTo(applyOp('ReduceL2', wide, { dtype: 'float64', shape }, extra), 'float32');
  };
  return rewrite(target, widen, w);
}
