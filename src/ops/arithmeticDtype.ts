// The dtype an operator computes in, where ONNX has none for the dtype of the operands.
// Must not import anything above graph.
import { type DType, dtypeBits, dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';

/**
 * The dtype arithmetic on `dtype` is done in: float32 for bfloat16, int32 for booleans and integers below 32 bits, on
 * which ONNX and its runtimes know few operators; any other dtype itself.
 *
 * @throws {ShapeError} for dtypes that only store numbers, such as the 8-bit floats
 */
export function arithmeticDType(op: string, dtype: DType): DType {
  const kind = dtypeKind(dtype);
  if (dtype === 'bfloat16') return 'float32';
  if (kind === 'float' && dtypeBits(dtype) >= 16) return dtype;
  if (kind === 'float' || kind === 'complex' || kind === 'string') {
    throw new ShapeError(`ops.${op}: there is no arithmetic on ${dtype}; cast it to float32 first`);
  }
  return dtypeBits(dtype) < 32 ? 'int32' : dtype;
}

/** As `arithmeticDType`, for operators that know no unsigned integers either: those are computed in int64. */
export function signedDType(op: string, dtype: DType): DType {
  const wide = arithmeticDType(op, dtype);
  return dtypeKind(wide) === 'uint' ? 'int64' : wide;
}

/** float32 in place of float16 and bfloat16, for what would lose digits or overflow between its steps. */
export function wideFloat(dtype: DType): DType {
  return dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype;
}
