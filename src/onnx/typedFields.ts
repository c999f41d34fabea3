// The typed fields of a TensorProto (float_data, int32_data, …): which dtype belongs in which, and in what form.
// Must not check counts; tensorProto.ts does.
import type { DType } from '../graph/dtype.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import type { onnx } from './gen/onnx.js';
import { int64FromBigInt, int64ToBigInt } from './int64.js';
import { byteLength } from './tensorBytes.js';

export type TypedField = 'floatData' | 'doubleData' | 'int32Data' | 'int64Data' | 'uint64Data' | 'stringData';
export const typedFields: readonly TypedField[] = [
  'floatData',
  'doubleData',
  'int32Data',
  'int64Data',
  'uint64Data',
  'stringData',
];

/** The elements of the dtype's field, however many there are. */
export function readTyped(proto: onnx.TensorProto, dtype: DType): TensorData {
  switch (dtype) {
    case 'string':
      return proto.stringData.map((bytes) => bytes.slice());
    case 'float32':
    case 'complex64':
      return new Float32Array(proto.floatData);
    case 'float64':
    case 'complex128':
      return new Float64Array(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data, int64ToBigInt);
    case 'uint64':
      return BigUint64Array.from(proto.uint64Data, int64ToBigInt);
    case 'uint32':
      return Uint32Array.from(proto.uint64Data, (entry) => Number(BigInt.asUintN(32, int64ToBigInt(entry))));
    case 'bool':
      return Uint8Array.from(proto.int32Data, (entry) => (entry === 0 ? 0 : 1));
    case 'int8':
      return new Int8Array(proto.int32Data);
    case 'int16':
      return new Int16Array(proto.int32Data);
    case 'int32':
      return new Int32Array(proto.int32Data);
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      // Bit patterns may be stored sign-extended; the array keeps the low bits, as ONNX's own tools do.
      return new Uint16Array(proto.int32Data);
    default:
      return new Uint8Array(proto.int32Data);
  }
}

/** Puts elements into the field of their dtype. */
export function writeTyped(proto: onnx.TensorProto, { dtype, data }: TensorValue): void {
  switch (typedField(dtype)) {
    case 'stringData':
      proto.stringData = (data as readonly Uint8Array[]).map((bytes) => bytes.slice());
      break;
    case 'floatData':
      proto.floatData = Array.from(data as Float32Array);
      break;
    case 'doubleData':
      proto.doubleData = Array.from(data as Float64Array);
      break;
    case 'int64Data':
      proto.int64Data = Array.from(data as BigInt64Array, int64FromBigInt);
      break;
    case 'uint64Data':
      proto.uint64Data = Array.from(data as ArrayLike<bigint | number>, (element) =>
        int64FromBigInt(BigInt(element)),
      );
      break;
    default:
      proto.int32Data = Array.from(data as Int32Array);
  }
}

/** The typed field that the dtype's elements belong in. */
export function typedField(dtype: DType): TypedField {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 'floatData';
    case 'float64':
    case 'complex128':
      return 'doubleData';
    case 'int64':
      return 'int64Data';
    case 'uint32':
    case 'uint64':
      return 'uint64Data';
    case 'string':
      return 'stringData';
    default:
      return 'int32Data';
  }
}

/** How many entries of a typed field hold this many elements. */
export function storedCount(dtype: DType, count: number): number {
  switch (dtype) {
    case 'complex64':
    case 'complex128':
      return 2 * count;
    case 'int4':
    case 'uint4':
    case 'float4_e2m1fn':
    case 'int2':
    case 'uint2':
      return byteLength(dtype, count);
    default:
      return count;
  }
}

/** The name that the specification gives a field. */
export function wireName(field: TypedField | 'rawData'): string {
  return field.replace('Data', '_data');
}
