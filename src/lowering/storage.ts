// How a weight is stored and what it is computed in: half types are widened to float32 once and rounded once.
// Must not import anything above constraints.
import { type DType, dtypeToOnnx } from '../graph/dtype.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';

/** The dtypes a weight may have. */
export type WeightDType = 'float32' | 'float64' | 'float16' | 'bfloat16';

/** The dtype a weight is computed in. */
export function computeDType(dtype: WeightDType): 'float32' | 'float64' {
  return dtype === 'float64' ? 'float64' : 'float32';
}

/** The dtype ONNX Runtime is fed: its JavaScript packages take no bfloat16, so those travel as their bits. */
export function fedDType(dtype: WeightDType): DType {
  return dtype === 'bfloat16' ? 'uint16' : dtype;
}

/** The fed tensor in the dtype it is computed in. */
export function load(fed: SymbolicTensor, dtype: WeightDType): SymbolicTensor {
  return castTo(dtype === 'bfloat16' ? bitCast(fed, 'bfloat16') : fed, computeDType(dtype));
}

/** A computed tensor as it is stored. */
export function store(computed: SymbolicTensor, dtype: WeightDType): SymbolicTensor {
  const rounded = castTo(computed, dtype);
  return dtype === 'bfloat16' ? bitCast(rounded, 'uint16') : rounded;
}

/** The opset a graph on weights of this dtype needs: BitCast is in none before 26. */
export function opsetFor(dtype: WeightDType): number {
  return dtype === 'bfloat16' ? 26 : 18;
}

function bitCast(x: SymbolicTensor, dtype: DType): SymbolicTensor {
  const attributes = { to: { type: 'int', value: dtypeToOnnx(dtype) } } as const;
  return applyOp('BitCast', [x], { dtype, shape: x.shape }, { attributes });
}
