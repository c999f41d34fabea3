// An HDF5 file in memory, read and edited through h5wasm with every size checked first. Alone in touching h5wasm with h5Writer.ts.
// Must not import anything of the Keras formats.
import type { Dataset, Entity, File, Group, Metadata, Module } from 'h5wasm';
import type { DType } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import { withDiagnostics } from './h5Diagnostics.js';
import { h5Data, h5DType } from './h5Values.js';

/** Datasets may be packed; beyond this, a file that declares over a hundred times its own size is refused. */
const freeBytes = 64 * 1024 * 1024;
const maxExpansion = 100;

let opened = 0;

/** An open HDF5 file. Paths have no leading slash. */
export class H5File {
  /** The path that each dataset was read from. */
  readonly origins: Map<TensorValue, string> = new Map();
  private budget: number;

  private constructor(
    private readonly file: File,
    private readonly module: typeof Module,
    private readonly place: ErrorPlace,
    private readonly reason: () => string | undefined,
    byteLength: number,
  ) {
    this.budget = Math.max(freeBytes, byteLength * maxExpansion);
  }

  /**
   * Opens the bytes, hands the file to `use`, and closes it whatever happens.
   *
   * @throws {FormatError} where the bytes are no HDF5 file, or what `use` asks for cannot be read
   */
  static async use<T>(bytes: Uint8Array, place: ErrorPlace, use: (file: H5File) => T): Promise<T> {
    return H5File.open(bytes, place, 'r', use);
  }

  /**
   * Opens a copy of the bytes, hands the file to `use` to write into, and gives the bytes it then has.
   *
   * @throws {FormatError} as `use` does
   */
  static async edit(
    bytes: Uint8Array,
    place: ErrorPlace,
    use: (file: H5File) => void,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return H5File.open(bytes, place, 'a', (h5, closed) => {
      use(h5);
      return closed().slice();
    });
  }

  private static async open<T>(
    bytes: Uint8Array,
    place: ErrorPlace,
    mode: 'r' | 'a',
    use: (file: H5File, closed: () => Uint8Array) => T,
  ): Promise<T> {
    const h5wasm = await import('h5wasm');
    const module = await h5wasm.ready;
    opened += 1;
    const name = `keras-${opened}.h5`;
    // A file that is only read may lie in the caller's bytes.
    module.FS.writeFile(name, bytes, { canOwn: mode === 'r' } as object);
    return withDiagnostics(module.FS, (reason) => {
      let file: File | undefined;
      try {
        file = openFile(() => new h5wasm.File(name, mode), place, reason);
        return use(new H5File(file, module, place, reason, bytes.byteLength), () => {
          file?.close();
          file = undefined;
          return module.FS.readFile(name);
        });
      } finally {
        file?.close();
        module.FS.unlink(name);
      }
    });
  }

  /** The names inside a group; none where there is no such group. */
  names(path: string): readonly string[] {
    const group = this.group(path);
    return group === undefined ? [] : this.guarded(path, () => group.keys());
  }

  hasGroup(path: string): boolean {
    return this.group(path) !== undefined;
  }

  /** A text attribute; `undefined` where there is none, or it is no single text. */
  text(path: string, name: string): string | undefined {
    const texts = this.texts(path, name);
    return texts?.length === 1 ? texts[0] : undefined;
  }

  /** An attribute that is a list of texts; a single text is a list of one. */
  texts(path: string, name: string): readonly string[] | undefined {
    return this.guarded(path, () => {
      const id = this.file.file_id;
      const names = this.module.get_attribute_names(id, absolute(path));
      if (!names.includes(name)) return undefined;
      const metadata = this.module.get_attribute_metadata(id, absolute(path), name);
      // h5py writes an empty list with the element type of numbers.
      if (metadata.shape === null || elementCount(metadata.shape) === 0) return [];
      if (metadata.type !== this.module.H5T_class_t.H5T_STRING.value) return undefined;
      return metadata.vlen ? this.longTexts(path, name, metadata) : this.paddedTexts(path, name, metadata);
    });
  }

  private longTexts(path: string, name: string, metadata: Metadata): readonly string[] {
    const texts = [this.file.get(absolute(path))].flatMap((entity) =>
      (entity as Group).get_attribute(name, false),
    ) as string[];
    return metadata.cset === 1 ? texts : texts.map(fromLatin1);
  }

  private paddedTexts(path: string, name: string, metadata: Metadata): readonly string[] {
    const id = this.file.file_id;
    const bytes = this.readBytes(metadata, path, (pointer) =>
      this.module.get_attribute_data(id, absolute(path), name, pointer),
    );
    return Array.from({ length: metadata.total_size }, (_, index) => {
      const text = bytes.subarray(index * metadata.size, (index + 1) * metadata.size);
      const end = text.indexOf(0);
      return new TextDecoder().decode(end < 0 ? text : text.subarray(0, end));
    });
  }

  /**
   * A dataset; `undefined` where there is none at the path.
   *
   * @param expected the dtype of opaque bytes that no attribute names
   */
  dataset(path: string, expected?: DType): TensorValue | undefined {
    const entity = this.entity(path);
    if (entity === undefined || !('metadata' in entity)) return undefined;
    const value = this.guarded(path, () => {
      const { metadata } = entity as Dataset;
      if (metadata.virtual_sources !== undefined)
        throw new TypeError('a virtual dataset, which is not accepted');
      if (metadata.shape === null) throw new TypeError('a dataset without a shape');
      const dtype = h5DType(metadata, this.module, this.text(path, 'dtype') ?? expected);
      const id = this.file.file_id;
      const bytes = this.readBytes(metadata, path, (pointer) =>
        this.module.get_dataset_data(id, absolute(path), null, null, null, pointer),
      );
      return { dtype, dims: metadata.shape, data: h5Data(dtype, bytes) };
    });
    this.origins.set(value, path);
    return value;
  }

  /** Replaces the elements of a dataset by as many bytes. */
  write(path: string, bytes: Uint8Array): void {
    this.guarded(path, () => {
      const { metadata } = (this.entity(path) ?? {}) as Partial<Dataset>;
      if (metadata === undefined) throw new TypeError('no dataset to write to');
      const length = elementCount(metadata.shape ?? []) * metadata.size;
      if (length !== bytes.length) throw new TypeError(`${bytes.length} bytes for a dataset of ${length}`);
      this.withMemory(length, (pointer) => {
        this.module.HEAPU8.set(bytes, pointer);
        const id = this.file.file_id;
        if (this.module.set_dataset_data(id, absolute(path), null, null, null, BigInt(pointer)) < 0) {
          throw new RangeError('the data cannot be written');
        }
      });
    });
  }

  private readBytes(
    metadata: Metadata,
    path: string,
    read: (pointer: bigint) => number,
  ): Uint8Array<ArrayBuffer> {
    const length = elementCount(metadata.shape ?? []) * metadata.size;
    this.budget -= length;
    if (!Number.isSafeInteger(length) || this.budget < 0) {
      throw new FormatError(`declares ${length} bytes, far more than the file can hold`, {
        ...this.place,
        path,
      });
    }
    return this.withMemory(length, (pointer) => {
      if (read(BigInt(pointer)) < 0) throw new RangeError('the data cannot be read');
      return this.module.HEAPU8.slice(pointer, pointer + length) as Uint8Array<ArrayBuffer>;
    });
  }

  private withMemory<T>(length: number, use: (pointer: number) => T): T {
    const pointer = this.module._malloc(Math.max(length, 1));
    if (pointer === 0) throw new RangeError(`no memory for ${length} bytes`);
    try {
      return use(pointer);
    } finally {
      this.module._free(pointer);
    }
  }

  private group(path: string): Group | undefined {
    const entity = this.entity(path);
    return entity !== undefined && 'keys' in entity ? entity : undefined;
  }

  /** What is at a path; links to other files or into nothing are refused. */
  private entity(path: string): Entity | undefined {
    return this.guarded(path, () => {
      const entity = this.file.get(absolute(path)) ?? undefined;
      if (entity !== undefined && 'target' in entity) throw new TypeError('a soft link into nothing');
      if (entity !== undefined && 'obj_path' in entity) {
        throw new TypeError('a link to another file, which is not followed');
      }
      return entity;
    });
  }

  private guarded<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = error instanceof TypeError ? undefined : this.reason();
      throw new FormatError(`HDF5: ${reason ?? messageOf(error)}`, { ...this.place, path, cause: error });
    }
  }
}

const absolute = (path: string): string => `/${path}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function openFile(open: () => File, place: ErrorPlace, reason: () => string | undefined): File {
  let cause: unknown;
  try {
    const file = open();
    if (file.file_id > 0n) return file;
  } catch (error) {
    cause = error;
  }
  throw new FormatError(`is no whole HDF5 file: ${reason() ?? 'it is damaged'}`, { ...place, cause });
}

/** Texts without a character set are handed over byte by byte; Keras writes UTF-8. */
function fromLatin1(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}
