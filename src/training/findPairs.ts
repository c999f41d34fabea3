// Finds which inputs of a train step are parameters and which output each becomes, by structure, name and place, where
// no step description says it. What is found is to be confirmed by the user.
// Must not change the model, and must not import runtime, files or cli.
import type { DType } from '../graph/dtype.js';
import type { Shape } from '../graph/shape.js';
import type { OnnxModel, ValueInfo } from '../onnx/model.js';
import { type ModelGraph, ModelStructure } from '../onnx/modelStructure.js';
import { DirectPaths } from './directPaths.js';
import { dependencies } from './forwardUses.js';
import { asShape, isFloat, sameShape } from './locateUpdate.js';
import { updatingTrainings } from './trainingInfo.js';

/**
 * What told that an output is an input's new value: their names, that nothing else comes from it as directly, their
 * places, or the `update_binding` of a model with `training_info`.
 */
export type PairHow = 'name' | 'structure' | 'position' | 'binding';

/** An input with the output it becomes. */
export interface FoundPair {
  readonly input: string;
  readonly output: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly how: PairHow;
  /** `state` is kept from step to step, but no loss depends on it: momentum, moving averages. */
  readonly role: 'parameter' | 'state';
}

export interface FoundPairs {
  readonly pairs: readonly FoundPair[];
  /** Inputs that may become several outputs, each with the reason; they are in no pair. */
  readonly unclear: readonly { readonly input: string; readonly reason: string }[];
}

/**
 * The pairs of a step: an output belongs to the input of its dtype and shape that it comes from element by element, as
 * `w - lr·g` does from `w`; of several the one with its name (`w` → `w_new`), else the nearest, else, among equals, the
 * one at the same place in the list. Pairs that no other output depends on are optimizer state.
 *
 * @example
 * const { pairs } = findPairs(await readModel('step.onnx'));
 * const parameters = pairs.filter(({ role }) => role === 'parameter');
 */
export function findPairs(model: OnnxModel): FoundPairs {
  const structure = new ModelStructure(model);
  const { graph } = structure;
  if (updatingTrainings(structure).length > 0) return { pairs: boundPairs(structure), unclear: [] };
  const paths = new DirectPaths(structure, graph);
  const edges = graph.inputs.filter(isFloat).flatMap((input) => edgesOf(input, graph, paths));
  const { chosen, unclear } = matchUp(edges);
  const parameters = parametersAmong(chosen, graph, paths);
  const pairs = chosen.map(
    ({ input, output, how }): FoundPair => ({
      input: input.name,
      output: output.name,
      dtype: input.dtype as DType,
      shape: asShape(input),
      how,
      role: parameters.has(input.name) ? 'parameter' : 'state',
    }),
  );
  const order = graph.inputs.map(({ name }) => name);
  return { pairs: pairs.sort((a, b) => order.indexOf(a.input) - order.indexOf(b.input)), unclear };
}

/** What `update_binding` says: initializers of the main graph are parameters, those of an algorithm its state. */
function boundPairs(structure: ModelStructure): readonly FoundPair[] {
  const own = new Map(structure.graph.describeInitializers().map((value) => [value.name, value]));
  return updatingTrainings(structure).flatMap(({ updateBinding, algorithm }) => {
    const state = new Map(algorithm?.describeInitializers().map((value) => [value.name, value]));
    return updateBinding.flatMap(({ initializer, value }): FoundPair[] => {
      const found = own.get(initializer) ?? state.get(initializer);
      if (found === undefined || !isFloat(found)) return [];
      const role = own.has(initializer) ? 'parameter' : 'state';
      return [
        {
          input: initializer,
          output: value,
          dtype: found.dtype as DType,
          shape: asShape(found),
          how: 'binding',
          role,
        },
      ];
    });
  });
}

/** An output that an input may become. */
interface Edge {
  readonly input: ValueInfo;
  readonly output: ValueInfo;
  readonly distance: number;
}

interface ChosenEdge extends Edge {
  readonly how: PairHow;
}

function edgesOf(input: ValueInfo, graph: ModelGraph, paths: DirectPaths): readonly Edge[] {
  return graph.outputs.flatMap((output) => {
    if (output.dtype !== input.dtype || !sameShape(input, output)) return [];
    const distance = paths.to(output.name).get(input.name);
    return distance === undefined ? [] : [{ input, output, distance }];
  });
}

function matchUp(edges: readonly Edge[]): {
  readonly chosen: readonly ChosenEdge[];
  readonly unclear: FoundPairs['unclear'];
} {
  const chosen: ChosenEdge[] = [];
  let open = edges;
  const take = (found: readonly Edge[], how: PairHow): boolean => {
    chosen.push(...found.map((edge) => ({ ...edge, how })));
    open = open.filter((edge) => !found.some((other) => touches(edge, other)));
    return found.length > 0;
  };
  take(only(open.filter(({ input, output }) => isNewNameOf(output.name, input.name))), 'name');
  while (take(nearest(open), 'structure'));
  for (const group of groupByType(open)) take(inOrder(group), 'position');
  const left = [...new Set(open.map(({ input }) => input.name))];
  const unclear = left.map((input) => {
    const outputs = open.filter((edge) => edge.input.name === input).map(({ output }) => output.name);
    return { input, reason: `it may become ${outputs.join(' or ')}, to which it is equally near` };
  });
  return { chosen, unclear };
}

/** The edges that share neither input nor output with another. */
function only(edges: readonly Edge[]): readonly Edge[] {
  return edges.filter((edge) => edges.every((other) => other === edge || !touches(edge, other)));
}

/** The edges that are shorter than every other of their input and of their output. */
function nearest(edges: readonly Edge[]): readonly Edge[] {
  return edges.filter((edge) =>
    edges.every((other) => other === edge || !touches(edge, other) || edge.distance < other.distance),
  );
}

function groupByType(edges: readonly Edge[]): readonly (readonly Edge[])[] {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = `${edge.input.dtype} ${edge.input.shape}`;
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  return [...groups.values()];
}

/** Of as many inputs as outputs that are all equally near, the first to the first and so on. */
function inOrder(edges: readonly Edge[]): readonly Edge[] {
  const inputs = [...new Set(edges.map(({ input }) => input))];
  const outputs = [...new Set(edges.map(({ output }) => output.name))];
  const pairs = inputs.map((input, i) =>
    edges.find((edge) => edge.input === input && edge.output.name === outputs[i]),
  );
  const fits = inputs.length === outputs.length && pairs.every((pair) => pair !== undefined);
  return fits ? (pairs as readonly Edge[]) : [];
}

function touches(a: Edge, b: Edge): boolean {
  return a.input.name === b.input.name || a.output.name === b.output.name;
}

const marks = new Set([
  'new',
  'next',
  'updated',
  'update',
  'out',
  'output',
  'after',
  'in',
  'input',
  'old',
  'before',
]);

/** Whether two names are one but for marks such as `_new` and `updated_`. */
export function isNewNameOf(output: string, input: string): boolean {
  const words = (name: string): string =>
    name
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word !== '' && !marks.has(word))
      .join(' ');
  return words(output) !== '' && words(output) === words(input);
}

/**
 * The inputs that a loss depends on; of masters, those that a copy of another dtype is cast from. Without any output
 * beside the new values all are parameters.
 */
function parametersAmong(
  chosen: readonly ChosenEdge[],
  graph: ModelGraph,
  paths: DirectPaths,
): ReadonlySet<string> {
  const updated = new Set(chosen.map(({ output }) => output.name));
  const results = graph.outputs.filter(({ name }) => !updated.has(name));
  if (results.length === 0) return new Set(chosen.map(({ input }) => input.name));
  const needed = dependencies(
    graph,
    results.map(({ name }) => name),
    updated,
  );
  const masters = chosen.filter(({ input }) =>
    results.some(
      (copy) =>
        isFloat(copy) &&
        copy.dtype !== input.dtype &&
        sameShape(copy, input) &&
        paths.to(copy.name).has(input.name),
    ),
  );
  return new Set([...needed, ...masters.map(({ input }) => input.name)]);
}
