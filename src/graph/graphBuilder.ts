// Collects nodes and constants into a Graph, naming everything through one scope.
// Must not import protobuf, Node or ONNX Runtime.
import { UsageError } from './errors.js';
import type { Attribute, Graph, Initializer, Node, Value } from './graph.js';
import { NameScope } from './nameScope.js';
import { checkOpset } from './opset.js';
import type { TensorValue } from './tensorValue.js';

export interface GraphBuilderOptions {
  readonly opset: number;
  /** Names are drawn from here; give the host model's scope when the nodes go into one. */
  readonly names?: NameScope;
}

/** Builds one graph node by node. */
export class GraphBuilder {
  readonly opset: number;
  readonly names: NameScope;
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #nodes: Node[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #constants = new Map<string, string>();

  constructor(options: GraphBuilderOptions) {
    this.opset = checkOpset(options.opset);
    this.names = options.names ?? new NameScope();
  }

  /** Declares a graph input and returns its name. */
  input(value: Value): string {
    this.#claim(value.name);
    this.#inputs.push(value);
    return value.name;
  }

  /** Declares a graph output; the node that makes it is added with `node(..., value.name)`. */
  output(value: Value): string {
    this.#claim(value.name);
    this.#outputs.push(value);
    return value.name;
  }

  /** Adds a constant and returns its name; equal constants share one initializer. */
  constant(value: TensorValue, base = 'const'): string {
    const key = constantKey(value);
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.names.fresh(base);
    this.#initializers.push({ name, value });
    this.#constants.set(key, name);
    return name;
  }

  /** Adds a node with one output and returns the output's name. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output?: string,
  ): string {
    const [result] = this.nodeOf(opType, inputs, attributes, [output]);
    return result as string;
  }

  /** Adds a node with as many outputs as `outputs` has places, and returns their names; `undefined` asks for a new one. */
  nodeOf(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly (string | undefined)[],
  ): readonly string[] {
    const name = this.names.fresh(opType);
    const results = outputs.map((output, i) => output ?? (i === 0 ? name : this.names.fresh(opType)));
    this.#nodes.push({ opType, name, inputs: [...inputs], outputs: results, attributes });
    return results;
  }

  build(name: string, extra: Pick<Graph, 'doc' | 'metadata'> = {}): Graph {
    return {
      name,
      opset: this.opset,
      ...extra,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      initializers: [...this.#initializers],
      nodes: [...this.#nodes],
    };
  }

  #claim(name: string): void {
    if (!this.names.reserve(name)) throw new UsageError(`the name '${name}' is used twice in one graph`);
  }
}

function constantKey(value: TensorValue): string {
  const { data } = value;
  // Object.is-style keys: joining would merge 0 and -0.
  const elements = Array.from(data as ArrayLike<unknown>, (x) => (Object.is(x, -0) ? '-0' : String(x)));
  return `${value.dtype}[${value.dims.join(',')}]:${elements.join(',')}`;
}
