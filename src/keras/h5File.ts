// An HDF5 file in memory, read through h5wasm with every size checked first. Alone in touching h5wasm.
// Must not import anything of the Keras formats.
import type { Dataset, Entity, File, Metadata, Module } from 'h5wasm';
import { type DType, dtypeBits } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';

/** Datasets may be compressed; beyond this, a file that declares over a thousand times its own size is refused. */
const freeBytes = 64 * 1024 * 1024;
const maxExpansion = 1032;

type H5Module = typeof Module;

let opened = 0;

/** An open HDF5 file. Paths have no leading slash. */
export class H5File {
  private budget: number;

  private constructor(
    private readonly file: File,
    private readonly module: H5Module,
    private readonly place: ErrorPlace,
    byteLength: number,
  ) {
    this.budget = Math.max(freeBytes, byteLength * maxExpansion);
  }

  /** Opens the bytes, hands the file to `use`, and closes it whatever happens. */
  static async use<T>(bytes: Uint8Array, place: ErrorPlace, use: (file: H5File) => T): Promise<T> {
    const h5wasm = await import('h5wasm');
    const module = await h5wasm.ready;
    opened += 1;
    const name = `keras-${opened}.h5`;
    // Nothing writes to the file, so it may lie in the caller's bytes.
    module.FS.writeFile(name, bytes, { canOwn: true } as object);
    let file: File | undefined;
    try {
      file = openFile(() => new h5wasm.File(name, 'r'), place);
      return use(new H5File(file, module, place, bytes.byteLength));
    } finally {
      file?.close();
      module.FS.unlink(name);
    }
  }

  /** The names inside a group; none where there is no such group. */
  names(path: string): readonly string[] {
    const group = this.entity(path);
    return group !== undefined && 'keys' in group ? this.guarded(path, () => group.keys()) : [];
  }

  /** Whether there is a group at the path. */
  hasGroup(path: string): boolean {
    const entity = this.entity(path);
    return entity !== undefined && 'keys' in entity;
  }

  /** A text attribute; `undefined` where there is none, or it is no text. */
  text(path: string, name: string): string | undefined {
    const texts = this.texts(path, name);
    return texts?.length === 1 ? texts[0] : undefined;
  }

  /** An attribute that is a list of texts; a single text is a list of one. */
  texts(path: string, name: string): readonly string[] | undefined {
    return this.guarded(path, () => {
      const names: readonly string[] = this.module.get_attribute_names(this.file.file_id, absolute(path));
      if (!Array.from(names).includes(name)) return undefined;
      return this.readTexts(absolute(path), name);
    });
  }

  private readTexts(path: string, name: string): readonly string[] | undefined {
    const id = this.file.file_id;
    const metadata = this.module.get_attribute_metadata(id, path, name);
    if (metadata.type !== this.module.H5T_class_t.H5T_STRING.value) return metadata.shape ? undefined : [];
    if (metadata.shape === null) return [];
    if (metadata.vlen) {
      const value = this.file.get(path === '/' ? '/' : path) as Entity & {
        get_attribute(n: string, j: false): unknown;
      };
      const texts = [value.get_attribute(name, false)].flat() as string[];
      return metadata.cset === 1 ? texts : texts.map(fromLatin1);
    }
    const bytes = this.readBytes(metadata, path, (pointer) =>
      this.module.get_attribute_data(id, path, name, pointer),
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
   * HDF5 knows no bfloat16: Keras stores its bytes as opaque and says `bfloat16` in an attribute, or nowhere.
   *
   * @param expected the dtype of opaque bytes that have no such attribute
   */
  dataset(path: string, expected?: DType): TensorValue | undefined {
    const entity = this.entity(path);
    if (entity === undefined || !('metadata' in entity)) return undefined;
    return this.guarded(path, () => {
      const { metadata } = entity as Dataset;
      if (metadata.virtual_sources !== undefined) throw new Error('a virtual dataset, which is not accepted');
      if (metadata.shape === null) throw new Error('an empty dataset, which has no shape');
      const opaque = this.text(path, 'dtype') ?? expected;
      const dtype = datasetDType(metadata, this.module, opaque);
      const id = this.file.file_id;
      const bytes = this.readBytes(metadata, path, (pointer) =>
        this.module.get_dataset_data(id, absolute(path), null, null, null, pointer),
      );
      return { dtype, dims: metadata.shape, data: typedArray(dtype, bytes) };
    });
  }

  private readBytes(metadata: Metadata, path: string, read: (pointer: bigint) => number): Uint8Array {
    const length = elementCount(metadata.shape ?? []) * metadata.size;
    this.budget -= length;
    if (!Number.isSafeInteger(length) || this.budget < 0) {
      throw new FormatError(`declares ${length} bytes, far more than the file can hold`, {
        ...this.place,
        path,
      });
    }
    const pointer = this.module._malloc(Math.max(length, 1));
    if (pointer === 0) throw new Error(`no memory for ${length} bytes`);
    try {
      if (read(BigInt(pointer)) < 0) throw new Error('the data cannot be read');
      return this.module.HEAPU8.slice(pointer, pointer + length);
    } finally {
      this.module._free(pointer);
    }
  }

  /** What is at a path; links to other files or into nothing count as broken. */
  private entity(path: string): Entity | undefined {
    return this.guarded(path, () => {
      const entity = this.file.get(absolute(path)) ?? undefined;
      if (entity !== undefined && 'target' in entity) throw new Error('a soft link into nothing');
      if (entity !== undefined && 'filename' in entity && 'obj_path' in entity) {
        throw new Error('a link to another file, which is not followed');
      }
      return entity;
    });
  }

  private guarded<T>(path: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw new FormatError(`HDF5: ${reasonOf(error)}`, { ...this.place, path, cause: error });
    }
  }
}

const absolute = (path: string): string => `/${path}`;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim();

function openFile(open: () => File, place: ErrorPlace): File {
  try {
    const file = open();
    if (file.file_id > 0n) return file;
  } catch (error) {
    throw new FormatError(`is no readable HDF5 file: ${reasonOf(error)}`, { ...place, cause: error });
  }
  throw new FormatError('is no readable HDF5 file: it is truncated or damaged', place);
}

/** Texts without a character set are read byte by byte; Keras writes UTF-8. */
function fromLatin1(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

function datasetDType({ type, size, signed }: Metadata, module: H5Module, opaque: string | undefined): DType {
  const classes = module.H5T_class_t;
  const bits = size * 8;
  if (type === classes.H5T_FLOAT.value && [16, 32, 64].includes(bits)) return `float${bits}` as DType;
  if (type === classes.H5T_INTEGER.value) return `${signed ? 'int' : 'uint'}${bits}` as DType;
  if (type === classes.H5T_ENUM.value && size === 1) return 'bool';
  if (type === classes.H5T_OPAQUE.value && opaque === 'bfloat16' && size === 2) return 'bfloat16';
  throw new Error(`elements of HDF5 class ${type} with ${size} bytes, which no Keras variable has`);
}

function typedArray(dtype: DType, bytes: Uint8Array): TensorValue['data'] {
  const { buffer } = bytes as Uint8Array<ArrayBuffer>;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    default:
      return dtypeBits(dtype) === 16 ? new Uint16Array(buffer) : bytes;
  }
}
