// The graphs and functions of a model, for code that follows values through them and puts nodes in.
// Must not show protobuf to its callers.
import type { Graph } from '../graph/graph.js';
import { canonicalDomain } from './attributes.js';
import { decodeModelProto } from './codec.js';
import { encodeGraph } from './encodeGraph.js';
import { onnx } from './gen/onnx.js';
import type { OnnxModel } from './model.js';
import { ModelGraph, type ModelNode, type Producer, producersIn, wrapNodes } from './modelGraph.js';
import { type ModelParts, partsOf } from './modelParts.js';

/** A function of a model: its nodes stand for one operator. */
export class ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly ModelNode[];
  private producers: Map<string, Producer> | undefined;

  constructor(proto: onnx.FunctionProto, path: string, changed: () => void) {
    this.domain = canonicalDomain(proto.domain);
    this.name = proto.name ?? '';
    this.overload = proto.overload ?? '';
    this.inputs = proto.input;
    this.outputs = proto.output;
    this.nodes = wrapNodes(proto.node, path, changed);
  }

  producerOf(value: string): Producer | undefined {
    this.producers ??= producersIn(this.nodes);
    return this.producers.get(value);
  }
}

/** That a value of a training graph becomes the value of an initializer. */
export interface Binding {
  readonly initializer: string;
  readonly value: string;
}

/** An entry of `training_info`: its graphs are executed together with the main graph, whose values they see. */
export class ModelTraining {
  readonly algorithm: ModelGraph | undefined;
  readonly initialization: ModelGraph | undefined;

  constructor(
    private readonly proto: onnx.TrainingInfoProto,
    /** Where it lies: `training_info[0]`. */
    readonly path: string,
    private readonly changed: () => void,
  ) {
    const wrap = (graph: onnx.GraphProto | null, place: string): ModelGraph | undefined =>
      graph === null ? undefined : new ModelGraph(graph, `${path}.${place}`, changed);
    this.algorithm = wrap(proto.algorithm, 'algorithm');
    this.initialization = wrap(proto.initialization, 'initialization');
  }

  get updateBinding(): readonly Binding[] {
    return this.proto.updateBinding.map(describeBinding);
  }

  get initializationBinding(): readonly Binding[] {
    return this.proto.initializationBinding.map(describeBinding);
  }

  /** Lets an initializer become another value. */
  rebind(initializer: string, value: string): void {
    for (const entry of this.proto.updateBinding) if (entry.key === initializer) entry.value = value;
    this.changed();
  }
}

function describeBinding({ key, value }: onnx.StringStringEntryProto): Binding {
  return { initializer: key ?? '', value: value ?? '' };
}

/** The structure of one model. What is inserted shows in what the model encodes. */
export class ModelStructure {
  readonly graph: ModelGraph;
  readonly trainings: readonly ModelTraining[];
  private readonly parts: ModelParts;

  constructor(model: OnnxModel) {
    this.parts = partsOf(model);
    const { graph, proto, changed } = this.parts;
    this.graph = new ModelGraph(graph, 'graph', changed);
    this.trainings = proto.trainingInfo.map(
      (training, i) => new ModelTraining(training, `training_info[${i}]`, changed),
    );
  }

  get functions(): readonly ModelFunction[] {
    return this.parts.proto.functions.map(
      (fn, i) => new ModelFunction(fn, `functions[${i}](${fn.name ?? ''})`, this.parts.changed),
    );
  }

  /** Adds a function whose inputs, outputs and nodes are those of `body`, which must have no initializers. */
  addFunction(domain: string, version: number, body: Graph): void {
    const empty: Graph = { ...body, nodes: [], functions: [{ domain, version, body }] };
    this.parts.proto.functions.push(...decodeModelProto(encodeGraph(empty)).functions);
    this.importOpset(domain, version);
    this.parts.changed();
  }

  /** Imports an operator set unless the model does already. */
  private importOpset(domain: string, version: number): void {
    const { opsetImport } = this.parts.proto;
    if (opsetImport.some((entry) => canonicalDomain(entry.domain) === domain)) return;
    opsetImport.push(new onnx.OperatorSetIdProto({ domain, version }));
    this.parts.changed();
  }
}

export type { ModelGraph, ModelNode, Producer } from './modelGraph.js';
