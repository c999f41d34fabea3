// The nodes that tell, in each step, whether it is one after which constraints are applied.
// Must not import runtime, files or cli.

import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import { type DType, dtypeKind } from '../graph/dtype.js';
import { ConfigError, type ErrorPlace } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { NameScope } from '../graph/nameScope.js';
import type { ValueInfo } from '../onnx/model.js';
import type { ModelGraph, ModelNode } from '../onnx/modelStructure.js';
import { lower } from '../ops/lower.js';
import { applyOp, type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';
import { castTo, constant } from '../ops/tensorLike.js';
import type { Host } from './host.js';
import type { Schedule } from './schedule.js';
import { SPLICED_PREFIX } from './splicedNames.js';

/** Where a schedule's nodes go, and what they may read there. */
export interface ScheduleHome {
  readonly graph: ModelGraph;
  /** What may count steps. */
  readonly counts: readonly ValueInfo[];
  /** The graph around it, all of whose values are there before those of `graph`. */
  readonly outer?: ModelGraph;
}

/** What a schedule puts into its graph. */
export interface ScheduleNodes {
  readonly graph: ModelGraph;
  /** Nodes that come before all others. */
  readonly early: Graph;
  /** Nodes that come behind `after`; without one, behind the early ones. */
  readonly late: Graph;
  readonly after: ModelNode | undefined;
  /** The boolean, of the late nodes, that is true in steps after which constraints are applied; none: in each. */
  readonly due: string | undefined;
  /** The boolean, of the early nodes, that is true until the first step is done. */
  readonly first: string | undefined;
  readonly counter: ScheduleCounter | undefined;
}

/** A new value that counts, and the output that gives its next one. */
export interface ScheduleCounter {
  readonly input: string;
  readonly output: string;
}

/**
 * @param schedule without `initial` where the first step need not be told
 * @throws {ConfigError} where the step has no such values, or they are of another type
 */
export function scheduleNodes(
  schedule: Schedule,
  home: ScheduleHome,
  host: Host,
  file: string | undefined,
): ScheduleNodes {
  const names = new NameScope(`${SPLICED_PREFIX}schedule/`, host.taken);
  const [early, late] = [0, 1].map(() => new GraphBuilder({ opset: host.opset, names })) as [
    GraphBuilder,
    GraphBuilder,
  ];
  const at = (key: string): ErrorPlace => ({ file, path: `schedule.${key}` });
  const { every = 1, warmUp = 0, initial = false, counter, when } = schedule;
  const inputs = new Map<SymbolicTensor, string>();
  const after = when === undefined ? undefined : producerOf(when, home, at('when'));
  const updates = when === undefined ? undefined : scalar(when, 'bool', inputs);
  const done = stepsBefore(schedule, home, host, inputs, at);
  const first =
    initial && done !== undefined ? lower(compare('Equal', done, int(0)), inputs, early) : undefined;
  // A counter counts updates, where something tells which steps are.
  const one = counter !== undefined && updates !== undefined ? castTo(updates, 'int64') : int(1);
  const number = done === undefined ? undefined : applyOp('Add', [done, one], done);
  const condition = conditionOf(number, { every, warmUp, updates });
  const due = condition === undefined ? undefined : lower(condition, inputs, late);
  const next = counter === undefined ? undefined : claim(`${counter}_new`, host, at('counter'));
  if (next !== undefined && number !== undefined) lower(number, inputs, late, next);
  const graphs = [early, late].map((builder) => finish(builder, host)) as [Graph, Graph];
  return {
    graph: home.graph,
    early: graphs[0],
    late: graphs[1],
    after,
    due,
    first,
    counter: counter === undefined || next === undefined ? undefined : { input: counter, output: next },
  };
}

function finish(builder: GraphBuilder, { taken, irVersion }: Host): Graph {
  const built = builder.build('schedule');
  const graph = irVersion >= 4 ? built : constantsAsNodes(built);
  for (const { name, outputs } of graph.nodes) for (const used of [name, ...outputs]) taken.add(used);
  for (const { name } of graph.initializers) taken.add(name);
  return graph;
}

/** A value of the step as a number without dimensions, which it may have as [1]. */
function scalar(name: string, dtype: DType, inputs: Map<SymbolicTensor, string>): SymbolicTensor {
  const tensor = symbolicInput(name, dtype, undefined);
  inputs.set(tensor, name);
  const empty = constant({ dtype: 'int64', dims: [0], data: new BigInt64Array(0) });
  return applyOp('Reshape', [tensor, empty], { dtype, shape: [] });
}

/** How many steps were done before this one. */
function stepsBefore(
  { step, firstStep = 1, counter }: Schedule,
  { counts }: ScheduleHome,
  host: Host,
  inputs: Map<SymbolicTensor, string>,
  at: (key: string) => ErrorPlace,
): SymbolicTensor | undefined {
  if (counter !== undefined) {
    const tensor = symbolicInput(counter, 'int64', []);
    inputs.set(tensor, claim(counter, host, at('counter')));
    return tensor;
  }
  if (step === undefined) return undefined;
  const input = counts.find(({ name }) => name === step);
  if (input === undefined) throw new ConfigError(`the step has no input '${step}'`, at('step'));
  const { dtype, shape } = input;
  const kind = dtype === undefined ? undefined : dtypeKind(dtype);
  const isCount = kind === 'float' || kind === 'int' || kind === 'uint';
  if (dtype === undefined || !isCount || !shape?.every((dim) => dim === 1)) {
    throw new ConfigError(
      `'${step}' is ${dtype ?? 'of no known type'} [${shape?.join(', ') ?? '?'}]; a count of steps is one number`,
      at('step'),
    );
  }
  const value = castTo(scalar(step, dtype, inputs), 'int64');
  return applyOp('Sub', [value, int(firstStep)], value);
}

function conditionOf(
  number: SymbolicTensor | undefined,
  { every, warmUp, updates }: { every: number; warmUp: number; updates: SymbolicTensor | undefined },
): SymbolicTensor | undefined {
  const all: SymbolicTensor[] = updates === undefined ? [] : [updates];
  if (number !== undefined && warmUp > 0) all.push(compare('Greater', number, int(warmUp)));
  if (number !== undefined && every > 1) {
    const since = warmUp > 0 ? applyOp('Sub', [number, int(warmUp)], number) : number;
    all.push(compare('Equal', applyOp('Mod', [since, int(every)], number), int(0)));
  }
  return all.reduce<SymbolicTensor | undefined>(
    (both, each) => (both === undefined ? each : applyOp('And', [both, each], each)),
    undefined,
  );
}

/** The node of the graph that makes a boolean; none where it is there beforehand. */
function producerOf(
  name: string,
  { graph, outer, counts }: ScheduleHome,
  place: ErrorPlace,
): ModelNode | undefined {
  const known = [...counts, ...graph.outputs, ...(outer?.outputs ?? [])].find((value) => value.name === name);
  const producer = graph.producerOf(name);
  const isThere = producer !== undefined || outer?.producerOf(name) !== undefined || known !== undefined;
  if (!isThere) {
    throw new ConfigError(`the step has no value '${name}'`, place);
  }
  const { dtype = 'bool', shape = [] } = known ?? {};
  if (dtype !== 'bool' || !shape.every((dim) => dim === 1)) {
    throw new ConfigError(`'${name}' is ${dtype} [${shape.join(', ')}]; one boolean is accepted`, place);
  }
  return producer?.node;
}

function claim(name: string, { taken }: Host, place: ErrorPlace): string {
  if (taken.has(name))
    throw new ConfigError(`the step has a value '${name}' already; take another name`, place);
  taken.add(name);
  return name;
}

function int(value: number): SymbolicTensor {
  return constant({ dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) });
}

function compare(opType: string, a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return applyOp(opType, [a, b], { dtype: 'bool', shape: [] });
}
