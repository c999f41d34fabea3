// The tensors of a model, over the messages that store their elements.
// Must not know how a model is walked; modelScopes.ts does.
import type { DType } from '../graph/dtype.js';
import { type ErrorPlace, UnsupportedError } from '../graph/errors.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { externalLocation, readExternal } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import type { Consumer, ExternalData, KeptBytes, ModelTensor, Scratch } from './modelTypes.js';
import { bytesOf, fromOwnBytes } from './tensorBytes.js';
import {
  checkFits,
  inlineFields,
  isExternal,
  readInline,
  type TensorHead,
  writeInline,
} from './tensorProto.js';

/** What a model keeps about the changes made to it. */
export interface ModelChanges {
  /** Whether any tensor was written. */
  any: boolean;
  /** New bytes of external tensors, not yet in any file. */
  readonly external: Map<onnx.TensorProto, KeptBytes>;
  /** Where those bytes are kept. */
  readonly scratch: Scratch;
}

/** Keeps bytes in memory. */
export const memory: Scratch = {
  keep(bytes) {
    const copy = bytes.slice();
    return { length: copy.length, read: (offset, length) => copy.slice(offset, offset + length) };
  },
};

/** Where the elements of a tensor are stored. */
export interface TensorStore {
  readonly external: boolean;
  read(): TensorData;
  write(value: TensorValue): void;
  /** Remembers the elements; calling the result brings them back. */
  checkpoint(): () => void;
}

/** A tensor of a model, over the place that stores its elements. */
export class StoredTensor implements ModelTensor {
  readonly name: string;
  readonly path: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly kind: ModelTensor['kind'];
  readonly alsoInput: boolean;
  readonly consumers: Consumer[] = [];

  constructor(
    facts: Pick<ModelTensor, 'name' | 'path' | 'kind' | 'alsoInput'>,
    readonly head: TensorHead,
    readonly store: TensorStore,
    private readonly changes: ModelChanges,
    readonly place: ErrorPlace,
    /** Gives some of the tensor's uses an initializer of their own. */
    readonly split?: ((uses: readonly Consumer[]) => StoredTensor) | undefined,
  ) {
    this.name = facts.name;
    this.path = facts.path;
    this.kind = facts.kind;
    this.alsoInput = facts.alsoInput;
    this.dtype = head.dtype;
    this.dims = head.dims;
  }

  get external(): boolean {
    return this.store.external;
  }

  /** The data file the elements lie in; undefined for one that holds its elements itself. */
  location(): string | undefined {
    const { store } = this;
    return store instanceof TensorProtoStore && store.external
      ? externalLocation(store.proto, this.place)
      : undefined;
  }

  read(): TensorValue {
    return { dtype: this.dtype, dims: this.dims, data: this.store.read() };
  }

  write(value: TensorValue): void {
    checkFits(value, this.head, this.place);
    this.store.write(value);
    this.changes.any = true;
  }

  checkpoint(): () => void {
    const { any } = this.changes;
    const restore = this.store.checkpoint();
    return () => {
      restore();
      this.changes.any = any;
    };
  }
}

/** Elements in a TensorProto, inline or external. */
export class TensorProtoStore implements TensorStore {
  constructor(
    readonly proto: onnx.TensorProto,
    private readonly head: TensorHead,
    private readonly changes: ModelChanges,
    private readonly externalData: ExternalData | undefined,
    private readonly place: ErrorPlace,
  ) {}

  get external(): boolean {
    return isExternal(this.proto);
  }

  read(): TensorData {
    if (!this.external) return readInline(this.proto, this.head, this.place);
    const written = this.changes.external.get(this.proto);
    if (written === undefined || this.head.dtype === 'string') {
      return readExternal(this.proto, this.head, this.externalData, this.place);
    }
    return fromOwnBytes(written.read(0, written.length), this.head.dtype);
  }

  write(value: TensorValue): void {
    if (!this.external) writeInline(this.proto, value, this.place);
    else if (value.dtype === 'string') throw new UnsupportedError('strings in external data', this.place);
    else this.changes.external.set(this.proto, this.changes.scratch.keep(bytesOf(value.data as Uint8Array)));
  }

  checkpoint(): () => void {
    const { proto, changes } = this;
    // Writing replaces fields and never changes what they hold.
    const fields = inlineFields(proto);
    const written = changes.external.get(proto);
    return () => {
      Object.assign(proto, fields);
      if (written === undefined) changes.external.delete(proto);
      else changes.external.set(proto, written);
    };
  }
}

/** A sparse initializer: known by name and dims, but not read. */
export class SparseStore implements TensorStore {
  readonly external = false;

  constructor(private readonly place: ErrorPlace) {}

  read(): never {
    throw new UnsupportedError('a sparse tensor; only dense ones are read and written', this.place);
  }

  write(): never {
    return this.read();
  }

  checkpoint(): () => void {
    return () => {};
  }
}
