// Weights of a TensorFlow.js layers model: a manifest in its model.json that names them, and shards of bytes beside it.
// Must not import fflate or h5wasm.
import { type DType, dtypeBits, isDType } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import { asList, field, isObject, type JsonObject, textField } from './configValue.js';
import { h5Data } from './h5Values.js';

/** The bytes of a file beside model.json; the path is relative to its folder and has been checked not to leave it. */
export type ReadSibling = (path: string) => Promise<Uint8Array>;

/** Elements packed into fewer bits: `value · scale + min`, or half precision, which has neither. */
interface Quantization {
  readonly dtype: DType;
  readonly scale: number;
  readonly min: number;
}

interface ManifestWeight {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly quantization: Quantization | undefined;
  readonly byteLength: number;
  readonly place: ErrorPlace;
}

/** Whether the JSON is a model.json that names weights. */
export function hasManifest(root: unknown): boolean {
  return isObject(root) && (asList(field(root, 'weightsManifest'))?.length ?? 0) > 0;
}

/**
 * Every weight that the manifest names, in its order, dequantized.
 *
 * @throws {FormatError} where the manifest is none, leads out of its folder, or contradicts the shards
 */
export async function readTfjsWeights(
  root: unknown,
  readSibling: ReadSibling,
  place: ErrorPlace,
): Promise<ReadonlyMap<string, TensorValue>> {
  const groups = isObject(root) ? (asList(field(root, 'weightsManifest')) ?? []) : [];
  const values = new Map<string, TensorValue>();
  for (const [index, group] of groups.entries()) {
    const at = { ...place, path: `weightsManifest[${index}]` };
    if (!isObject(group)) throw new FormatError('is no group of weights', at);
    const weights = readEntries(group, at);
    const length = weights.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const bytes = await readShards(shardPaths(group, at), length, readSibling, at);
    let start = 0;
    for (const weight of weights) {
      if (values.has(weight.name)) throw new FormatError(`${weight.name} is there twice`, weight.place);
      values.set(weight.name, decode(weight, bytes.slice(start, start + weight.byteLength)));
      start += weight.byteLength;
    }
  }
  return values;
}

function shardPaths(group: JsonObject, place: ErrorPlace): readonly string[] {
  const paths = asList(field(group, 'paths'));
  if (paths === undefined) throw new FormatError('has no list of paths', place);
  return paths.map((path, index) => {
    const at = { ...place, path: `${place.path}.paths[${index}]` };
    if (typeof path !== 'string' || path === '') throw new FormatError('is no path', at);
    if (staysInside(path)) return path;
    throw new FormatError(
      `${JSON.stringify(path.slice(0, 80))} leads out of the folder of the model, where shards may not be`,
      at,
    );
  });
}

/** Relative, downwards, and neither an address nor a Windows drive. */
function staysInside(path: string): boolean {
  const parts = path.split(/[\\/]/);
  return !parts.includes('..') && parts[0] !== '' && !path.includes(':') && !path.includes('\0');
}

async function readShards(
  paths: readonly string[],
  length: number,
  readSibling: ReadSibling,
  place: ErrorPlace,
): Promise<Uint8Array<ArrayBuffer>> {
  const shards: Uint8Array[] = [];
  let found = 0;
  for (const path of paths) {
    const shard = await readSibling(path);
    shards.push(shard);
    found += shard.length;
    if (found > length) break;
  }
  if (found !== length) {
    const size = found > length ? 'more' : `${found}`;
    throw new FormatError(`its weights take ${length} bytes, its shards hold ${size}`, place);
  }
  const whole = new Uint8Array(length);
  let start = 0;
  for (const shard of shards) {
    whole.set(shard, start);
    start += shard.length;
  }
  return whole;
}

function readEntries(group: JsonObject, place: ErrorPlace): readonly ManifestWeight[] {
  const weights = asList(field(group, 'weights'));
  if (weights === undefined) throw new FormatError('has no list of weights', place);
  return weights.map((entry, index) =>
    readEntry(entry, { ...place, path: `${place.path}.weights[${index}]` }),
  );
}

function readEntry(entry: unknown, place: ErrorPlace): ManifestWeight {
  const name = isObject(entry) ? textField(entry, 'name') : undefined;
  if (!isObject(entry) || name === undefined) throw new FormatError('is no weight with a name', place);
  const dims = asList(field(entry, 'shape'));
  if (!isSizes(dims)) throw new FormatError(`${name}: shape is no list of sizes`, place);
  const dtype = readDType(field(entry, 'dtype'), name, place);
  const quantization = readQuantization(field(entry, 'quantization') ?? undefined, name, place);
  const byteLength = elementCount(dims) * (dtypeBits(quantization?.dtype ?? dtype) / 8);
  if (!Number.isSafeInteger(byteLength)) throw new FormatError(`${name}: no file can hold it`, place);
  return { name, dtype, dims, quantization, byteLength, place };
}

function isSizes(value: readonly unknown[] | undefined): value is readonly number[] {
  return value?.every((size) => Number.isSafeInteger(size) && (size as number) >= 0) ?? false;
}

const accepted: ReadonlySet<unknown> = new Set([
  'float32',
  'float64',
  'float16',
  'int32',
  'int64',
  'int16',
  'int8',
  'uint8',
  'uint16',
  'uint32',
  'bool',
]);

function readDType(value: unknown, name: string, place: ErrorPlace): DType {
  if (typeof value === 'string' && isDType(value) && accepted.has(value)) return value;
  const found = JSON.stringify(value)?.slice(0, 40) ?? 'none';
  throw new FormatError(`${name}: dtype ${found}; accepted are ${[...accepted].join(', ')}`, place);
}

function readQuantization(value: unknown, name: string, place: ErrorPlace): Quantization | undefined {
  if (value === undefined) return undefined;
  const config = isObject(value) ? value : {};
  const [dtype, scale, min] = ['dtype', 'scale', 'min'].map((key) => field(config, key));
  if (dtype === 'float16') return { dtype, scale: 1, min: 0 };
  const packed = dtype === 'uint8' || dtype === 'uint16';
  if (packed && typeof scale === 'number' && typeof min === 'number') return { dtype, scale, min };
  throw new FormatError(
    `${name}: quantization ${JSON.stringify(value).slice(0, 80)}; accepted are float16, and uint8 and uint16 with scale and min`,
    place,
  );
}

function decode({ dtype, dims, quantization }: ManifestWeight, bytes: Uint8Array<ArrayBuffer>): TensorValue {
  if (quantization === undefined) return { dtype, dims, data: h5Data(dtype, bytes) };
  const { dtype: packed, scale, min } = quantization;
  const values = toFloat64({ dtype: packed, dims, data: h5Data(packed, bytes) }).map((x) => x * scale + min);
  return fromFloat64(dtype === 'int32' ? values.map(Math.round) : values, dtype, dims);
}
