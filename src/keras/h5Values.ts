// Element types of HDF5 datasets and the typed arrays that hold them.
// Must not import h5wasm but its types.
import type { Metadata, Module } from 'h5wasm';
import { type DType, dtypeBits } from '../graph/dtype.js';
import type { TensorData } from '../graph/tensorValue.js';

/**
 * The dtype of a dataset's elements.
 *
 * @param opaque what opaque bytes are said to be; HDF5 has no bfloat16, so Keras stores its bytes as opaque
 */
export function h5DType(
  { type, size, signed }: Metadata,
  module: typeof Module,
  opaque: string | undefined,
): DType {
  const classes = module.H5T_class_t;
  const bits = size * 8;
  if (type === classes.H5T_FLOAT.value && [16, 32, 64].includes(bits)) return `float${bits}` as DType;
  if (type === classes.H5T_INTEGER.value && [8, 16, 32, 64].includes(bits)) {
    return `${signed ? 'int' : 'uint'}${bits}` as DType;
  }
  if (type === classes.H5T_ENUM.value && size === 1) return 'bool';
  if (type === classes.H5T_OPAQUE.value && opaque === 'bfloat16' && size === 2) return 'bfloat16';
  throw new TypeError(`elements of ${size} bytes of HDF5 type class ${type}, which no Keras variable has`);
}

const arrays: Readonly<Partial<Record<DType, new (buffer: ArrayBuffer) => TensorData>>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};

/** The bytes as the array that holds elements of the dtype; half types stay bit patterns. */
export function h5Data(dtype: DType, bytes: Uint8Array<ArrayBuffer>): TensorData {
  const Data = arrays[dtype] ?? (dtypeBits(dtype) === 16 ? Uint16Array : Uint8Array);
  return new Data(bytes.buffer);
}
