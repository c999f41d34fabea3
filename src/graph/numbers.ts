// Tensor elements of every dtype as plain numbers, and back with one rounding.
// Must not import protobuf, Node or ONNX Runtime.
import { getFloat16, setFloat16 } from '@petamoriken/float16';
import { type DType, dtypeBits, dtypeKind } from './dtype.js';
import { ShapeError, UnsupportedError, UsageError } from './errors.js';
import { decodeFloat4, decodeFloat8 } from './narrowFloats.js';
import { elementCount, type TensorData, type TensorValue } from './tensorValue.js';

/**
 * The elements as float64, exactly for every dtype but int64 and uint64, whose values beyond 2^53 are rounded to the
 * nearest float64. bool gives 0 and 1.
 *
 * Throws UnsupportedError for `string`, `complex64` and `complex128`.
 */
export function toFloat64(value: TensorValue): Float64Array {
  const { dtype, data, dims } = value;
  switch (dtype) {
    case 'string':
    case 'complex64':
    case 'complex128':
      throw new UnsupportedError(`${dtype} elements as real numbers`);
    case 'int64':
    case 'uint64':
      return Float64Array.from(data as BigInt64Array, Number);
    case 'float16':
      return decodeFloat16(data as Uint16Array, Float64Array);
    case 'bfloat16':
      return new Float64Array(bfloat16AsFloat32(data as Uint16Array));
    case 'float8_e4m3fn':
    case 'float8_e4m3fnuz':
    case 'float8_e5m2':
    case 'float8_e5m2fnuz':
    case 'float8_e8m0fnu':
      return decodeEach(data as Uint8Array, (bits) => decodeFloat8(bits, dtype));
    case 'float4_e2m1fn':
      return decodeEach(unpack(data as Uint8Array, 4, elementCount(dims)), decodeFloat4);
    case 'int4':
    case 'int2':
      return signed(unpack(data as Uint8Array, dtypeBits(dtype), elementCount(dims)), dtypeBits(dtype));
    case 'uint4':
    case 'uint2':
      return new Float64Array(unpack(data as Uint8Array, dtypeBits(dtype), elementCount(dims)));
    default:
      return new Float64Array(data as Float32Array);
  }
}

/** Numbers of a tensor in the smallest array that holds them exactly. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/**
 * The elements as numbers, as `toFloat64` but in less memory: where the tensor's own array holds them as numbers it
 * is that array, which must not be changed.
 */
export function toNumbers(value: TensorValue): NumberArray {
  switch (value.dtype) {
    case 'float32':
    case 'float64':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'bool':
    case 'uint8':
    case 'uint16':
    case 'uint32':
      return value.data as NumberArray;
    case 'float16':
      return decodeFloat16(value.data as Uint16Array, Float32Array);
    case 'bfloat16':
      return bfloat16AsFloat32(value.data as Uint16Array);
    default:
      return toFloat64(value);
  }
}

/**
 * A tensor of these numbers, each rounded once, from float64 to the dtype: to the nearest, ties to even; beyond the
 * range of a float type to infinity. For bool everything but 0 is 1.
 *
 * Throws UsageError where a number does not fit an integer type (NaN and infinities never do), ShapeError where there
 * are more or fewer numbers than the dims say, UnsupportedError for `string`, complex, 8-bit and 4-bit float types.
 */
export function fromFloat64(values: ArrayLike<number>, dtype: DType, dims: readonly number[]): TensorValue {
  if (values.length !== elementCount(dims)) {
    throw new ShapeError(`${values.length} numbers for a tensor of dims [${dims.join(', ')}]`);
  }
  return { dtype, dims, data: encodeNumbers(values, dtype) };
}

function encodeNumbers(values: ArrayLike<number>, dtype: DType): TensorData {
  switch (dtype) {
    case 'float64':
      return new Float64Array(values);
    case 'float32':
      return new Float32Array(values);
    case 'float16':
      return encodeFloat16(values);
    case 'bfloat16':
      return Uint16Array.from(values, bfloat16Bits);
    case 'bool':
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    case 'int64':
      return BigInt64Array.from(toIntegers(values, dtype), BigInt);
    case 'uint64':
      return BigUint64Array.from(toIntegers(values, dtype), BigInt);
    case 'int32':
      return Int32Array.from(toIntegers(values, dtype));
    case 'int16':
      return Int16Array.from(toIntegers(values, dtype));
    case 'int8':
      return Int8Array.from(toIntegers(values, dtype));
    case 'uint32':
      return Uint32Array.from(toIntegers(values, dtype));
    case 'uint16':
      return Uint16Array.from(toIntegers(values, dtype));
    case 'uint8':
      return Uint8Array.from(toIntegers(values, dtype));
    case 'int4':
    case 'uint4':
    case 'int2':
    case 'uint2':
      return pack(toIntegers(values, dtype), dtypeBits(dtype));
    default:
      throw new UnsupportedError(
        `numbers as ${dtype}; float, half, integer and bool types are made from numbers`,
      );
  }
}

function decodeEach(data: Uint8Array, decode: (bits: number) => number): Float64Array {
  const table = Float64Array.from({ length: 256 }, (_, bits) => decode(bits));
  return Float64Array.from(data, (bits) => table[bits] ?? 0);
}

function decodeFloat16<T extends Float32Array | Float64Array>(
  data: Uint16Array,
  ArrayClass: new (length: number) => T,
): T {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const numbers = new ArrayClass(data.length);
  for (let i = 0; i < data.length; i += 1) numbers[i] = getFloat16(view, 2 * i, true);
  return numbers;
}

function encodeFloat16(values: ArrayLike<number>): Uint16Array {
  const data = new Uint16Array(values.length);
  const view = new DataView(data.buffer);
  for (let i = 0; i < values.length; i += 1) setFloat16(view, 2 * i, values[i] ?? 0, true);
  return data;
}

/** A bfloat16 is the upper half of the float32 of the same value. */
function bfloat16AsFloat32(data: Uint16Array): Float32Array {
  const bits = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i += 1) bits[i] = (data[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  float32[0] = value;
  const bits = float32Bits[0] ?? 0;
  const rounded = float32[0] ?? 0;
  const upper = bits >>> 16;
  const rest = bits & 0xffff;
  if (rest !== 0x8000) return rest > 0x8000 ? upper + 1 : upper;
  // Half-way in float32: only the float64 tells whether it was a tie before it was rounded to float32.
  if (Math.abs(value) !== Math.abs(rounded)) return Math.abs(value) > Math.abs(rounded) ? upper + 1 : upper;
  return upper + (upper & 1);
}

function toIntegers(values: ArrayLike<number>, dtype: DType): Float64Array {
  const bits = dtypeBits(dtype);
  const isSigned = dtypeKind(dtype) === 'int';
  const low = isSigned ? -(2 ** (bits - 1)) : 0;
  const end = 2 ** (isSigned ? bits - 1 : bits);
  return Float64Array.from(values, (value, i) => {
    const integer = roundHalfToEven(value);
    if (integer >= low && integer < end) return integer;
    throw new UsageError(
      `${value} (element ${i}) does not fit ${dtype}, which holds ${low} to 2^${Math.log2(end)} - 1`,
    );
  });
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return up ? floor + 1 : floor;
}

/** Elements of 4 or 2 bits, the first in the low bits of each byte. */
function unpack(data: Uint8Array, bits: number, count: number): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const elements = new Uint8Array(count);
  for (let i = 0; i < count; i += 1) {
    elements[i] = ((data[Math.floor(i / perByte)] ?? 0) >> (bits * (i % perByte))) & mask;
  }
  return elements;
}

function pack(elements: Float64Array, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const data = new Uint8Array(Math.ceil(elements.length / perByte));
  for (const [i, element] of elements.entries()) {
    const at = Math.floor(i / perByte);
    data[at] = (data[at] ?? 0) | ((element & mask) << (bits * (i % perByte)));
  }
  return data;
}

function signed(elements: Uint8Array, bits: number): Float64Array {
  const half = 1 << (bits - 1);
  return Float64Array.from(elements, (element) => (element >= half ? element - 2 * half : element));
}
