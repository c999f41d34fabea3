// One TensorProto: its dtype, dims and elements, in whichever field they are stored.
// Must not know where in a model the tensor lies.
import { type DType, dtypeFromOnnx } from '../graph/dtype.js';
import { type ErrorPlace, FormatError, ShapeError, UnsupportedError } from '../graph/errors.js';
import { elementCount, type TensorData, type TensorValue } from '../graph/tensorValue.js';
import { onnx } from './gen/onnx.js';
import { type Int64, int64ToNumber } from './int64.js';
import { arrayClass, byteLength, fromBytes, toBytes } from './tensorBytes.js';
import {
  readTyped,
  storedCount,
  type TypedField,
  typedField,
  typedFields,
  wireName,
  writeTyped,
} from './typedFields.js';

/** What a tensor says of itself besides its elements. */
export interface TensorHead {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** The product of the dims. */
  readonly count: number;
}

export function isExternal(proto: onnx.TensorProto): boolean {
  return proto.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
}

/** The dtype and dims of the tensor; FormatError where they are none that a tensor can have. */
export function readHead(proto: onnx.TensorProto, place: ErrorPlace): TensorHead {
  return { dtype: readDType(proto.dataType ?? 0, place), ...readDims(proto.dims, place) };
}

export function readDType(number: number, place: ErrorPlace): DType {
  const dtype = dtypeFromOnnx(number);
  if (dtype !== undefined) return dtype;
  if (number > 0) {
    throw new UnsupportedError(`element type ${number}; the types 1 to 26 of ONNX are known here`, place);
  }
  throw new FormatError(`element type ${number}; a tensor has one of the types 1 to 26`, place);
}

/** The dims as numbers, with their product; FormatError where they are negative or too large to count. */
export function readDims(dims: readonly Int64[], place: ErrorPlace): Omit<TensorHead, 'dtype'> {
  const numbers = dims.map((dim, i) => {
    const number = int64ToNumber(dim, `dims[${i}]`, place);
    if (number < 0) throw new FormatError(`dims[${i}] is ${number}; a dimension is 0 or more`, place);
    return number;
  });
  const count = elementCount(numbers);
  if (!Number.isSafeInteger(count)) {
    throw new FormatError(
      `dims [${describeDims(numbers)}] have more elements than can be counted (2^53)`,
      place,
    );
  }
  return { dims: numbers, count };
}

/** The elements stored in the message itself; FormatError unless they are as many as the dims say. */
export function readInline(proto: onnx.TensorProto, head: TensorHead, place: ErrorPlace): TensorData {
  if (proto.segment !== null) throw new UnsupportedError('a tensor stored in segments', place);
  const field = filledField(proto, place);
  if (field === undefined || field === 'rawData')
    return readRaw(proto.rawData ?? new Uint8Array(0), head, place);
  const expected = typedField(head.dtype);
  if (field !== expected) {
    throw new FormatError(
      `${head.dtype} elements in ${wireName(field)}; they belong in ${wireName(expected)} or raw_data`,
      place,
    );
  }
  const expectedCount = storedCount(head.dtype, head.count);
  if (proto[field].length !== expectedCount) {
    const want = `${head.dtype} [${describeDims(head.dims)}] takes ${expectedCount}`;
    throw new FormatError(`${proto[field].length} entries in ${wireName(field)}; ${want}`, place);
  }
  return readTyped(proto, head.dtype);
}

/** Puts elements into the field that held them before; the caller has checked that they fit the tensor. */
export function writeInline(proto: onnx.TensorProto, value: TensorValue, place: ErrorPlace): void {
  if (proto.segment !== null) throw new UnsupportedError('a tensor stored in segments', place);
  const field = filledField(proto, place);
  if (value.dtype === 'string' || (field !== undefined && field !== 'rawData')) writeTyped(proto, value);
  else if (field === 'rawData' || elementCount(value.dims) > 0)
    proto.rawData = toBytes(value.data as Float32Array);
}

/** The fields that elements are stored in, as they are. */
export function inlineFields(proto: onnx.TensorProto): Partial<onnx.TensorProto> {
  const fields = typedFields.map((field) => [field, proto[field]] as const);
  return { rawData: proto.rawData, ...Object.fromEntries(fields) };
}

/** Drops every stored element, so that they can be put elsewhere. */
export function clearInline(proto: onnx.TensorProto): void {
  proto.rawData = null;
  for (const field of typedFields) proto[field] = [];
}

/** ShapeError unless the value has this dtype, these dims, and elements to match. */
export function checkFits(value: TensorValue, head: TensorHead, place: ErrorPlace): void {
  const wanted = `${head.dtype} [${describeDims(head.dims)}]`;
  const sameDims =
    value.dims.length === head.dims.length && value.dims.every((dim, i) => dim === head.dims[i]);
  if (value.dtype !== head.dtype || !sameDims) {
    throw new ShapeError(
      `the value is ${value.dtype} [${describeDims(value.dims)}]; the tensor is ${wanted}`,
      place,
    );
  }
  const { data } = value;
  const fits =
    value.dtype === 'string'
      ? Array.isArray(data) && data.length === head.count
      : data instanceof arrayClass(value.dtype) && data.byteLength === byteLength(value.dtype, head.count);
  if (!fits) {
    throw new ShapeError(
      `the value's data (${data.constructor.name}, ${data.length}) does not hold ${wanted}`,
      place,
    );
  }
}

/** The one field that holds elements. */
function filledField(proto: onnx.TensorProto, place: ErrorPlace): TypedField | 'rawData' | undefined {
  const filled = typedFields.filter((field) => proto[field].length > 0);
  const raw = proto.rawData !== null && (proto.rawData.length > 0 || filled.length === 0);
  const all = raw ? (['rawData', ...filled] as const) : filled;
  if (all.length <= 1) return all[0];
  throw new FormatError(
    `elements in ${all.map(wireName).join(' and ')}; a tensor has them in one place`,
    place,
  );
}

function readRaw(raw: Uint8Array, { dtype, dims, count }: TensorHead, place: ErrorPlace): TensorData {
  if (dtype === 'string') {
    if (raw.length === 0 && count === 0) return [];
    throw new FormatError(
      `raw_data of ${raw.length} bytes for ${count} strings; strings belong in string_data`,
      place,
    );
  }
  const expected = byteLength(dtype, count);
  if (raw.length === expected) return fromBytes(raw, dtype);
  throw new FormatError(
    `${raw.length} bytes of elements; ${dtype} [${describeDims(dims)}] takes ${expected}`,
    place,
  );
}

/** Dims for a message; the first ones only, where a file gives thousands. */
export function describeDims(dims: readonly number[]): string {
  return dims.length <= 16 ? dims.join(', ') : `${dims.slice(0, 16).join(', ')}, … ${dims.length} dims`;
}
