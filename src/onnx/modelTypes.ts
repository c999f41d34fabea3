// The types of OnnxModel's public face.
// Must not import the codec or anything typed by it: these declarations reach users.
import type { DType } from '../graph/dtype.js';
import type { TensorValue } from '../graph/tensorValue.js';

export interface DecodeOptions {
  /** The file's name, for messages. */
  readonly file?: string | undefined;
  /** Reads the data files the model refers to; needed only for models that do. */
  readonly externalData?: ExternalData | undefined;
  /** Where external tensors that are written stay until the model is written. Default: in memory. */
  readonly scratch?: Scratch | undefined;
}

/** Keeps bytes until they are needed, out of memory where they are many. */
export interface Scratch {
  /** Takes the bytes in; the array may be changed afterwards. */
  keep(bytes: Uint8Array): KeptBytes;
}

/** Bytes that are somewhere, to be read again in parts. */
export interface KeptBytes {
  readonly length: number;
  /** `length` bytes from `offset`, in an array of their own. */
  read(offset: number, length: number): Uint8Array;
}

/** Reads the data files of a model; `location` is relative to the model's folder and has been checked. */
export interface ExternalData {
  /** `length` bytes from `offset`, in an array of their own; throws where the file does not have them. */
  read(location: string, offset: number, length: number): Uint8Array;
  /** The file's size in bytes. */
  size(location: string): number;
}

/** An input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  /** The element type; undefined for what is no tensor, or not said. */
  readonly dtype: DType | undefined;
  /** Each extent a number, a name, or undefined where unknown; undefined as a whole where the rank is not known. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

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
  /** Remembers the elements as they are now; calling the result brings them back. Costs no memory. */
  checkpoint(): () => void;
  /** Gives some of its uses an initializer of their own with the same elements; only initializers have it. */
  readonly split?: ((uses: readonly Consumer[]) => ModelTensor) | undefined;
}

export interface DataFileOptions {
  /** The new data file, relative to the folder the model is written to. */
  readonly location: string;
  /**
   * Which external tensors go into the new file. `written`: those that were written; the others stay in their files,
   * so the model must stay in its folder. `all`: each one, so the new model needs no file of the old one; tensors
   * that share bytes of a file share them in the new one too.
   * Default: `written`.
   */
  readonly move?: 'written' | 'all';
  /**
   * Inline initializers of this many bytes or more become external too. Default: none do. Keep it at
   * `defaultExternalThreshold` or above: ONNX Runtime refuses models whose axes and shapes are external.
   */
  readonly threshold?: number;
}

export interface EncodedWithData {
  /** The model. */
  readonly bytes: Uint8Array;
  /** The length of the data file; 0 where no tensor goes there, so that none is needed. */
  readonly dataLength: number;
  /**
   * The data file in pieces of some megabytes. Tensors are read only as the pieces are taken, so write to a
   * temporary file and rename it when complete.
   */
  readonly data: Iterable<Uint8Array>;
}
