// What reads a parameter in the forward pass of a step: the backward pass and the optimizer read it in other layouts.
// Must not change the model, and must not import runtime, files or cli.
import type { ModelGraph, ModelNode } from '../onnx/modelStructure.js';
import type { ForwardUse } from '../resolve/parameterLayouts.js';

/** The operators that hand a weight on as it is. */
const passing: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'CastLike',
  'QuantizeLinear',
  'DequantizeLinear',
]);

/** Every value that some values depend on, without what only `stop` depends on. */
export function dependencies(
  graph: ModelGraph,
  names: readonly string[],
  stop: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name) || stop.has(name)) continue;
    found.add(name);
    const producer = graph.producerOf(name);
    if (producer !== undefined) open.push(...producer.node.reads());
  }
  return found;
}

/** Finds uses in one graph. */
export class ForwardUses {
  readonly #forward: ReadonlySet<string>;

  /** @param updated the new values of parameters and state: what else the graph gives, comes out of the forward pass */
  constructor(
    private readonly graph: ModelGraph,
    updated: ReadonlySet<string>,
  ) {
    const results = graph.outputs.map(({ name }) => name).filter((name) => !updated.has(name));
    this.#forward = dependencies(graph, results, updated);
  }

  /** The uses of a parameter, those behind nodes that transpose it among them. */
  of(name: string, rank: number): readonly ForwardUse[] {
    return this.#follow(
      name,
      Array.from({ length: rank }, (_, axis) => axis),
    );
  }

  #follow(name: string, order: readonly number[]): readonly ForwardUse[] {
    return this.graph
      .readersOf(name)
      .filter(({ outputs }) => outputs.some((output) => this.#forward.has(output)))
      .flatMap((node) => this.#through(node, name, order));
  }

  #through(node: ModelNode, name: string, order: readonly number[]): readonly ForwardUse[] {
    const { opType, domain, name: nodeName, inputs, outputs, attributes } = node;
    const [output] = outputs;
    if (domain === '' && output !== undefined && inputs[0] === name) {
      if (passing.has(opType)) return this.#follow(output, order);
      if (opType === 'Transpose') {
        const perm = (attributes.perm as readonly number[] | undefined) ?? [...order.keys()].reverse();
        return this.#follow(
          output,
          perm.map((axis) => order[Number(axis)] as number),
        );
      }
    }
    return inputs.flatMap((read, inputIndex): ForwardUse[] =>
      read === name
        ? [{ consumer: { opType, domain, nodeName, inputIndex, outputs, attributes }, order }]
        : [],
    );
  }
}
