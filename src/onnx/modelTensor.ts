// The tensors of a model as the rest of the package sees them.
// Must not know how a model is walked; modelScopes.ts does.
import type { DType } from '../graph/dtype.js';
import { type ErrorPlace, UnsupportedError } from '../graph/errors.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { type ExternalData, externalLocation, readExternal } from './externalData.js';
import type { onnx } from './gen/onnx.js';
import { fromBytes, toBytes } from './tensorBytes.js';
import { checkFits, isExternal, readInline, type TensorHead, writeInline } from './tensorProto.js';

/** A simple attribute: FLOAT, INT, STRING or a list of them; an INT that a number cannot hold is a bigint. */
export type AttributeValue = number | bigint | string | readonly (number | bigint)[] | readonly string[];

/** One use of a tensor: input `inputIndex` of a node. */
export interface Consumer {
  readonly opType: string;
  /** The operator's domain; '' for the standard one, however the file writes it. */
  readonly domain: string;
  readonly nodeName: string;
  readonly inputIndex: number;
  readonly outputs: readonly string[];
  /** The simple attributes, by name; the object has no prototype. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** An initializer, or the tensor of a Constant node, wherever in the model it lies. */
export interface ModelTensor {
  /** The name that nodes use; of a Constant node its output. */
  readonly name: string;
  /** Where it lies, such as `graph.initializer[3]` or `graph.node[2](loop).body.node[0].value`. */
  readonly path: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly kind: 'initializer' | 'constant' | 'sparse';
  /** Whether it is an initializer that is an input of its graph too, as it had to be before IR version 4. */
  readonly alsoInput: boolean;
  /** Whether its elements lie in another file. */
  readonly external: boolean;
  /** Its uses as a node input, those in subgraphs that capture it included. */
  readonly consumers: readonly Consumer[];
  /** A copy of the elements. Throws FormatError where the stored ones do not fit the dims. */
  read(): TensorValue;
  /** Replaces the elements; they stay in the form they were stored in. Throws ShapeError for other dims or dtype. */
  write(value: TensorValue): void;
}

/** What a model keeps about the changes made to it. */
export interface ModelChanges {
  /** Whether any tensor was written. */
  any: boolean;
  /** New bytes of external tensors, not yet in any file. */
  readonly external: Map<onnx.TensorProto, Uint8Array>;
}

/** Where the elements of a tensor are stored. */
export interface TensorStore {
  readonly external: boolean;
  read(): TensorData;
  write(value: TensorValue): void;
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
    return fromBytes(written, this.head.dtype);
  }

  write(value: TensorValue): void {
    if (!this.external) writeInline(this.proto, value, this.place);
    else if (value.dtype === 'string') throw new UnsupportedError('strings in external data', this.place);
    else this.changes.external.set(this.proto, toBytes(value.data as Uint8Array));
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
}
