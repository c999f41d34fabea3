// A graph of a model by its nodes and names: to be followed from value to value, and to take in new nodes.
// Must not show protobuf to its callers.
import { dtypeFromOnnx } from '../graph/dtype.js';
import type { Graph, Initializer, Value } from '../graph/graph.js';
import { attributeGraphs, canonicalDomain, simpleAttributes } from './attributes.js';
import { decodeModelProto } from './codec.js';
import { encodeGraph } from './encodeGraph.js';
import type { onnx } from './gen/onnx.js';
import type { AttributeValue, ValueInfo } from './modelTypes.js';
import { describeValue } from './valueInfo.js';

/** One node of a graph or function. */
export class ModelNode {
  readonly opType: string;
  /** The operator's domain; '' for the standard one. */
  readonly domain: string;
  readonly name: string;

  private readonly proto: onnx.NodeProto;
  private graphs: ReadonlyMap<string, ModelGraph> | undefined;

  constructor(
    proto: onnx.NodeProto,
    /** Where it lies, such as `graph.node[3](loop)`. */
    readonly path: string,
    private readonly changed: () => void,
  ) {
    this.proto = proto;
    this.opType = proto.opType ?? '';
    this.domain = canonicalDomain(proto.domain);
    this.name = proto.name ?? '';
  }

  get inputs(): readonly string[] {
    return this.proto.input;
  }

  get outputs(): readonly string[] {
    return this.proto.output;
  }

  get attributes(): Readonly<Record<string, AttributeValue>> {
    return simpleAttributes(this.proto);
  }

  /** The graphs in its attributes, by their place below the node: `.body`, `.then_branch`. */
  subgraphs(): ReadonlyMap<string, ModelGraph> {
    this.graphs ??= new Map(
      [...attributeGraphs(this.proto)].map(([place, graph]) => [
        place,
        new ModelGraph(graph, `${this.path}${place}`, this.changed),
      ]),
    );
    return this.graphs;
  }

  /** The values it reads: its inputs, and what its subgraphs take from outside. */
  reads(): ReadonlySet<string> {
    const captured = [...this.subgraphs().values()].flatMap((graph) => [...graph.captured()]);
    return new Set([...this.inputs, ...captured].filter((name) => name !== ''));
  }

  /** Gives one of its outputs another name. Those that read it keep the old one. */
  renameOutput(from: string, to: string): void {
    this.proto.output = this.proto.output.map((name) => (name === from ? to : name));
  }

  renameInputs(from: string, to: string): void {
    this.proto.input = this.proto.input.map((name) => (name === from ? to : name));
  }
}

/** Which node makes a value, as which of its outputs. */
export interface Producer {
  readonly node: ModelNode;
  readonly output: number;
}

/** A graph: the main one, one in a node's attribute, or one of `training_info`. */
export class ModelGraph {
  private readonly proto: onnx.GraphProto;
  private nodeList: ModelNode[] | undefined;
  private producers: Map<string, Producer> | undefined;

  constructor(
    proto: onnx.GraphProto,
    /** Where it lies: `graph`, `graph.node[3](loop).body`. */
    readonly path: string,
    private readonly changed: () => void,
  ) {
    this.proto = proto;
  }

  get inputs(): readonly ValueInfo[] {
    return this.proto.input.map(describeValue);
  }

  get outputs(): readonly ValueInfo[] {
    return this.proto.output.map(describeValue);
  }

  get nodes(): readonly ModelNode[] {
    this.nodeList ??= wrapNodes(this.proto.node, this.path, this.changed);
    return this.nodeList;
  }

  /** The names of its initializers, sparse ones among them. */
  initializers(): ReadonlySet<string> {
    const { initializer, sparseInitializer } = this.proto;
    return new Set([
      ...initializer.map(({ name }) => name ?? ''),
      ...sparseInitializer.map(({ values }) => values?.name ?? ''),
    ]);
  }

  /** Its initializers, described as inputs and outputs are; an element type that is not known is left out. */
  describeInitializers(): readonly ValueInfo[] {
    return this.proto.initializer.map(({ name, dataType, dims }) => ({
      name: name ?? '',
      dtype: dtypeFromOnnx(dataType ?? 0),
      shape: dims.map((dim) => (typeof dim === 'number' ? dim : undefined)),
    }));
  }

  /** The place of one of its own nodes in their order. */
  positionOf(node: ModelNode): number {
    return this.nodes.indexOf(node);
  }

  producerOf(value: string): Producer | undefined {
    this.producers ??= producersIn(this.nodes);
    return this.producers.get(value);
  }

  /** Puts the nodes and constants of a graph behind one of its own nodes; without one, before all. */
  insertAfter(
    node: ModelNode | undefined,
    { nodes, initializers }: Pick<Graph, 'nodes' | 'initializers'>,
    opset: number,
  ): void {
    const made = decodeModelProto(
      encodeGraph({ name: 'inserted', opset, inputs: [], outputs: [], nodes, initializers }),
    ).graph as onnx.GraphProto;
    const at = node === undefined ? 0 : this.nodes.indexOf(node) + 1;
    this.proto.node.splice(at, 0, ...made.node);
    this.proto.initializer.push(...made.initializer);
    this.nodeList?.splice(at, 0, ...wrapNodes(made.node, `${this.path} (inserted)`, this.changed));
    this.producers = undefined;
    this.changed();
  }

  /** The nodes that read a value, or have subgraphs that do. */
  readersOf(value: string): readonly ModelNode[] {
    return this.nodes.filter(
      (node) =>
        node.inputs.includes(value) ||
        [...node.subgraphs().values()].some((graph) => graph.captured().has(value)),
    );
  }

  /** The names that it takes from the graph around it. */
  captured(): ReadonlySet<string> {
    const read = [...this.nodes.flatMap((node) => [...node.reads()]), ...this.proto.output.map(nameOf)];
    const own = new Set([...this.proto.input.map(nameOf), ...this.initializers()]);
    return new Set(read.filter((name) => !own.has(name) && this.producerOf(name) === undefined));
  }

  /** Lets every node that reads one value read another, those in subgraphs too. */
  redirect(from: string, to: string): void {
    for (const node of this.nodes) {
      node.renameInputs(from, to);
      for (const graph of node.subgraphs().values()) graph.redirectCaptured(from, to);
    }
    this.producers = undefined;
    this.changed();
  }

  /** Adds a constant behind those there are. */
  addInitializer(initializer: Initializer, opset: number): void {
    this.insertAfter(undefined, { nodes: [], initializers: [initializer] }, opset);
  }

  /** Adds an input behind those there are. */
  addInput(value: Value): void {
    this.proto.input.push(valueInfo(value, 'input'));
    this.changed();
  }

  /** Adds an output behind those there are, or at a place among them. */
  addOutput(value: Value, at: number = this.proto.output.length): void {
    this.proto.output.splice(at, 0, valueInfo(value, 'output'));
    this.changed();
  }

  private redirectCaptured(from: string, to: string): void {
    if (!this.captured().has(from)) return;
    this.redirect(from, to);
    for (const output of this.proto.output) if (output.name === from) output.name = to;
  }
}

export function wrapNodes(protos: readonly onnx.NodeProto[], path: string, changed: () => void): ModelNode[] {
  return protos.map(
    (proto, i) => new ModelNode(proto, `${path}.node[${i}]${proto.name ? `(${proto.name})` : ''}`, changed),
  );
}

export function producersIn(nodes: readonly ModelNode[]): Map<string, Producer> {
  return new Map(
    nodes.flatMap((node) => node.outputs.map((name, output) => [name, { node, output }] as const)),
  );
}

function valueInfo(value: Value, side: 'input' | 'output'): onnx.ValueInfoProto {
  const empty = { name: 'value', opset: 18, inputs: [], outputs: [], nodes: [], initializers: [] };
  const { graph } = decodeModelProto(encodeGraph({ ...empty, [`${side}s`]: [value] }));
  return (graph as onnx.GraphProto)[side][0] as onnx.ValueInfoProto;
}

function nameOf({ name }: { readonly name: string | null }): string {
  return name ?? '';
}
