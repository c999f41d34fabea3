// Constants of a graph as nodes instead of initializers: for functions, which have none, and for IR versions below 4,
// where an initializer must be a graph input too.
// Must not import protobuf, Node or ONNX Runtime.
import type { Graph, Node } from './graph.js';

/** The same graph with a `Constant` node for each initializer, before all others. */
export function constantsAsNodes(graph: Graph): Graph {
  const constants = graph.initializers.map(
    ({ name, value }): Node => ({
      opType: 'Constant',
      name,
      inputs: [],
      outputs: [name],
      attributes: { value: { type: 'tensor', value } },
    }),
  );
  return { ...graph, initializers: [], nodes: [...constants, ...graph.nodes] };
}
