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

// Where JavaScript has a Float16Array, ONNX Runtime's tensors hold float16 in one, and its package for Node takes them for
// empty.
const { process } = globalThis as { process?: { versions?: { node?: string } } };
const losesFloat16: boolean = 'Float16Array' in globalThis && process?.versions?.node !== undefined;

/**
 * Whether weights of this dtype travel as their bits: ONNX Runtime's JavaScript packages take no bfloat16, and some no
 * float16.
 */
function travelsAsBits(dtype: WeightDType): boolean {
  return dtype === 'bfloat16' || (dtype === 'float16' && losesFloat16);
}

/** The dtype ONNX Runtime is fed. */
export function fedDType(dtype: WeightDType): DType {
  return travelsAsBits(dtype) ? 'uint16' : dtype;
}

/** The fed tensor in the dtype it is computed in. */
export function load(fed: SymbolicTensor, dtype: WeightDType): SymbolicTensor {
  return castTo(travelsAsBits(dtype) ? bitCast(fed, dtype) : fed, computeDType(dtype));
}

/** A computed tensor as it is stored. */
export function store(computed: SymbolicTensor, dtype: WeightDType): SymbolicTensor {
  const rounded = castTo(computed, dtype);
  return travelsAsBits(dtype) ? bitCast(rounded, 'uint16') : rounded;
}

/** The opset a graph on weights of this dtype needs: BitCast is in none before 26. */
export function opsetFor(dtype: WeightDType): number {
  return travelsAsBits(dtype) ? 26 : 18;
}

function bitCast(x: SymbolicTensor, dtype: DType): SymbolicTensor {
  const attributes = { to: { type: 'int', value: dtypeToOnnx(dtype) } } as const;
  return applyOp('BitCast', [x], { dtype, shape: x.shape }, { attributes });
}
