// The header of a safetensors file: which tensors it has and where their bytes lie, with every number checked.
// Must not import anything above graph.
import { type DType, dtypeBits } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { checkKeys } from './checkKeys.js';

/** A tensor as the header describes it; the offsets count from the start of the file. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The format's own limit. */
const maxHeaderBytes = 100_000_000;

/** The dtypes by the names that the format gives them. */
const dtypes: ReadonlyMap<unknown, DType> = new Map([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F8_E4M3', 'float8_e4m3fn'],
  ['F8_E5M2', 'float8_e5m2'],
  ['F8_E8M0', 'float8_e8m0fnu'],
  ['F4', 'float4_e2m1fn'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U64', 'uint64'],
  ['U32', 'uint32'],
  ['U16', 'uint16'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
  ['C64', 'complex64'],
]);

/** The format's name of a dtype; undefined where it has none. */
export function dtypeCode(dtype: DType): string | undefined {
  for (const [code, known] of dtypes) if (known === dtype) return code as string;
  return undefined;
}

/** What a safetensors file says of itself. @throws {FormatError} where that is not text by name */
export function readMetadata(bytes: Uint8Array, place: ErrorPlace): ReadonlyMap<string, string> {
  const header = parseHeader(bytes.subarray(8, 8 + headerLength(bytes, place)), place);
  const found = new Map<string, unknown>(Object.entries(header)).get('__metadata__') ?? {};
  const entries = isObject(found) ? Object.entries(found) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    return new Map(entries);
  throw new FormatError('is no object of texts', { ...place, path: '__metadata__' });
}

/**
 * The tensors of a safetensors file, in the header's order.
 *
 * @throws {FormatError} where the header is no such header, or its tensors do not cover the rest of the file exactly once
 */
export function readHeader(bytes: Uint8Array, place: ErrorPlace): readonly HeaderEntry[] {
  const start = 8 + headerLength(bytes, place);
  const header = parseHeader(bytes.subarray(8, start), place);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => readEntry(name, value, start, { ...place, path: name }));
  checkCover(entries, start, bytes.length, place);
  return entries;
}

function headerLength(bytes: Uint8Array, place: ErrorPlace): number {
  if (bytes.length < 8) throw new FormatError(`is no safetensors file: it has ${bytes.length} bytes`, place);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    throw new FormatError(
      `is no whole safetensors file: its header of ${length} bytes is longer than the file`,
      place,
    );
  }
  if (length > BigInt(maxHeaderBytes)) {
    throw new FormatError(
      `has a header of ${length} bytes; safetensors files have at most ${maxHeaderBytes}`,
      place,
    );
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array, place: ErrorPlace): object {
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    checkKeys(text, place);
    header = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`is no safetensors file: its header is no valid JSON: ${reason}`, {
      ...place,
      cause,
    });
  }
  if (isObject(header)) return header;
  throw new FormatError('is no safetensors file: its header is no JSON object', place);
}

function readEntry(name: string, value: unknown, start: number, place: ErrorPlace): HeaderEntry {
  if (!isObject(value)) throw new FormatError('is no description of a tensor', place);
  const own = new Map<string, unknown>(Object.entries(value));
  const dtype = dtypes.get(own.get('dtype'));
  if (dtype === undefined) {
    const found = JSON.stringify(own.get('dtype'))?.slice(0, 40) ?? 'none';
    throw new FormatError(`dtype ${found}; accepted are ${[...dtypes.keys()].join(', ')}`, place);
  }
  const dims = sizes(own.get('shape'));
  const offsets = sizes(own.get('data_offsets'));
  if (dims === undefined) throw new FormatError('shape is no list of sizes', place);
  const [begin, end] = offsets ?? [];
  if (offsets?.length !== 2 || begin === undefined || end === undefined || begin > end) {
    throw new FormatError('data_offsets are no two offsets in order', place);
  }
  checkBytes(dtype, dims, end - begin, place);
  return { name, dtype, dims, begin: start + begin, end: start + end };
}

function sizes(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
    ? value
    : undefined;
}

function checkBytes(dtype: DType, dims: readonly number[], found: number, place: ErrorPlace): void {
  const bits = dims.includes(0) ? 0 : dims.reduce((product, size) => product * size, dtypeBits(dtype));
  if (bits === found * 8) return;
  const wanted = Number.isSafeInteger(bits) ? `${Math.ceil(bits / 8)} bytes` : 'more bytes than any file has';
  throw new FormatError(`${dtype} [${dims.join(', ')}] takes ${wanted}, data_offsets hold ${found}`, place);
}

/** The format wants each byte after the header to belong to one tensor. */
function checkCover(entries: readonly HeaderEntry[], start: number, length: number, place: ErrorPlace): void {
  let free = start;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const at = { ...place, path: name };
    if (end > length) throw new FormatError('data_offsets reach past the end of the file', at);
    if (begin < free) throw new FormatError('data_offsets overlap those of another tensor', at);
    if (begin > free) throw new FormatError('data_offsets leave bytes before them that no tensor has', at);
    free = end;
  }
  if (free < length) throw new FormatError(`has ${length - free} bytes at its end that no tensor has`, place);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
