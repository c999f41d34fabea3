// A tensor in memory: dtype, dims and its elements, as Keras files and ONNX models hold them.
// Must not import protobuf, Node or ONNX Runtime.
import type { DType } from './dtype.js';

/**
 * The elements of a tensor in row-major order.
 *
 * - float32, float64, int8 … int32, uint8 … uint32: the typed array of that name
 * - int64, uint64: `BigInt64Array`, `BigUint64Array`
 * - float16, bfloat16: the bit patterns in a `Uint16Array`, as ONNX Runtime takes them
 * - 8-bit floats: the bit patterns in a `Uint8Array`; bool: 0 or 1 in a `Uint8Array`
 * - 4-bit and 2-bit types: packed as ONNX packs them, first element in the low bits, in a `Uint8Array`
 * - complex64, complex128: real and imaginary parts interleaved in a `Float32Array`, `Float64Array`
 * - string: the UTF-8 bytes of each element
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly Uint8Array[];

export interface TensorValue {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** The number of elements of a tensor with these dims. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) count *= dim;
  return count;
}
