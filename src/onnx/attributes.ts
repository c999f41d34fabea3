// Attributes of nodes: the simple ones as values, and those that hold graphs.
// Must not follow the graphs it finds.
import { onnx } from './gen/onnx.js';
import { int64ToValue } from './int64.js';
import type { AttributeValue } from './modelTypes.js';

const { AttributeType } = onnx.AttributeProto;
const decoder = new TextDecoder();

/** The simple attributes of a node, by name; those that a function's caller supplies are left out. */
export function simpleAttributes(node: onnx.NodeProto): Readonly<Record<string, AttributeValue>> {
  // Without a prototype, so that no name in a file can reach one.
  const values: Record<string, AttributeValue> = Object.create(null);
  for (const attribute of node.attribute) {
    const value = simpleValue(attribute);
    if (value !== undefined) values[attribute.name ?? ''] = value;
  }
  return values;
}

function simpleValue(attribute: onnx.AttributeProto): AttributeValue | undefined {
  if (attribute.refAttrName) return undefined;
  switch (attribute.type) {
    case AttributeType.FLOAT:
      return attribute.f ?? 0;
    case AttributeType.INT:
      return int64ToValue(attribute.i ?? 0);
    case AttributeType.STRING:
      return decoder.decode(attribute.s ?? new Uint8Array(0));
    case AttributeType.FLOATS:
      return attribute.floats.slice();
    case AttributeType.INTS:
      return attribute.ints.map(int64ToValue);
    case AttributeType.STRINGS:
      return attribute.strings.map((bytes) => decoder.decode(bytes));
    default:
      return undefined;
  }
}

/** The graphs in a node's attributes, each with its place below the node, such as `.body` or `.branches[1]`. */
export function* attributeGraphs(node: onnx.NodeProto): Iterable<readonly [string, onnx.GraphProto]> {
  for (const attribute of node.attribute) {
    const name = attribute.name ?? '';
    if (attribute.g !== null) yield [`.${name}`, attribute.g];
    for (const [i, graph] of attribute.graphs.entries()) yield [`.${name}[${i}]`, graph];
  }
}

/** The operator's domain, '' for the standard one, which has two names. */
export function canonicalDomain(domain: string | null | undefined): string {
  return domain == null || domain === 'ai.onnx' ? '' : domain;
}
