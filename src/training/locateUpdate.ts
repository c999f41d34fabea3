// Where in a train step a parameter's new value is made: checks what a step description says of it.
// Must not change the model, and must not import runtime, files or cli.

import { CONSTRAINTS_DOMAIN } from '../constraints/constraintFunction.js';
import { type DType, dtypeBits, dtypeKind } from '../graph/dtype.js';
import { ConfigError, type ErrorPlace, ResolveError, ShapeError } from '../graph/errors.js';
import { formatShape, type Shape, shapesAgree } from '../graph/shape.js';
import type { ValueInfo } from '../onnx/model.js';
import type { ModelGraph, ModelNode } from '../onnx/modelStructure.js';
import { describeNoMatch } from '../resolve/tensorNames.js';
import { carriedState, type DirectPaths, type Distances } from './directPaths.js';
import { SPLICED_PREFIX } from './splicedNames.js';
import { parameterPath } from './stepDescription.js';

/** A parameter's name with its input and output. */
export interface Pair {
  readonly name: string;
  readonly input: string;
  readonly output: string;
}

/** The place of an update: constraints go behind `node`, onto `value`. */
export interface Update {
  readonly graph: ModelGraph;
  readonly node: ModelNode;
  /** The node of the main graph that it is, or is inside of. */
  readonly outermost: ModelNode;
  /** The name of the new value in that graph. */
  readonly value: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The update of a pair of a step. */
export class UpdateFinder {
  readonly #inputs: ReadonlyMap<string, ValueInfo>;
  readonly #outputs: ReadonlyMap<string, ValueInfo>;

  /**
   * @param graph the graph that makes the new values
   * @param starts what holds the values before the step; default: the graph's inputs
   * @param file the step description, for messages
   */
  constructor(
    private readonly graph: ModelGraph,
    private readonly paths: DirectPaths,
    private readonly file: string | undefined,
    starts: readonly ValueInfo[] = graph.inputs,
  ) {
    this.#inputs = byName(starts);
    this.#outputs = byName(graph.outputs);
  }

  /**
   * @throws {ConfigError} where the step has no such input or output
   * @throws {ShapeError} where they differ in dtype or shape, or hold no floating numbers
   * @throws {ResolveError} where the output is not what becomes of the input
   */
  find(pair: Pair): Update {
    const input = this.#value(pair, 'input', this.#inputs);
    const output = this.#value(pair, 'output', this.#outputs);
    const { dtype, shape } = this.#commonType(pair, input, output);
    this.#checkDirect(pair);
    const { graph, node, value } = this.#place(pair, this.graph, pair.output);
    const outermost = this.graph.producerOf(pair.output)?.node ?? node;
    return { graph, node, outermost, value, dtype, shape };
  }

  #value(pair: Pair, side: 'input' | 'output', values: ReadonlyMap<string, ValueInfo>): ValueInfo {
    const name = pair[side];
    const found = values.get(name);
    if (found !== undefined) return found;
    if (side === 'input' && this.graph.initializers().has(name)) {
      throw new ConfigError(
        `'${name}' is an initializer of the step and no input, so no step starts from the last one's result; export the step with its parameters as inputs`,
        this.#at(pair, side),
      );
    }
    const near = describeNoMatch(name, new Set(values.keys())).replace(/^.*?; near are /, '');
    throw new ConfigError(`the step has no ${side} '${name}'; near are ${near}`, this.#at(pair, side));
  }

  #commonType(pair: Pair, input: ValueInfo, output: ValueInfo): { dtype: DType; shape: Shape } {
    const { dtype } = input;
    if (dtype === undefined || dtypeKind(dtype) !== 'float' || dtypeBits(dtype) < 16) {
      throw new ShapeError(
        `input '${pair.input}' is ${dtype ?? 'of no known type'}; a parameter is float32, float64, float16 or bfloat16`,
        this.#at(pair, 'input'),
      );
    }
    if (output.dtype !== dtype) {
      throw new ShapeError(
        `output '${pair.output}' is ${output.dtype ?? 'of no known type'} and input '${pair.input}' ${dtype}; a parameter keeps its dtype`,
        this.#at(pair, 'output'),
      );
    }
    const [before, after] = [asShape(input), asShape(output)];
    if (!shapesAgree(before, after)) {
      throw new ShapeError(
        `output '${pair.output}' has shape ${formatShape(after)} and input '${pair.input}' ${formatShape(before)}; a parameter keeps its shape`,
        this.#at(pair, 'output'),
      );
    }
    return { dtype, shape: before ?? after };
  }

  #checkDirect(pair: Pair): void {
    const distances = this.paths.to(pair.output);
    const own = distances.get(pair.input);
    const place = this.#at(pair, 'output');
    const rivals = this.#rivals(pair, distances);
    if (own === undefined) {
      const [rival] = rivals;
      const found =
        rival === undefined
          ? 'it is not computed from that input element by element, as w - lr·g is from w'
          : `it is the update of '${rival}'${this.#masterAdvice(pair, rival)}`;
      throw new ResolveError(`'${pair.output}' is not the update of '${pair.input}': ${found}`, place);
    }
    const nearer = rivals.find(
      (rival) => (distances.get(rival) as number) < own && this.#isNearest(rival, pair.output),
    );
    if (nearer !== undefined) {
      throw new ResolveError(
        `'${pair.output}' is not the update of '${pair.input}' but of '${nearer}', which it comes from more directly`,
        place,
      );
    }
  }

  /** The other inputs that an output comes from directly, the nearest first. */
  #rivals({ input, output }: Pair, distances: Distances): readonly string[] {
    const type = this.#outputs.get(output);
    return [...distances]
      .filter(([name]) => {
        const other = this.#inputs.get(name);
        return (
          name !== input &&
          other !== undefined &&
          isFloat(other) &&
          type !== undefined &&
          sameShape(other, type)
        );
      })
      .sort(([, a], [, b]) => a - b)
      .map(([name]) => name);
  }

  /** Whether no other output of its shape is nearer to an input. */
  #isNearest(input: string, output: string): boolean {
    const type = this.#inputs.get(input) as ValueInfo;
    const distance = this.paths.to(output).get(input) as number;
    return [...this.#outputs.values()].every(
      (other) =>
        other.name === output ||
        !sameShape(other, type) ||
        (this.paths.to(other.name).get(input) ?? Number.POSITIVE_INFINITY) >= distance,
    );
  }

  #masterAdvice({ input, output }: Pair, rival: string): string {
    const [own, master] = [this.#inputs.get(input)?.dtype, this.#inputs.get(rival)?.dtype];
    if (own === master) return '';
    return `, its ${master} master, from which '${output}' is cast; constrain the master, and the ${own} copy follows`;
  }

  /** Goes into the bodies of Loop and Scan, where a parameter may be updated many times in one step. */
  #place(pair: Pair, graph: ModelGraph, value: string): Pick<Update, 'graph' | 'node' | 'value'> {
    const producer = graph.producerOf(value);
    if (producer === undefined) {
      throw new ResolveError(
        `no node of ${graph.path} makes '${value}': it is passed on as it is, not updated`,
        this.#at(pair, 'output'),
      );
    }
    const { node, output } = producer;
    if (node.name.startsWith(SPLICED_PREFIX) || node.domain === CONSTRAINTS_DOMAIN) {
      throw new ResolveError(
        `'${pair.output}' comes out of a constraint already (node '${node.name}'): the step has been spliced; splice the step as it was exported`,
        this.#at(pair, 'output'),
      );
    }
    const body = node.domain === '' ? node.subgraphs().get('.body') : undefined;
    const state = body === undefined ? undefined : carriedState(node, body, output);
    const inner = state === undefined ? undefined : body?.outputs[state.bodyOutput]?.name;
    if (body === undefined || inner === undefined) return { graph, node, value };
    return this.#place(pair, body, inner);
  }

  #at({ name }: Pair, key: string): ErrorPlace {
    return { file: this.file, path: parameterPath(name, key) };
  }
}

function byName(values: readonly ValueInfo[]): ReadonlyMap<string, ValueInfo> {
  return new Map(values.map((value) => [value.name, value]));
}

export function asShape({ shape }: ValueInfo): Shape {
  return shape?.map((dim) => dim ?? null);
}

export function isFloat({ dtype }: ValueInfo): boolean {
  return dtype !== undefined && dtypeKind(dtype) === 'float' && dtypeBits(dtype) >= 16;
}

export function sameShape(a: ValueInfo, b: ValueInfo): boolean {
  return shapesAgree(asShape(a), asShape(b));
}
