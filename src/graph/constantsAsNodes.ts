// Constants of a graph as nodes instead of initializers: for functions, which have none, and for IR versions below 4,
// where an initializer must be a graph input too.
// Must not import protobuf, Node or ONNX Runtime.
import { dtypeKind, dtypeToOnnx } from './dtype.js';
import { UsageError } from './errors.js';
import type { Graph, Initializer, Node } from './graph.js';
import { fromFloat64, toFloat64 } from './numbers.js';

/** The opset from which `Constant` gives more than floats. */
const ALL_TYPES_SINCE = 9;

/** The same graph with a `Constant` node for each initializer, before all others. */
export function constantsAsNodes(graph: Graph): Graph {
  const { opset, initializers, nodes } = graph;
  return {
    ...graph,
    initializers: [],
    nodes: [...initializers.flatMap((one) => nodesOf(one, opset)), ...nodes],
  };
}

function nodesOf({ name, value }: Initializer, opset: number): readonly Node[] {
  if (opset >= ALL_TYPES_SINCE || dtypeKind(value.dtype) === 'float') return [constantNode(name, value)];
  const numbers = toFloat64(value);
  if (!numbers.every(Number.isSafeInteger)) {
    throw new UsageError(
      `an ${value.dtype} constant beyond 2^53 needs opset ${ALL_TYPES_SINCE} or later; this graph is for opset ${opset}`,
    );
  }
  const made = `${name}_float64`;
  const cast: Node = {
    opType: 'Cast',
    name,
    inputs: [made],
    outputs: [name],
    attributes: { to: { type: 'int', value: dtypeToOnnx(value.dtype) } },
  };
  return [constantNode(made, fromFloat64(numbers, 'float64', value.dims)), cast];
}

function constantNode(name: string, value: Initializer['value']): Node {
  return {
    opType: 'Constant',
    name,
    inputs: [],
    outputs: [name],
    attributes: { value: { type: 'tensor', value } },
  };
}
