// Tensors whose elements lie in another file beside the model: where exactly, and their bytes.
// Must not read files; ExternalData, from the file layer, does.
import { type ErrorPlace, FileError, FormatError, UnsupportedError } from '../graph/errors.js';
import type { TensorData } from '../graph/tensorValue.js';
import { onnx } from './gen/onnx.js';
import type { ExternalData, KeptBytes } from './modelTypes.js';
import { byteLength, fromOwnBytes } from './tensorBytes.js';
import type { TensorHead } from './tensorProto.js';

/** Where the elements of an external tensor lie. */
interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a data file. */
export interface ExternalRegion extends ExternalPlace {
  readonly file: KeptBytes;
}

/** The elements of an external tensor. */
export function readExternal(
  proto: onnx.TensorProto,
  head: TensorHead,
  source: ExternalData | undefined,
  place: ErrorPlace,
): TensorData {
  if (head.dtype === 'string') throw new UnsupportedError('strings in external data', place);
  const { file, offset, length } = externalRegion(proto, head, source, place);
  return fromOwnBytes(length === 0 ? new Uint8Array(0) : file.read(offset, length), head.dtype);
}

/** Where the bytes of an external tensor lie; FormatError unless the file has them. */
export function externalRegion(
  proto: onnx.TensorProto,
  head: TensorHead,
  source: ExternalData | undefined,
  place: ErrorPlace,
): ExternalRegion {
  const { location, offset, length } = parsePlace(proto, head, place);
  if (source === undefined) {
    throw new FileError(`its data is in "${location}", and no external data was given`, place);
  }
  const size = source.size(location);
  if (offset + length > size) {
    const range = `bytes ${offset} to ${offset + length} of "${location}"`;
    throw new FormatError(`its data is ${range}, which has ${size}`, place);
  }
  const file = { length: size, read: source.read.bind(source, location) };
  return { location, offset, length, file };
}

/** The data file an external tensor names; FormatError unless it lies inside the model's folder. */
export function externalLocation(proto: onnx.TensorProto, place: ErrorPlace): string {
  const location = externalEntry(proto, 'location');
  if (location === undefined || location === '') {
    throw new FormatError('external data without a location; it names a file beside the model', place);
  }
  const problem = locationProblem(location);
  if (problem === undefined) return location;
  const accepted = 'a relative path inside the model’s folder is accepted';
  throw new FormatError(`external data location ${JSON.stringify(location)} ${problem}; ${accepted}`, place);
}

/** What is wrong with a location; it must be relative, lead nowhere up, and mean the same on every system. */
export function locationProblem(location: string): string | undefined {
  const steps = location.split('/');
  if (location.startsWith('/')) return 'is absolute';
  if (steps.includes('..')) return 'leads out of the folder';
  if (/[\\:\0]/.test(location)) return 'holds a backslash, colon or zero byte';
  if (steps.at(-1) === '' || steps.at(-1) === '.') return 'names no file';
  return undefined;
}

/** Makes the tensor say that its elements lie there. Every other entry goes, since it describes the old data. */
export function setExternalPlace(proto: onnx.TensorProto, { location, offset, length }: ExternalPlace): void {
  proto.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
  proto.externalData = [
    new onnx.StringStringEntryProto({ key: 'location', value: location }),
    new onnx.StringStringEntryProto({ key: 'offset', value: String(offset) }),
    new onnx.StringStringEntryProto({ key: 'length', value: String(length) }),
  ];
}

function parsePlace(
  proto: onnx.TensorProto,
  { dtype, dims, count }: TensorHead,
  place: ErrorPlace,
): ExternalPlace {
  const location = externalLocation(proto, place);
  const expected = dtype === 'string' ? 0 : byteLength(dtype, count);
  const length = parseCount(proto, 'length', place) ?? expected;
  if (length !== expected) {
    const wanted = `${dtype} [${dims.join(', ')}] takes ${expected}`;
    throw new FormatError(`external data of ${length} bytes; ${wanted}`, place);
  }
  return { location, offset: parseCount(proto, 'offset', place) ?? 0, length };
}

function parseCount(proto: onnx.TensorProto, key: string, place: ErrorPlace): number | undefined {
  const text = externalEntry(proto, key);
  if (text === undefined) return undefined;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new FormatError(
    `external data ${key} ${JSON.stringify(text)}; a whole number of bytes is accepted`,
    place,
  );
}

function externalEntry(proto: onnx.TensorProto, key: string): string | undefined {
  return proto.externalData.find((entry) => entry.key === key)?.value ?? undefined;
}
