// A safetensors file as a file of weights.
// Must not import anything above graph.
import { dtypeBits } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { bytesOf, checkSameForm, type StoredWeight, type WeightFile } from '../graph/weightFile.js';
import { type HeaderEntry, readHeader } from './header.js';

/**
 * Opens a safetensors file, to read and replace its weights. What `encode` gives has the same header, `__metadata__`
 * included, and differs in the bytes of the replaced weights alone.
 *
 * @throws {FormatError} where the bytes are no whole safetensors file
 */
export function openSafetensors(bytes: Uint8Array, place: ErrorPlace = {}): WeightFile {
  const entries = new Map<StoredWeight, HeaderEntry>();
  for (const entry of readHeader(bytes, place)) {
    const { name, dims, dtype } = entry;
    entries.set({ name, dims, dtype, read: () => readTensor(bytes, entry) }, entry);
  }
  return {
    format: 'safetensors',
    weights: [...entries.keys()],
    encode: (changes) => Promise.resolve(encode(bytes, entries, changes, place)),
  };
}

function encode(
  bytes: Uint8Array,
  entries: ReadonlyMap<StoredWeight, HeaderEntry>,
  changes: ReadonlyMap<StoredWeight, TensorValue>,
  place: ErrorPlace,
): Uint8Array {
  const result = bytes.slice();
  for (const [weight, value] of changes) {
    const entry = entries.get(weight);
    if (entry === undefined) throw new FormatError(`has no tensor ${weight.name}`, place);
    checkSameForm(weight, value, place);
    result.set(bytesOf(value), entry.begin);
  }
  return result;
}

/** The first bytes of a safetensors file: the length of its header, which is an object. */
export function looksLikeSafetensors(start: Uint8Array): boolean {
  return start.length > 8 && start[8] === 0x7b && start[7] === 0 && start[6] === 0;
}

function readTensor(bytes: Uint8Array, { dtype, dims, begin, end }: HeaderEntry): TensorValue {
  const { buffer } = new Uint8Array(bytes.subarray(begin, end));
  const data: TensorData = new (arrays[dtype] ?? (dtypeBits(dtype) === 16 ? Uint16Array : Uint8Array))(
    buffer,
  );
  return { dtype, dims, data };
}

const arrays: Readonly<Record<string, new (buffer: ArrayBuffer) => TensorData>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  complex64: Float32Array,
};
