// A graph of this package in ONNX's text form, as ONNX's own parser reads it.
// Must not touch ONNX Runtime, files or protobuf.
import { type DType, dtypeKind } from '../graph/dtype.js';
import type { Attribute, Graph, LocalFunction, Node, Value } from '../graph/graph.js';
import { toFloat64 } from '../graph/numbers.js';
import { irVersionFor } from '../graph/opset.js';
import type { Shape } from '../graph/shape.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { graphForIr, opsetsOf, PRODUCER, PRODUCER_VERSION } from '../onnx/encodeGraph.js';

/** The model that `encodeGraph` encodes, as text. */
export function printModel(graph: Graph): string {
  const { opset, doc, metadata = {}, functions = [] } = graph;
  const entries = Object.entries(metadata).map(([key, value]) => `${quote(key)}: ${quote(value)}`);
  const header = [
    `ir_version: ${irVersionFor(opset)}`,
    `opset_import: ${printOpsets(graph)}`,
    `producer_name: ${quote(PRODUCER)}`,
    `producer_version: ${quote(PRODUCER_VERSION)}`,
    ...(doc === undefined ? [] : [`doc_string: ${quote(doc)}`]),
    ...(entries.length === 0 ? [] : [`metadata_props: [${entries.join(', ')}]`]),
  ];
  return [printHeader(header), printGraph(graphForIr(graph)), ...functions.map(printFunction), ''].join('\n');
}

function printHeader(lines: readonly string[]): string {
  return `<\n${lines.map((line) => `  ${line}`).join(',\n')}\n>`;
}

function printOpsets(graph: Graph): string {
  return `[${opsetsOf(graph)
    .map(({ domain, version }) => `${quote(domain)} : ${version}`)
    .join(', ')}]`;
}

function printGraph(graph: Graph, indent = ''): string {
  const { name, inputs, outputs, initializers, nodes } = graph;
  const list = (values: readonly Value[]): string => `(${values.map(printValue).join(', ')})`;
  const constants = initializers.map(({ name: constant, value }) => printTensor(value, constant));
  const stored = constants.length === 0 ? '' : `\n${indent}  <${constants.join(`,\n${indent}   `)}>`;
  const head = `${printName(name)} ${list(inputs)} => ${list(outputs)}${stored}`;
  return `${head}\n${printNodes(nodes, indent)}`;
}

function printFunction({ domain, body }: LocalFunction): string {
  const { name, doc, inputs, outputs, nodes } = body;
  const header = [
    `domain: ${quote(domain)}`,
    ...(doc === undefined ? [] : [`doc_string: ${quote(doc)}`]),
    `opset_import: ${printOpsets(body)}`,
  ];
  const list = (values: readonly Value[]): string =>
    `(${values.map((value) => printName(value.name)).join(', ')})`;
  return `${printHeader(header)}\n${printName(name)} ${list(inputs)} => ${list(outputs)}\n${printNodes(nodes, '')}`;
}

function printNodes(nodes: readonly Node[], indent: string): string {
  const lines = nodes.map((node) => `${indent}  ${printNode(node, `${indent}  `)}`);
  return `${indent}{\n${lines.join('\n')}\n${indent}}`;
}

function printNode({ name, opType, domain, inputs, outputs, attributes }: Node, indent: string): string {
  const entries = Object.entries(attributes).map(([key, value]) => printAttribute(key, value, indent));
  const operator = domain === undefined || domain === '' ? opType : `${domain}.${opType}`;
  const extra = entries.length === 0 ? '' : ` <${entries.join(', ')}>`;
  const list = (names: readonly string[]): string => names.map(printName).join(', ');
  return `[${printName(name)}] ${list(outputs)} = ${operator}${extra} (${list(inputs)})`;
}

function printAttribute(name: string, attribute: Attribute, indent: string): string {
  switch (attribute.type) {
    case 'int':
      return `${name}: int = ${attribute.value}`;
    case 'ints':
      return `${name}: ints = [${attribute.value.join(', ')}]`;
    case 'float':
      return `${name}: float = ${printNumber(Math.fround(attribute.value))}`;
    case 'string':
      return `${name}: string = ${quote(attribute.value)}`;
    case 'tensor':
      return `${name}: tensor = ${printTensor(attribute.value)}`;
    case 'graph':
      return `${name}: graph = ${printGraph(attribute.value, indent)}`;
  }
}

function printValue({ name, dtype, shape, isSequence = false }: Value): string {
  const type = `${typeName(dtype)}${printShape(shape)}`;
  return `${isSequence ? `seq(${type})` : type} ${printName(name)}`;
}

/** Empty brackets stand for any rank, and none for a scalar. */
function printShape(shape: Shape): string {
  if (shape === undefined) return '[]';
  return shape.length === 0 ? '' : `[${shape.map((dim) => (dim === null ? '?' : String(dim))).join(',')}]`;
}

function printTensor(value: TensorValue, name?: string): string {
  const named = name === undefined ? '' : `${printName(name)} = `;
  return `${typeName(value.dtype)}${printShape(value.dims)} ${named}{${elementsOf(value).join(', ')}}`;
}

/** Numbers that read back as they are; 16-bit floats as their bits, which the parser wants. */
function elementsOf(value: TensorValue): readonly string[] {
  const { dtype, data } = value;
  const isHalf = dtype === 'float16' || dtype === 'bfloat16';
  if (isHalf || dtypeKind(dtype) !== 'float') return Array.from(data as ArrayLike<number>, String);
  return Array.from(toFloat64(value), printNumber);
}

function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0.0' : String(value).replace('e+', 'e');
}

/** The names that differ from NumPy's. */
const typeNames: Readonly<Partial<Record<DType, string>>> = {
  float32: 'float',
  float64: 'double',
  float8_e4m3fn: 'float8e4m3fn',
  float8_e4m3fnuz: 'float8e4m3fnuz',
  float8_e5m2: 'float8e5m2',
  float8_e5m2fnuz: 'float8e5m2fnuz',
};

function typeName(dtype: DType): string {
  return typeNames[dtype] ?? dtype;
}

function printName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quote(name);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
