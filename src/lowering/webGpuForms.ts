// Constraints as WebGPU runs them right.
// Must not import anything above constraints.

import { fromFloat64 } from '../graph/numbers.js';
import { rewrite } from '../ops/rewrite.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant } from '../ops/tensorLike.js';

/** The same expression without Relu, which ONNX Runtime's WebGPU provider computes as 0 of NaN. */
export function forWebGpu(target: SymbolicTensor): SymbolicTensor {
  return rewrite(target, ({ source, dtype, shape }, [input]) => {
    if (source.kind !== 'op' || source.opType !== 'Relu' || input === undefined) return undefined;
    const zero = constant(fromFloat64(Float64Array.of(0), dtype, []));
    const isNegative = applyOp('GreaterOrEqual', [zero, input], { dtype: 'bool', shape });
    return applyOp('Where', [isNegative, zero, input], { dtype, shape });
  });
}
