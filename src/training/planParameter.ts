// What splicing one parameter changes: planned first, so that nothing is changed where another cannot be planned.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { type ErrorPlace, ResolveError } from '../graph/errors.js';
import type { ModelNode } from '../onnx/modelStructure.js';
import { freshName, type InsertionTask, insertionFor } from './insertion.js';
import type { Update } from './locateUpdate.js';
import type { ScheduleNodes } from './scheduleNodes.js';
import { type Others, parameterPath } from './stepDescription.js';
import { constraintOf, type NamedParameter, type TensorParameters } from './stepParameters.js';

export interface PlanningTask extends Pick<InsertionTask, 'host' | 'provider' | 'functions'> {
  readonly others: Others;
  readonly schedule: ScheduleNodes | undefined;
  /** The step description, for messages. */
  readonly file: string | undefined;
}

/** A parameter's constraint, ready to be put in. */
export interface PlannedParameter {
  readonly constraint: Constraint | null;
  readonly form?: string;
  /** How many nodes are put in for it. */
  readonly nodes: number;
  readonly otherReaders: number;
  /** Puts it in. */
  readonly change: () => void;
}

/**
 * @throws {ShapeError} when the constraint does not fit the shape
 * @throws {ResolveError} when something reads the constrained value before it is known whether the schedule is due
 */
export function planParameter(
  parameters: TensorParameters,
  update: Update,
  task: PlanningTask,
): PlannedParameter {
  const { graph, node, value, dtype, shape } = update;
  const constraint = constraintOf(parameters, shape, task);
  const [parameter] = parameters;
  const { others = task.others } = parameter;
  const readers = graph.readersOf(value);
  if (constraint === null) return { constraint, nodes: 0, otherReaders: readers.length, change: () => {} };
  const { name } = parameter;
  const { host, schedule } = task;
  const seen = others === 'constrained' ? readers : [];
  const behind = behindBoth(update, task, seen, {
    file: task.file,
    path: parameterPath(name, 'output'),
  });
  const insertion: InsertionTask = { ...task, name, constraint, dtype, shape };
  const unconstrained = freshName(insertion, 'updated');
  const { graph: nodes, form, nodes: count } = insertionFor(insertion, unconstrained, value, schedule?.due);
  const initial = planInitial(parameter, insertion, schedule);
  return {
    constraint,
    form,
    nodes: count + initial.nodes,
    otherReaders: readers.length,
    change: () => {
      node.renameOutput(value, unconstrained);
      if (others === 'unconstrained') graph.redirect(value, unconstrained);
      graph.insertAfter(behind, nodes, host.opset);
      initial.change();
    },
  };
}

/** Lets all that reads a parameter read its projection in the first step. */
function planInitial(
  { input }: NamedParameter,
  insertion: InsertionTask,
  schedule: ScheduleNodes | undefined,
): Pick<PlannedParameter, 'nodes' | 'change'> {
  if (schedule?.first === undefined) return { nodes: 0, change: () => {} };
  const { structure, opset } = insertion.host;
  const initial = freshName(insertion, 'initial');
  const { graph, nodes } = insertionFor(insertion, input, initial, schedule.first);
  return {
    nodes,
    change: () => {
      structure.graph.redirect(input, initial);
      structure.graph.insertAfter(undefined, graph, opset);
    },
  };
}

/** The node behind which both the update and the schedule's boolean are there. */
export function behindBoth(
  { graph, node, outermost, value }: Update,
  { schedule }: PlanningTask,
  readers: readonly ModelNode[],
  place: ErrorPlace,
): ModelNode {
  if (schedule?.due === undefined || schedule.after === undefined) return node;
  const { after } = schedule;
  const home = schedule.graph;
  const decided = home.positionOf(after);
  if (decided < home.positionOf(outermost)) return node;
  const isInside = node !== outermost;
  const early = isInside ? node : readers.find((reader) => graph.positionOf(reader) <= decided);
  if (early === undefined) return after;
  throw new ResolveError(
    isInside
      ? `it is updated inside node '${outermost.name}' (${outermost.opType}), before schedule.when is computed; give when as an input`
      : `node '${early.name}' (${early.opType}) reads '${value}' before schedule.when is computed; let other readers see the unconstrained value, or give when as an input`,
    place,
  );
}
