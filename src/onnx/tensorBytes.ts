// Tensor elements ↔ the little-endian bytes of raw_data and external data.
// Must not import protobuf.
import { type DType, dtypeBits } from '../graph/dtype.js';
import type { TensorData } from '../graph/tensorValue.js';

type NumericData = Exclude<TensorData, readonly Uint8Array[]>;
type NumericDType = Exclude<DType, 'string'>;

/** How many bytes this many elements take, the last byte filled up for 4- and 2-bit types. */
export function byteLength(dtype: NumericDType, count: number): number {
  return Math.ceil((count * dtypeBits(dtype)) / 8);
}

/** The array class that holds elements of the dtype, see `TensorData`. */
export function arrayClass(dtype: NumericDType): new (buffer: ArrayBuffer) => NumericData {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return Float32Array;
    case 'float64':
    case 'complex128':
      return Float64Array;
    case 'int8':
      return Int8Array;
    case 'int16':
      return Int16Array;
    case 'int32':
      return Int32Array;
    case 'int64':
      return BigInt64Array;
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return Uint16Array;
    case 'uint32':
      return Uint32Array;
    case 'uint64':
      return BigUint64Array;
    default:
      return Uint8Array;
  }
}

/** The elements in these bytes, which may lie at any alignment; always a copy. */
export function fromBytes(bytes: Uint8Array, dtype: NumericDType): NumericData {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return fromOwnBytes(copy, dtype);
}

/** The elements in these bytes, which nobody else holds: large tensors are not copied once more. */
export function fromOwnBytes(bytes: Uint8Array, dtype: NumericDType): NumericData {
  // Typed arrays have the byte order of the machine; every machine that JavaScript engines support is little-endian.
  if (bytes.byteLength !== bytes.buffer.byteLength) return fromBytes(bytes, dtype);
  if (dtype === 'bool') for (const [i, byte] of bytes.entries()) bytes[i] = byte === 0 ? 0 : 1;
  return new (arrayClass(dtype))(bytes.buffer as ArrayBuffer);
}

/** The bytes of these elements; a copy. */
export function toBytes(data: NumericData): Uint8Array {
  return bytesOf(data).slice();
}

/** The bytes of these elements, where they are. */
export function bytesOf(data: NumericData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
