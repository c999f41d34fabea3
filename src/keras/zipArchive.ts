// Takes named entries out of a zip archive, with sizes checked before anything is unpacked.
// Must not import anything of the Keras formats.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { crc32 } from './crc32.js';
import { readZipDirectory, type ZipEntry } from './zipDirectory.js';

const maxEntryBytes = 4 * 1024 ** 3;
/** Weights hardly pack, configs by ten; an entry that unpacks to more than this may only be so many times as large. */
const freeBytes = 256 * 1024 ** 2;
const maxExpansion = 100;
/** Deflate cannot do better. */
const deflateExpansion = 1032;

export const stored = 0;
const deflated = 8;

/**
 * Unpacks the wanted entries of a zip archive.
 *
 * @returns the bytes of those that are there, by name
 * @throws {FormatError} on bytes that are no whole zip archive, entries of the same name or outside the archive, and
 * sizes or checksums that are not true
 */
export async function unzipEntries(
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
  place: ErrorPlace,
): Promise<{ readonly entries: ReadonlyMap<string, Uint8Array>; readonly names: readonly string[] }> {
  const { entries } = readZipDirectory(bytes, place);
  const unpacked = new Map<string, Uint8Array>();
  for (const entry of entries) {
    if (wanted.has(entry.name)) unpacked.set(entry.name, await unpack(bytes, entry, place));
  }
  return { entries: unpacked, names: entries.map(({ name }) => name) };
}

async function unpack(bytes: Uint8Array, entry: ZipEntry, place: ErrorPlace): Promise<Uint8Array> {
  const { name, size, packedSize, method, dataOffset, encrypted } = entry;
  const at = { ...place, path: name };
  if (encrypted) throw new FormatError('is encrypted', at);
  checkSize(entry, at);
  const packed = bytes.subarray(dataOffset, dataOffset + packedSize);
  const data = method === stored ? packed.slice() : await inflate(packed, size, at);
  if (data.length !== size || crc32(data) !== entry.crc) {
    throw new FormatError('is damaged: its size or checksum is wrong', at);
  }
  return data;
}

function checkSize({ size, packedSize, method }: ZipEntry, at: ErrorPlace): void {
  if (method !== stored && method !== deflated) {
    throw new FormatError(`is packed by method ${method}; accepted are 0 (stored) and 8 (deflated)`, at);
  }
  const largest =
    method === stored
      ? packedSize
      : Math.min((packedSize + 1) * deflateExpansion, Math.max(freeBytes, packedSize * maxExpansion));
  if (size <= Math.min(largest, maxEntryBytes) && (method !== stored || size === packedSize)) return;
  throw new FormatError(`declares ${size} bytes, packed in ${packedSize}: not accepted`, at);
}

async function inflate(packed: Uint8Array, size: number, at: ErrorPlace): Promise<Uint8Array> {
  const { inflateSync } = await import('fflate');
  try {
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`is damaged: ${reason}`, { ...at, cause });
  }
}
