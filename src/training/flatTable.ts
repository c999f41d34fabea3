// Tables of a FlatBuffers file, field by field, each offset checked before it is followed.
// Must not know a schema, nor import onnx, runtime, files or cli.
import { ByteBuffer } from 'flatbuffers';
import { type ErrorPlace, FormatError } from '../graph/errors.js';

/** Names are short; a long one, shared by many entries, would cost far more memory than its file. */
const maxTextBytes = 4096;

type Place = ErrorPlace & { readonly path: string };

/** One table. Fields are counted from 0, as the schema declares them; one that is not there has its default. */
export class FlatTable {
  readonly #buffer: ByteBuffer;
  readonly #start: number;
  readonly #vtable: number;
  readonly #place: Place;

  private constructor(buffer: ByteBuffer, start: number, place: Place) {
    this.#buffer = buffer;
    this.#start = start;
    this.#place = place;
    this.#need(start, 4, 'a table');
    this.#vtable = start - buffer.readInt32(start);
    this.#need(this.#vtable, 4, 'the layout of a table');
    this.#need(this.#vtable, this.#layoutBytes, 'the layout of a table');
    this.#need(start, buffer.readUint16(this.#vtable + 2), 'a table');
  }

  /** The table that a file starts with. @throws {FormatError} where it lies outside the file */
  static root(bytes: Uint8Array, place: Place): FlatTable {
    const buffer = new ByteBuffer(bytes);
    if (bytes.length < 8) throw new FormatError(`is cut short: it has ${bytes.length} bytes`, place);
    return new FlatTable(buffer, buffer.readUint32(0), place);
  }

  int32(field: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? 0 : this.#buffer.readInt32(at);
  }

  bool(field: number): boolean {
    const at = this.#field(field, 1);
    return at !== undefined && this.#buffer.readUint8(at) !== 0;
  }

  /** A text; undefined where there is none. */
  text(field: number): string | undefined {
    const bytes = this.bytes(field);
    if (bytes === undefined) return undefined;
    if (bytes.length > maxTextBytes) {
      this.#refuse(`has a text of ${bytes.length} bytes; at most ${maxTextBytes} are read`);
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (cause) {
      return this.#refuse('has a text that is no UTF-8', cause);
    }
  }

  /** A vector of bytes, as a view of the file; undefined where there is none. */
  bytes(field: number): Uint8Array | undefined {
    const vector = this.#vector(field, 1);
    return vector && this.#buffer.bytes().subarray(vector.start, vector.start + vector.length);
  }

  /** A vector of 64-bit numbers; empty where there is none. */
  int64s(field: number, most: number): readonly bigint[] {
    const vector = this.#vector(field, 8, most);
    if (vector === undefined) return [];
    return Array.from({ length: vector.length }, (_, i) => this.#buffer.readInt64(vector.start + 8 * i));
  }

  table(field: number, name: string): FlatTable | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : this.#follow(at, { ...this.#place, path: this.#below(name) });
  }

  /** A vector of tables, one after the other; none where there is no vector. */
  *tables(field: number, name: string): Generator<FlatTable> {
    const vector = this.#vector(field, 4);
    for (let i = 0; i < (vector?.length ?? 0); i++) {
      const at = (vector as Vector).start + 4 * i;
      yield this.#follow(at, { ...this.#place, path: `${this.#below(name)}[${i}]` });
    }
  }

  get place(): Place {
    return this.#place;
  }

  get #layoutBytes(): number {
    return Math.max(4, this.#buffer.readUint16(this.#vtable));
  }

  #follow(at: number, place: Place): FlatTable {
    return new FlatTable(this.#buffer, at + this.#buffer.readUint32(at), place);
  }

  #field(field: number, width: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#layoutBytes) return undefined;
    const offset = this.#buffer.readUint16(this.#vtable + entry);
    if (offset === 0) return undefined;
    if (offset + width > this.#buffer.readUint16(this.#vtable + 2)) {
      this.#refuse(`has its field ${field} outside of its table`);
    }
    return this.#start + offset;
  }

  #vector(field: number, width: number, most = Number.POSITIVE_INFINITY): Vector | undefined {
    const at = this.#field(field, 4);
    if (at === undefined) return undefined;
    const vector = at + this.#buffer.readUint32(at);
    this.#need(vector, 4, `the list in field ${field}`);
    const length = this.#buffer.readUint32(vector);
    this.#need(vector + 4, length * width, `the list in field ${field}`);
    if (length > most)
      this.#refuse(`has a list of ${length} numbers in field ${field}; at most ${most} are read`);
    return { start: vector + 4, length };
  }

  /** FlatBuffers' own reads give zeros past the end of the file. */
  #need(start: number, length: number, what: string): void {
    const size = this.#buffer.capacity();
    if (start >= 0 && start + length <= size) return;
    this.#refuse(
      `is cut short, or inconsistent: ${what} lies at ${start} to ${start + length} of ${size} bytes`,
    );
  }

  #below(name: string): string {
    return this.#place.path === '' ? name : `${this.#place.path}.${name}`;
  }

  #refuse(message: string, cause?: unknown): never {
    throw new FormatError(message, { ...this.#place, path: this.#place.path || undefined, cause });
  }
}

interface Vector {
  readonly start: number;
  readonly length: number;
}
