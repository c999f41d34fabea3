// Finds every tensor of a model and who uses it: main graph, subgraphs and functions, each with its own names.
// Must not change the model, but where a tensor is split.
import type { ErrorPlace } from '../graph/errors.js';
import { attributeGraphs, canonicalDomain, simpleAttributes } from './attributes.js';
import { constantAttribute, plainConstant } from './constantNode.js';
import { onnx } from './gen/onnx.js';
import { collectNames } from './modelNames.js';
import type { Consumer, ExternalData } from './modelTypes.js';
import { type ModelChanges, SparseStore, StoredTensor, TensorProtoStore } from './storedTensor.js';
import { readDims, readDType, readHead, writeInline } from './tensorProto.js';

/** What the tensors of one model share. */
export interface ModelContext {
  readonly file: string | undefined;
  readonly externalData: ExternalData | undefined;
  readonly changes: ModelChanges;
}

/** The names one graph or function defines; `null` for a value that is no tensor of the file. */
interface Scope {
  readonly defined: Map<string, StoredTensor | null>;
  readonly outer: Scope | undefined;
}

/**
 * All tensors of a model with their consumers: of each graph its initializers, then its sparse initializers, then
 * node by node its constants and subgraphs. The graphs of `training_info` are not looked into.
 */
export function findTensors(model: onnx.ModelProto, context: ModelContext): readonly StoredTensor[] {
  const finder = new TensorFinder(model, context);
  if (model.graph !== null) finder.addGraph(model.graph, 'graph', undefined);
  for (const [i, fn] of model.functions.entries())
    finder.addFunction(fn, `functions[${i}](${fn.name ?? ''})`);
  return finder.tensors;
}

/** As `findTensors`, of the graphs of `training_info`, which are executed together with the main graph. */
export function findTrainingTensors(model: onnx.ModelProto, context: ModelContext): readonly StoredTensor[] {
  const finder = new TensorFinder(model, context);
  for (const [i, training] of model.trainingInfo.entries()) {
    for (const place of ['initialization', 'algorithm'] as const) {
      const graph = training[place];
      if (graph !== null) finder.addGraph(graph, `training_info[${i}].${place}`, undefined);
    }
  }
  return finder.tensors;
}

class TensorFinder {
  readonly tensors: StoredTensor[] = [];
  private readonly nodes = new WeakMap<Consumer, onnx.NodeProto>();

  constructor(
    private readonly model: onnx.ModelProto,
    private readonly context: ModelContext,
  ) {}

  addGraph(graph: onnx.GraphProto, path: string, outer: Scope | undefined): void {
    const inputs = new Set(graph.input.map((input) => input.name ?? ''));
    const scope: Scope = { defined: new Map([...inputs].map((name) => [name, null])), outer };
    for (const [i, proto] of graph.initializer.entries()) {
      this.define(this.fromInitializer(proto, graph, `${path}.initializer[${i}]`, inputs), scope);
    }
    for (const [i, proto] of graph.sparseInitializer.entries()) {
      const name = proto.values?.name ?? '';
      this.define(this.fromSparse(proto, name, `${path}.sparse_initializer[${i}]`, inputs.has(name)), scope);
    }
    this.addNodes(graph.node, path, scope);
  }

  addFunction(fn: onnx.FunctionProto, path: string): void {
    this.addNodes(fn.node, path, {
      defined: new Map(fn.input.map((name) => [name, null])),
      outer: undefined,
    });
  }

  private addNodes(nodes: readonly onnx.NodeProto[], path: string, scope: Scope): void {
    const paths = nodes.map((node, i) => `${path}.node[${i}]${node.name ? `(${node.name})` : ''}`);
    // All names first: a name defined anywhere in a graph hides the outer one in all of it.
    const constants = nodes.map((node, i) => this.constantOf(node, paths[i] ?? path));
    for (const [i, node] of nodes.entries()) {
      for (const output of node.output) scope.defined.set(output, constants[i] ?? null);
    }
    for (const [i, node] of nodes.entries()) {
      const constant = constants[i];
      if (constant !== undefined) this.tensors.push(constant);
      this.addConsumer(node, scope);
      for (const [place, graph] of attributeGraphs(node)) this.addGraph(graph, `${paths[i]}${place}`, scope);
    }
  }

  private addConsumer(node: onnx.NodeProto, scope: Scope): void {
    let use: Omit<Consumer, 'inputIndex'> | undefined;
    for (const [inputIndex, name] of node.input.entries()) {
      const tensor = name === '' ? undefined : lookUp(name, scope);
      if (tensor === undefined) continue;
      use ??= describeUse(node);
      const consumer = { ...use, inputIndex };
      this.nodes.set(consumer, node);
      tensor.consumers.push(consumer);
    }
  }

  private fromInitializer(
    proto: onnx.TensorProto,
    graph: onnx.GraphProto,
    path: string,
    inputs: ReadonlySet<string>,
  ): StoredTensor {
    const kind = { kind: 'initializer', alsoInput: inputs.has(proto.name ?? '') } as const;
    const tensor: StoredTensor = this.fromProto(proto, proto.name ?? '', path, kind, (uses) =>
      this.splitOff(tensor, proto, graph, uses),
    );
    return tensor;
  }

  /** Adds a copy of an initializer to its graph, for some of the uses. */
  private splitOff(
    source: StoredTensor,
    proto: onnx.TensorProto,
    graph: onnx.GraphProto,
    uses: readonly Consumer[],
  ): StoredTensor {
    const name = freshName(source.name, collectNames(this.model));
    const copy = copyInitializer(proto, source, name, this.context.changes);
    const input = graph.input.find((item) => item.name === source.name);
    if (input !== undefined) graph.input.push(Object.assign(new onnx.ValueInfoProto(input), { name }));
    const path = `${source.path.slice(0, source.path.lastIndexOf('['))}[${graph.initializer.length}]`;
    graph.initializer.push(copy);
    const tensor = this.fromInitializer(copy, graph, path, new Set(input === undefined ? [] : [name]));
    this.tensors.push(tensor);
    for (const use of uses) {
      const node = this.nodes.get(use);
      if (node !== undefined) node.input[use.inputIndex] = name;
      source.consumers.splice(source.consumers.indexOf(use), 1);
      tensor.consumers.push(use);
    }
    this.context.changes.any = true;
    return tensor;
  }

  private constantOf(node: onnx.NodeProto, path: string): StoredTensor | undefined {
    const attribute = constantAttribute(node);
    if (attribute === undefined) return undefined;
    const name = node.output[0] ?? '';
    const valuePath = `${path}.${attribute.name}`;
    const constant = { kind: 'constant', alsoInput: false } as const;
    if (attribute.name === 'value' && attribute.t !== null) {
      return this.fromProto(attribute.t, name, valuePath, constant);
    }
    if (attribute.name === 'sparse_value' && attribute.sparseTensor !== null) {
      return this.fromSparse(attribute.sparseTensor, name, valuePath, false);
    }
    const plain = plainConstant(attribute);
    if (plain === undefined) return undefined;
    const facts = { ...constant, name, path: valuePath };
    return new StoredTensor(
      facts,
      plain.head,
      plain.store,
      this.context.changes,
      this.place(name, valuePath),
    );
  }

  private fromProto(
    proto: onnx.TensorProto,
    name: string,
    path: string,
    kind: { kind: 'initializer' | 'constant'; alsoInput: boolean },
    split?: (uses: readonly Consumer[]) => StoredTensor,
  ): StoredTensor {
    const { changes, externalData } = this.context;
    const place = this.place(name, path);
    const head = readHead(proto, place);
    const store = new TensorProtoStore(proto, head, changes, externalData, place);
    return new StoredTensor({ ...kind, name, path }, head, store, changes, place, split);
  }

  private fromSparse(
    proto: onnx.SparseTensorProto,
    name: string,
    path: string,
    alsoInput: boolean,
  ): StoredTensor {
    const place = this.place(name, path);
    const head = { dtype: readDType(proto.values?.dataType ?? 0, place), ...readDims(proto.dims, place) };
    const facts = { kind: 'sparse', alsoInput, name, path } as const;
    return new StoredTensor(facts, head, new SparseStore(place), this.context.changes, place);
  }

  private define(tensor: StoredTensor, scope: Scope): void {
    this.tensors.push(tensor);
    scope.defined.set(tensor.name, tensor);
  }

  private place(name: string, path: string): ErrorPlace {
    return { file: this.context.file, path: name === '' ? path : `${path} "${name}"` };
  }
}

/** A copy with its elements in the same place: of an external tensor in the same bytes of the file. */
function copyInitializer(
  proto: onnx.TensorProto,
  source: StoredTensor,
  name: string,
  changes: ModelChanges,
): onnx.TensorProto {
  const copy = new onnx.TensorProto({
    dims: [...proto.dims],
    dataType: proto.dataType,
    name,
  });
  if (source.external) {
    copy.dataLocation = proto.dataLocation;
    copy.externalData = proto.externalData.map((entry) => new onnx.StringStringEntryProto(entry));
    const written = changes.external.get(proto);
    if (written !== undefined) changes.external.set(copy, written);
  } else {
    writeInline(copy, source.read(), source.place);
  }
  return copy;
}

function freshName(base: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const name = `${base}_${n}`;
    if (!taken.has(name)) return name;
  }
}

function lookUp(name: string, scope: Scope): StoredTensor | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = at.defined.get(name);
    if (found !== undefined) return found ?? undefined;
  }
  return undefined;
}

function describeUse(node: onnx.NodeProto): Omit<Consumer, 'inputIndex'> {
  return {
    opType: node.opType ?? '',
    domain: canonicalDomain(node.domain),
    nodeName: node.name ?? '',
    outputs: [...node.output],
    attributes: simpleAttributes(node),
  };
}
