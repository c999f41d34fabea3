// How an updated value comes from the values it updates: the paths on which every element keeps its place, such as the
// `Sub` of `w - lr·g`, told apart from those through the gradient.
// Must not import runtime, files or cli.
import { UnsupportedError } from '../graph/errors.js';
import type {
  ModelFunction,
  ModelGraph,
  ModelNode,
  ModelStructure,
  Producer,
} from '../onnx/modelStructure.js';

/** How far an output is from each graph input it comes from directly, in nodes. */
export type Distances = ReadonlyMap<string, number>;

/** Operators that carry elements along; for those that take other things too, the inputs that are carried. */
const carriers: ReadonlyMap<string, readonly number[] | 'all'> = new Map<string, readonly number[] | 'all'>([
  ...(
    'Add Sub Mul Div Sum Mean Min Max Neg Abs Identity Concat SequenceConstruct SequenceAt ' +
    'Sqrt Pow Reciprocal Sign Tanh'
  )
    .split(' ')
    .map((opType) => [opType, 'all'] as const),
  ...(
    'Cast CastLike Reshape Squeeze Unsqueeze Flatten Transpose Slice Split Pad Clip Relu ' +
    'ScatterND ScatterElements Scatter QuantizeLinear DequantizeLinear'
  )
    .split(' ')
    .map((opType) => [opType, [0]] as const),
  ['Where', [1, 2]],
]);

/** Crafted files can nest functions so that paths double at each; a real step of 100,000 nodes has fewer. */
const MAX_EDGES = 2_000_000;

interface Scope {
  readonly body: ModelGraph | ModelFunction;
  /** Where names that the body does not define are looked up; functions see nothing outside. */
  readonly outer?: Scope;
  /** What the body's own inputs stand for; none at the top. */
  readonly bind?: (input: string) => string | undefined;
  /** Where the bound names live. */
  readonly caller?: Scope;
  readonly inner: Map<string, Scope>;
}

interface Visit {
  readonly scope: Scope;
  readonly name: string;
}

/** Follows values of one model back to its graph inputs. */
export class DirectPaths {
  readonly #functions: ReadonlyMap<string, ModelFunction>;
  readonly #top: Scope;
  readonly #inputs: ReadonlyMap<Scope, ReadonlySet<string>>;
  readonly #found = new Map<string, Distances>();

  /** @param outer the main graph, where `graph` is one of `training_info` and sees its values */
  constructor(structure: Pick<ModelStructure, 'functions'>, graph: ModelGraph, outer?: ModelGraph) {
    this.#functions = new Map(structure.functions.map((fn) => [keyOf(fn.domain, fn.name), fn]));
    const around: Scope | undefined = outer && { body: outer, inner: new Map() };
    this.#top = { body: graph, inner: new Map(), ...(around !== undefined && { outer: around }) };
    const scopes = [this.#top, ...(around === undefined ? [] : [around])];
    this.#inputs = new Map(scopes.map((scope) => [scope, startsOf(scope.body as ModelGraph)]));
  }

  /** The graph inputs (and initializers) that a value of the graph comes from directly. */
  to(value: string): Distances {
    const known = this.#found.get(value);
    if (known !== undefined) return known;
    const distances = this.#search(value);
    this.#found.set(value, distances);
    return distances;
  }

  #search(value: string): Distances {
    const distances = new Map<string, number>();
    const seen = new Map<Scope, Set<string>>();
    let edges = 0;
    let ring: Visit[] = [{ scope: this.#top, name: value }];
    for (let distance = 0; ring.length > 0; distance++) {
      const next: Visit[] = [];
      for (const { scope, name } of ring) {
        const names = seen.get(scope) ?? new Set();
        if (names.has(name)) continue;
        seen.set(scope, names.add(name));
        const known = next.length;
        if (this.#inputs.get(scope)?.has(name) === true) distances.set(name, distance);
        for (const before of this.#before(scope, name)) next.push(before);
        edges += 1 + next.length - known;
        if (edges <= MAX_EDGES) continue;
        throw new UnsupportedError(
          `'${value}' comes out of too many nodes to be followed back to its inputs`,
        );
      }
      ring = next;
    }
    return distances;
  }

  #before(scope: Scope, name: string): readonly Visit[] {
    const producer = scope.body.producerOf(name);
    if (producer !== undefined) return this.#throughNode(scope, producer);
    const bound = scope.bind?.(name);
    if (bound !== undefined && scope.caller !== undefined) return [{ scope: scope.caller, name: bound }];
    return scope.outer === undefined || isDefined(scope.body, name) ? [] : [{ scope: scope.outer, name }];
  }

  #throughNode(scope: Scope, { node, output }: Producer): readonly Visit[] {
    const here = (names: readonly (string | undefined)[]): Visit[] =>
      names.flatMap((name) => (name === undefined || name === '' ? [] : [{ scope, name }]));
    const fn = this.#functions.get(keyOf(node.domain, node.opType));
    if (fn !== undefined) return this.#throughFunction(scope, node, fn, output);
    if (node.domain === 'ai.onnx.preview.training') return here([optimizerState(node, output)]);
    // An operator of another domain may be a fused optimizer: nothing says which inputs it carries.
    if (node.domain !== '') return here(node.inputs);
    if (node.opType === 'If') {
      return [...node.subgraphs()].flatMap(([place, graph]) => {
        const branch = innerScope(scope, node, place, () => ({ body: graph, outer: scope }));
        return visitOutput(branch, graph, output);
      });
    }
    const body = node.subgraphs().get('.body');
    const state = body === undefined ? undefined : carriedState(node, body, output);
    if (body !== undefined && state !== undefined) {
      const inside = innerScope(scope, node, '.body', () => ({
        ...loopScope(node, body),
        outer: scope,
        caller: scope,
      }));
      return [...visitOutput(inside, body, state.bodyOutput), ...here([state.initial])];
    }
    const carried = carriers.get(node.opType);
    if (carried === undefined) return [];
    return here(carried === 'all' ? node.inputs : carried.map((i) => node.inputs[i]));
  }

  #throughFunction(scope: Scope, node: ModelNode, fn: ModelFunction, output: number): readonly Visit[] {
    const name = fn.outputs[output];
    if (name === undefined) return [];
    const inside = innerScope(scope, node, fn.name, () => ({
      body: fn,
      caller: scope,
      bind: (input) => node.inputs[fn.inputs.indexOf(input)],
    }));
    return [{ scope: inside, name }];
  }
}

function startsOf(graph: ModelGraph): ReadonlySet<string> {
  return new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers()]);
}

function keyOf(domain: string, name: string): string {
  return `${domain}:${name}`;
}

function isDefined(body: ModelGraph | ModelFunction, name: string): boolean {
  if ('initializers' in body) {
    return body.initializers().has(name) || body.inputs.some((input) => input.name === name);
  }
  return body.inputs.includes(name);
}

function innerScope(scope: Scope, node: ModelNode, place: string, make: () => Omit<Scope, 'inner'>): Scope {
  const key = `${node.path}${place}`;
  const known = scope.inner.get(key);
  if (known !== undefined) return known;
  const made: Scope = { ...make(), inner: new Map() };
  scope.inner.set(key, made);
  return made;
}

function visitOutput(scope: Scope, graph: ModelGraph, output: number): readonly Visit[] {
  const name = graph.outputs[output]?.name;
  return name === undefined ? [] : [{ scope, name }];
}

/** A value that a Loop or Scan carries from one round to the next. */
export interface CarriedState {
  /** The value before the first round, in the graph of the node. */
  readonly initial: string | undefined;
  /** Which input of the body holds it. */
  readonly bodyInput: number;
  /** Which output of the body gives it to the next round. */
  readonly bodyOutput: number;
}

/** The state behind an output of a Loop or Scan; `undefined` for an output that collects a value of each round. */
export function carriedState(node: ModelNode, body: ModelGraph, output: number): CarriedState | undefined {
  if (node.opType === 'Loop') {
    // A body takes the round, the condition and the state, and gives the condition and the state.
    if (output >= body.inputs.length - 2) return undefined;
    return { initial: node.inputs[output + 2], bodyInput: output + 2, bodyOutput: output + 1 };
  }
  if (node.opType !== 'Scan') return undefined;
  const states = node.inputs.length - Number(node.attributes.num_scan_inputs ?? 0);
  if (output >= states) return undefined;
  return { initial: node.inputs[output], bodyInput: output, bodyOutput: output };
}

function loopScope(node: ModelNode, body: ModelGraph): Pick<Scope, 'body' | 'bind'> {
  const names = body.inputs.map(({ name }) => name);
  const first = node.opType === 'Loop' ? 2 : 0;
  const states =
    node.opType === 'Loop' ? names.length : node.inputs.length - Number(node.attributes.num_scan_inputs ?? 0);
  return {
    body,
    bind: (input) => {
      const i = names.indexOf(input);
      return i >= first && i < states ? node.inputs[i] : undefined;
    },
  };
}

/** The input that an output of ONNX's own optimizers updates: they take R, T, then all X, all G and each kind of state. */
function optimizerState({ opType, inputs, outputs }: ModelNode, output: number): string | undefined {
  const kinds = opType === 'Adam' ? 3 : 2;
  const count = outputs.length / kinds;
  if (!Number.isInteger(count)) return undefined;
  const kind = Math.floor(output / count);
  return inputs[2 + output + (kind === 0 ? 0 : count)];
}
