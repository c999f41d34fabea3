// Puts new bytes in place of one entry of a zip archive and keeps everything else of it.
// Must not import anything of the Keras formats.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { crc32 } from './crc32.js';
import { stored } from './zipArchive.js';
import { findZip64, readZipDirectory, type ZipDirectory, type ZipEntry } from './zipDirectory.js';

/** The archive with other bytes in one entry; every other entry and its place in the order stay as they are. */
export async function replaceEntry(
  bytes: Uint8Array,
  name: string,
  data: Uint8Array,
  place: ErrorPlace,
): Promise<Uint8Array> {
  const directory = readZipDirectory(bytes, place);
  const entry = directory.entries.find((each) => each.name === name);
  if (entry === undefined) throw new FormatError(`has no entry ${name}`, place);
  const packed = entry.method === stored ? data : (await import('fflate')).deflateSync(data);
  const after = entry.dataOffset + entry.packedSize;
  const grown = packed.length - entry.packedSize;
  const result = new Uint8Array(bytes.length + grown);
  result.set(bytes.subarray(0, entry.dataOffset));
  result.set(packed, entry.dataOffset);
  result.set(bytes.subarray(after), entry.dataOffset + packed.length);
  const sizes = { crc: crc32(data), packedSize: packed.length, size: data.length };
  new DirectoryWriter(result, grown).update(directory, entry, sizes);
  return result;
}

type Sizes = Pick<ZipEntry, 'crc' | 'packedSize' | 'size'>;

/** Brings headers and directory up to date after an entry's data grew. */
class DirectoryWriter {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly grown: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  update({ entries, start, end, end64 }: ZipDirectory, changed: ZipEntry, sizes: Sizes): void {
    this.#header(changed, sizes);
    const record = changed.record + this.grown;
    this.#sizes(record + 16, sizes, record + 46 + this.#view.getUint16(record + 28, true), record + 30);
    for (const entry of entries.filter(({ offset }) => offset > changed.offset)) this.#moveEntry(entry);
    const [newEnd, newStart] = [end + this.grown, start + this.grown];
    if (this.#view.getUint32(newEnd + 16, true) !== 0xffffffff)
      this.#view.setUint32(newEnd + 16, newStart, true);
    if (end64 === undefined) return;
    this.#view.setBigUint64(end64 + this.grown + 48, BigInt(newStart), true);
    this.#view.setBigUint64(newEnd - 12, BigInt(end64 + this.grown), true);
  }

  /** Where sizes follow the data instead (flag 3), that descriptor is brought up to date too. */
  #header({ offset, dataOffset }: ZipEntry, sizes: Sizes): void {
    const extra = offset + 30 + this.#view.getUint16(offset + 26, true);
    if ((this.#view.getUint16(offset + 6, true) & 8) === 0) {
      this.#sizes(offset + 14, sizes, extra, offset + 28);
      return;
    }
    const after = dataOffset + sizes.packedSize;
    const signed = this.#view.getUint32(after, true) === 0x08074b50 ? 4 : 0;
    const wide = findZip64(this.bytes, extra, this.#view.getUint16(offset + 28, true)) !== undefined;
    this.#view.setUint32(after + signed, sizes.crc, true);
    this.#number(after + signed + 4, sizes.packedSize, wide);
    this.#number(after + signed + (wide ? 12 : 8), sizes.size, wide);
  }

  /** Checksum, packed size and size, which stand in this order in headers and in the directory. */
  #sizes(at: number, { crc, packedSize, size }: Sizes, extra: number, extraLengthAt: number): void {
    let wide = findZip64(this.bytes, extra, this.#view.getUint16(extraLengthAt, true));
    this.#view.setUint32(at, crc, true);
    // In the extra field the size comes first.
    for (const [place, value] of [
      [at + 8, size],
      [at + 4, packedSize],
    ] as const) {
      if (wide !== undefined && this.#view.getUint32(place, true) === 0xffffffff) {
        this.#number(wide, value, true);
        wide += 8;
      } else this.#number(place, value, false);
    }
  }

  #moveEntry({ record, offset }: ZipEntry): void {
    const at = record + this.grown;
    if (this.#view.getUint32(at + 42, true) !== 0xffffffff) {
      this.#number(at + 42, offset + this.grown, false);
      return;
    }
    const extra = at + 46 + this.#view.getUint16(at + 28, true);
    const wide = findZip64(this.bytes, extra, this.#view.getUint16(at + 30, true));
    const before = [at + 24, at + 20].filter(
      (place) => this.#view.getUint32(place, true) === 0xffffffff,
    ).length;
    if (wide !== undefined) this.#number(wide + 8 * before, offset + this.grown, true);
  }

  #number(at: number, value: number, wide: boolean): void {
    if (wide) this.#view.setBigUint64(at, BigInt(value), true);
    else this.#view.setUint32(at, value, true);
  }
}
