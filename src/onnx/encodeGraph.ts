// A graph of this package as the bytes of an ONNX model.
// Must not know what the graph is for.

import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import { dtypeToOnnx } from '../graph/dtype.js';
import type { Attribute, Graph, LocalFunction, Node, Value } from '../graph/graph.js';
import { irVersionFor } from '../graph/opset.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { encodeModelProto } from './codec.js';
import { onnx } from './gen/onnx.js';
import { writeInline } from './tensorProto.js';
import { encodeText } from './text.js';

/** The name every model made here carries as its producer. */
export const PRODUCER = 'onnx-constraints';
export const PRODUCER_VERSION = '0.1.0';

/** The IR version from which an initializer need not be a graph input. */
const INITIALIZERS_SINCE = 4;

/**
 * The model with this graph: the graph's opset and the IR version that goes with it. The same graph gives the same bytes.
 */
export function encodeGraph(graph: Graph): Uint8Array {
  const metadata = Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value }));
  const { functions = [] } = graph;
  return encodeModelProto(
    new onnx.ModelProto({
      irVersion: irVersionFor(graph.opset),
      opsetImport: [...opsetsOf(graph)],
      producerName: PRODUCER,
      producerVersion: PRODUCER_VERSION,
      ...(graph.doc !== undefined && { docString: graph.doc }),
      graph: graphProto(graphForIr(graph)),
      metadataProps: metadata,
      functions: functions.map(functionProto),
    }),
  );
}

function graphProto(graph: Graph): onnx.GraphProto.$Properties {
  return {
    name: graph.name,
    node: graph.nodes.map(nodeProto),
    initializer: graph.initializers.map(({ name, value }) => tensorProto(value, name)),
    input: graph.inputs.map(valueProto),
    output: graph.outputs.map(valueProto),
  };
}

/** The graph as its IR version holds it: with constants as nodes, where each initializer would have to be an input. */
export function graphForIr(graph: Graph): Graph {
  return irVersionFor(graph.opset) < INITIALIZERS_SINCE ? constantsAsNodes(graph) : graph;
}

/** The operator sets that a model imports: ONNX's, and those of its functions. */
export function opsetsOf({ opset, functions = [] }: Graph): readonly OperatorSet[] {
  const own = functions.map(({ domain, version }) => ({ domain, version }));
  const known = new Set<string>();
  return [{ domain: '', version: opset }, ...own].filter(
    ({ domain }) => !known.has(domain) && known.add(domain),
  );
}

export interface OperatorSet {
  readonly domain: string;
  readonly version: number;
}

function functionProto({ domain, body }: LocalFunction): onnx.FunctionProto.$Properties {
  return {
    name: body.name,
    domain,
    ...(body.doc !== undefined && { docString: body.doc }),
    input: body.inputs.map(({ name }) => name),
    output: body.outputs.map(({ name }) => name),
    node: body.nodes.map(nodeProto),
    opsetImport: [{ domain: '', version: body.opset }],
  };
}

function nodeProto(node: Node): onnx.NodeProto.$Properties {
  return {
    opType: node.opType,
    ...(node.domain !== undefined && { domain: node.domain }),
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute)),
  };
}

function attributeProto(name: string, attribute: Attribute): onnx.AttributeProto.$Properties {
  const { AttributeType } = onnx.AttributeProto;
  switch (attribute.type) {
    case 'int':
      return { name, type: AttributeType.INT, i: attribute.value };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: [...attribute.value] };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case 'string':
      return { name, type: AttributeType.STRING, s: encodeText(attribute.value) };
    case 'tensor':
      return { name, type: AttributeType.TENSOR, t: tensorProto(attribute.value, '') };
    case 'graph':
      return { name, type: AttributeType.GRAPH, g: graphProto(attribute.value) };
  }
}

function tensorProto(value: TensorValue, name: string): onnx.TensorProto {
  const proto = new onnx.TensorProto({
    dims: [...value.dims],
    dataType: dtypeToOnnx(value.dtype),
    ...(name !== '' && { name }),
  });
  writeInline(proto, value, { path: name });
  return proto;
}

function valueProto(value: Value): onnx.ValueInfoProto.$Properties {
  const shape = value.shape && {
    dim: value.shape.map((dim) => {
      if (dim === null) return {};
      return typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim };
    }),
  };
  const tensorType = { elemType: dtypeToOnnx(value.dtype), ...(shape && { shape }) };
  const type = { tensorType };
  return { name: value.name, type: value.isSequence === true ? { sequenceType: { elemType: type } } : type };
}
