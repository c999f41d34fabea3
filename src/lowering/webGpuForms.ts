// Constraints as WebGPU runs them: right, and in few dispatches.
// Must not import anything above constraints.

import { fromFloat64 } from '../graph/numbers.js';
import { rewrite } from '../ops/rewrite.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant } from '../ops/tensorLike.js';
import { blendForm } from './webGpuBlend.js';

/** What a constraint makes of `w` in operators that WebGPU computes right, and in as few dispatches as it can be. */
export function forWebGpu(target: SymbolicTensor, w: SymbolicTensor): SymbolicTensor {
  return withoutRelu(blendForm(target) ?? target, w);
}

/** The same expression without Relu, which ONNX Runtime's WebGPU provider computes as 0 of NaN. */
function withoutRelu(target: SymbolicTensor, w: SymbolicTensor): SymbolicTensor {
  const replace: Parameters<typeof rewrite>[1] = ({ source, dtype, shape }, [input]) => {
    if (source.kind !== 'op' || source.opType !== 'Relu' || input === undefined) return undefined;
    const zero = constant(fromFloat64(Float64Array.of(0), dtype, []));
    const isNegative = applyOp('GreaterOrEqual', [zero, input], { dtype: 'bool', shape });
    return applyOp('Where', [isNegative, zero, input], { dtype, shape });
  };
  return rewrite(target, replace, w);
}
