// An ONNX model: read, its tensors replaced, written back with everything else as it was.
// Must not show protobuf to its callers, and must not read or write files.
import { FileError, FormatError, UsageError } from '../graph/errors.js';
import { canonicalDomain } from './attributes.js';
import { decodeModelProto, encodeModelProto } from './codec.js';
import { encodeWithDataFile } from './dataFile.js';
import type { onnx } from './gen/onnx.js';
import { int64ToNumber } from './int64.js';
import { collectNames } from './modelNames.js';
import { keepParts } from './modelParts.js';
import { findTensors, findTrainingTensors, type ModelContext } from './modelScopes.js';
import type {
  DataFileOptions,
  DecodeOptions,
  EncodedWithData,
  ModelTensor,
  ValueInfo,
} from './modelTypes.js';
import { recognizeOther } from './otherFormats.js';
import { memory, type StoredTensor } from './storedTensor.js';
import { describeValue } from './valueInfo.js';

/** An ONNX model in memory. */
export class OnnxModel {
  /** The file it was read from, where it was. */
  readonly file: string | undefined;
  readonly irVersion: number;
  /** Name and version of what made the model, such as `tf2onnx 1.16.1`; '' where it does not say. */
  readonly producer: string;
  readonly graphName: string;

  private readonly proto: onnx.ModelProto;
  private readonly source: Uint8Array;
  private readonly context: ModelContext;
  private readonly graph: onnx.GraphProto;
  private found: readonly StoredTensor[] | undefined;

  private constructor(
    proto: onnx.ModelProto,
    graph: onnx.GraphProto,
    source: Uint8Array,
    context: ModelContext,
  ) {
    const { file } = context;
    this.file = file;
    this.proto = proto;
    this.source = source;
    this.context = context;
    this.irVersion = int64ToNumber(proto.irVersion ?? 0, 'ir_version', { file });
    this.producer = [proto.producerName, proto.producerVersion].filter(Boolean).join(' ');
    this.graphName = graph.name ?? '';
    this.graph = graph;
    keepParts(this, {
      proto,
      graph,
      changed: () => {
        context.changes.any = true;
        this.found = undefined;
      },
    });
  }

  /** The graph's inputs; below IR version 4 its initializers are among them. */
  get inputs(): readonly ValueInfo[] {
    return this.graph.input.map(describeValue);
  }

  get outputs(): readonly ValueInfo[] {
    return this.graph.output.map(describeValue);
  }

  /**
   * The model in these bytes, which must not be changed as long as the model is used.
   *
   * Throws FormatError on anything that is not a plausible ONNX model, and says what it is instead.
   */
  static decode(bytes: Uint8Array, { file, externalData, scratch = memory }: DecodeOptions = {}): OnnxModel {
    if (bytes.length === 0) throw new FormatError('the file is empty; an ONNX model is expected', { file });
    const other = recognizeOther(bytes);
    if (other !== undefined) throw new FormatError(`this is ${other}; an ONNX model is expected`, { file });
    const proto = decodeModelProto(bytes, { file });
    if (proto.graph === null) {
      throw new FormatError('a message without a graph; the file is no ONNX model, or cut short', { file });
    }
    const changes = { any: false, external: new Map(), scratch };
    const model = new OnnxModel(proto, proto.graph, bytes, { file, externalData, changes });
    model.checkVersions();
    return model;
  }

  /** The version of an operator set; '' and 'ai.onnx' are the same, the standard one. */
  opset(domain = ''): number | undefined {
    return this.opsets().get(canonicalDomain(domain));
  }

  /**
   * Every initializer and every Constant node's tensor of the main graph, subgraphs and functions.
   *
   * Throws FormatError where one has impossible dims, UnsupportedError where one has an element type newer than
   * IR version 13.
   */
  tensors(): readonly ModelTensor[] {
    return this.storedTensors();
  }

  /** The same of the graphs of `training_info`, without the uses they make of the main graph's. */
  trainingTensors(): readonly ModelTensor[] {
    return findTrainingTensors(this.proto, this.context);
  }

  /** Every name of a value or node anywhere in the model. */
  names(): Set<string> {
    return collectNames(this.proto);
  }

  /** The data files the model refers to, each once, relative to its folder. */
  dataFiles(): readonly string[] {
    const external = this.allTensors().filter((tensor) => tensor.external);
    return [...new Set(external.flatMap((tensor) => tensor.location() ?? []))];
  }

  /**
   * A data file the model refers to, as a whole.
   *
   * Throws FileError where it cannot be read, or the model was decoded without `externalData`.
   */
  readDataFile(location: string): Uint8Array {
    const { externalData, file } = this.context;
    if (externalData === undefined) {
      throw new FileError(`its data is in "${location}", and no external data was given`, { file });
    }
    return externalData.read(location, 0, externalData.size(location));
  }

  /** Whether `encode` cannot hold all changes, since external tensors were written: use `encodeWithData`. */
  get needsDataFile(): boolean {
    return this.context.changes.external.size > 0;
  }

  /**
   * The bytes of the model; of an unchanged one those it was decoded from.
   *
   * External tensors stay in their files. Throws UsageError where such a tensor was written, UnsupportedError where
   * the model has 2 GiB or more.
   */
  encode(): Uint8Array {
    if (this.needsDataFile) {
      throw new UsageError(
        'tensors in external data were written; encodeWithData puts them into a new data file',
        {
          file: this.context.file,
        },
      );
    }
    if (!this.context.changes.any) return this.source;
    return encodeModelProto(this.proto, { sizeHint: this.source.length });
  }

  /** The model and a new data file with the external tensors that were written; see `DataFileOptions`. */
  encodeWithData(options: DataFileOptions): EncodedWithData {
    return encodeWithDataFile(this.proto, this.allTensors(), this.context, options);
  }

  private storedTensors(): readonly StoredTensor[] {
    this.found ??= findTensors(this.proto, this.context);
    return this.found;
  }

  private allTensors(): readonly StoredTensor[] {
    return [...this.storedTensors(), ...findTrainingTensors(this.proto, this.context)];
  }

  private opsets(): ReadonlyMap<string, number> {
    const { file } = this;
    return new Map(
      this.proto.opsetImport.map(({ domain, version }, i) => [
        canonicalDomain(domain),
        int64ToNumber(version ?? 0, 'version', { file, path: `opset_import[${i}]` }),
      ]),
    );
  }

  private checkVersions(): void {
    const { file } = this.context;
    if (this.irVersion < 1) {
      throw new FormatError(`ir_version is ${this.irVersion}; an ONNX model has one of 1 or more`, { file });
    }
    // The operator sets follow the graph in the file, so a file cut short behind the graph lacks them.
    if (this.irVersion >= 3 && this.opsets().size === 0) {
      throw new FormatError('no opset_import; the file is no ONNX model, or cut short', { file });
    }
  }
}

export { defaultExternalThreshold } from './dataFile.js';
export type {
  AttributeValue,
  Consumer,
  DataFileOptions,
  DecodeOptions,
  EncodedWithData,
  ExternalData,
  KeptBytes,
  ModelTensor,
  Scratch,
  ValueInfo,
} from './modelTypes.js';
