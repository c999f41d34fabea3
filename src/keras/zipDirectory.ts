// The directory of a zip archive: where each entry lies, with every number checked before it is used.
// Must not import fflate, nor anything of the Keras formats.
import { type ErrorPlace, FormatError } from '../graph/errors.js';

/** One entry of an archive, as the directory at its end and the header before the entry's data describe it. */
export interface ZipEntry {
  readonly name: string;
  /** 0 for stored, 8 for deflated; others are not unpacked. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where the header before the data starts, and where the data does. */
  readonly offset: number;
  readonly dataOffset: number;
  /** Where the entry's record in the directory starts. */
  readonly record: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Where the directory starts. */
  readonly start: number;
  /** Where its closing record starts. */
  readonly end: number;
  /** Where the closing record of a large archive starts, if there is one. */
  readonly end64: number | undefined;
}

const signatures = {
  local: 0x04034b50,
  record: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
};
const maxEntries = 65_535;
const open32 = 0xffffffff;

/**
 * Reads the directory of an archive.
 *
 * @throws {FormatError} where it is cut short, names one entry twice, or places entries outside the archive or in one another
 */
export function readZipDirectory(bytes: Uint8Array, place: ErrorPlace): ZipDirectory {
  return new DirectoryReader(bytes, place).read();
}

class DirectoryReader {
  readonly #view: DataView;
  readonly #decoder = new TextDecoder();

  constructor(
    readonly bytes: Uint8Array,
    readonly place: ErrorPlace,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): ZipDirectory {
    const end = this.#findEnd();
    const end64 = this.#findEnd64(end);
    const count = end64 === undefined ? this.#u16(end + 10) : this.#u64(end64 + 32);
    const start = end64 === undefined ? this.#u32(end + 16) : this.#u64(end64 + 48);
    if (count > maxEntries || start > end) throw this.#broken('its directory lies outside of it');
    const entries: ZipEntry[] = [];
    let at = start;
    for (let index = 0; index < count; index += 1) {
      this.#expect(at, signatures.record);
      entries.push(this.#entry(at, start));
      at += 46 + this.#u16(at + 28) + this.#u16(at + 30) + this.#u16(at + 32);
    }
    this.#checkApart(entries, start);
    return { entries, start, end, end64 };
  }

  /** The closing record is the last thing in the file, but for a comment of up to 64 KiB. */
  #findEnd(): number {
    const last = this.bytes.length - 22;
    for (let at = last; at >= Math.max(0, last - 0xffff); at -= 1) {
      if (this.#u32(at) === signatures.end && this.#u16(at + 20) <= last - at) return at;
    }
    throw this.#broken('it has no directory at its end');
  }

  #findEnd64(end: number): number | undefined {
    if (end < 20 || this.#u32(end - 20) !== signatures.locator) return undefined;
    const at = this.#u64(end - 12);
    this.#expect(at, signatures.end64);
    return at;
  }

  #entry(record: number, limit: number): ZipEntry {
    const nameLength = this.#u16(record + 28);
    const name = this.#decoder.decode(this.#slice(record + 46, nameLength));
    const [size, packedSize, offset] = this.#sizes(record, record + 46 + nameLength, this.#u16(record + 30));
    const at = { ...this.place, path: name };
    if (offset + 30 > limit || this.#u32(offset) !== signatures.local) {
      throw new FormatError('the entry lies outside the archive', at);
    }
    const dataOffset = offset + 30 + this.#u16(offset + 26) + this.#u16(offset + 28);
    if (dataOffset + packedSize > limit)
      throw new FormatError('the entry reaches past the end of the archive', at);
    const encrypted = (this.#u16(record + 8) & 1) !== 0;
    const [method, crc] = [this.#u16(record + 10), this.#u32(record + 16)];
    return { name, method, encrypted, crc, packedSize, size, offset, dataOffset, record };
  }

  /** Size, packed size and offset; those that do not fit 32 bits stand in an extra field, in this order. */
  #sizes(record: number, extra: number, extraLength: number): [number, number, number] {
    const sizes = [this.#u32(record + 24), this.#u32(record + 20), this.#u32(record + 42)];
    let wide = findZip64(this.bytes, extra, extraLength);
    return sizes.map((size) => {
      if (size !== open32 || wide === undefined) return size;
      wide += 8;
      return this.#u64(wide - 8);
    }) as [number, number, number];
  }

  /** Entries that share bytes would unpack to far more than the archive holds. */
  #checkApart(entries: readonly ZipEntry[], limit: number): void {
    const names = new Set<string>();
    let free = 0;
    for (const { name, offset, dataOffset, packedSize } of entries.toSorted((a, b) => a.offset - b.offset)) {
      const at = { ...this.place, path: name };
      if (names.has(name)) throw new FormatError('the archive has two entries of this name', at);
      if (offset < free || dataOffset > limit) throw new FormatError('the entry lies inside another one', at);
      names.add(name);
      free = dataOffset + packedSize;
    }
  }

  #slice(at: number, length: number): Uint8Array {
    if (at + length > this.bytes.length) throw this.#broken('it is cut short');
    return this.bytes.subarray(at, at + length);
  }

  #expect(at: number, signature: number): void {
    if (this.#u32(at) !== signature) throw this.#broken('its directory is damaged');
  }

  #u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** Past 2^53 it is rounded, and far outside any archive. */
  #u64(at: number): number {
    this.#check(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  #check(at: number, length: number): void {
    if (!(at >= 0 && at + length <= this.bytes.length)) throw this.#broken('it is cut short');
  }

  #broken(reason: string): FormatError {
    return new FormatError(`is no whole zip archive: ${reason}`, this.place);
  }
}

/** Where the values of the extra field of large entries start, if there is one. */
export function findZip64(bytes: Uint8Array, start: number, length: number): number | undefined {
  const end = Math.min(start + length, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) === 1) return at + 4;
  }
  return undefined;
}
