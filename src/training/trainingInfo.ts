// Models that carry their training step as `training_info`: the constraint goes into the algorithm's graph, and the
// parameter is bound to the constrained value.
// Must not import runtime, files or cli.
import { ConfigError, UnsupportedError } from '../graph/errors.js';
import type { ModelGraph, ModelStructure, ModelTraining } from '../onnx/modelStructure.js';
import { DirectPaths } from './directPaths.js';
import { freshName, type InsertionTask, insertionFor } from './insertion.js';
import { type Pair, type Update, UpdateFinder } from './locateUpdate.js';
import { behindBoth, type PlannedParameter, type PlanningTask, planParameter } from './planParameter.js';
import type { ScheduleHome } from './scheduleNodes.js';
import { parameterPath } from './stepDescription.js';
import { constraintOf, type TensorParameters } from './stepParameters.js';
import { planTrainingStart } from './trainingStart.js';

/** The entries of `training_info` that update something. */
export function updatingTrainings({ trainings }: ModelStructure): readonly ModelTraining[] {
  return trainings.filter(
    ({ updateBinding, algorithm }) => updateBinding.length > 0 && algorithm !== undefined,
  );
}

/** A parameter that `update_binding` binds, with the entry of `training_info` that does. */
export interface BoundUpdate {
  readonly update: Update;
  readonly training: ModelTraining;
}

/** Finds where bound parameters are updated. */
export class BoundUpdateFinder {
  readonly #finders = new Map<ModelTraining, UpdateFinder>();

  /** @param file the step description, for messages */
  constructor(
    private readonly structure: ModelStructure,
    private readonly file: string | undefined,
  ) {}

  /** @throws {ConfigError} where no binding, or more than one, is that of the parameter */
  find(pair: Pair): BoundUpdate {
    const training = this.#trainingOf(pair);
    return { training, update: this.#finder(training).find(pair) };
  }

  #trainingOf(parameter: Pair): ModelTraining {
    const { name, input, output } = parameter;
    const trainings = updatingTrainings(this.structure);
    const bindings = trainings.flatMap(({ updateBinding }) => updateBinding);
    const place = (key: string) => ({ file: this.file, path: parameterPath(name, key) });
    const own = bindings.filter(({ initializer }) => initializer === input);
    if (own.length === 0) {
      const bound = bindings.map(({ initializer }) => initializer).join(', ');
      throw new ConfigError(
        `no update_binding of the model is for '${input}'; bound are ${bound}`,
        place('input'),
      );
    }
    const found = trainings.filter(({ updateBinding }) =>
      updateBinding.some(({ initializer, value }) => initializer === input && value === output),
    );
    const [training] = found;
    if (training === undefined) {
      const values = own.map(({ value }) => `'${value}'`).join(' and ');
      throw new ConfigError(`'${input}' is bound to ${values}, not to '${output}'`, place('output'));
    }
    if (found.length === 1) return training;
    throw new UnsupportedError(
      `${found.map(({ path }) => path).join(' and ')} bind '${input}' to '${output}'; of one name only one is followed`,
      place('output'),
    );
  }

  #finder(training: ModelTraining): UpdateFinder {
    const known = this.#finders.get(training);
    if (known !== undefined) return known;
    const { graph } = this.structure;
    const algorithm = training.algorithm as ModelGraph;
    const paths = new DirectPaths(this.structure, algorithm, graph);
    const made = new UpdateFinder(algorithm, paths, this.file, trainingHome(training, graph).counts);
    this.#finders.set(training, made);
    return made;
  }
}

/** Where a schedule's nodes go: into the algorithm, which sees the main graph, its own initializers and all inputs. */
export function trainingHome({ algorithm }: ModelTraining, outer: ModelGraph): ScheduleHome {
  const graph = algorithm as ModelGraph;
  const counts = [outer, graph].flatMap((each) => [...each.inputs, ...each.describeInitializers()]);
  return { graph, outer, counts };
}

/** Plans the constraint of a bound parameter; with `initial`, of its first value too. */
export function planBound(
  parameters: TensorParameters,
  { update, training }: BoundUpdate,
  task: PlanningTask,
  initial: boolean,
): PlannedParameter {
  // A value made inside a Loop or Scan is constrained in there, and comes out under its own name.
  const planned =
    update.graph === training.algorithm
      ? planRebound(parameters, update, task, training)
      : planParameter(parameters, update, task);
  const { constraint } = planned;
  if (!initial || constraint === null) return planned;
  const { dtype, shape } = update;
  const [{ name, input }] = parameters;
  const start = planTrainingStart(input, { ...task, name, constraint, dtype, shape }, training);
  return {
    ...planned,
    nodes: planned.nodes + start.nodes,
    change: () => {
      planned.change();
      start.change();
    },
  };
}

/** The constrained value is a new output behind the others, and what the parameter is bound to. */
function planRebound(
  parameters: TensorParameters,
  update: Update,
  task: PlanningTask,
  training: ModelTraining,
): PlannedParameter {
  const { graph, value, dtype, shape } = update;
  const readers = graph.readersOf(value);
  const [parameter] = parameters;
  const constraint = constraintOf(parameters, shape, task);
  const { others = task.others } = parameter;
  const otherReaders = readers.length;
  if (constraint === null) return { constraint, nodes: 0, otherReaders, change: () => {} };
  const seen = others === 'constrained' ? readers : [];
  const place = { file: task.file, path: parameterPath(parameter.name, 'output') };
  const behind = behindBoth(update, task, seen, place);
  const insertion: InsertionTask = { ...task, name: parameter.name, constraint, dtype, shape };
  const constrained = freshName(insertion, 'constrained');
  const {
    graph: nodes,
    form,
    nodes: count,
  } = insertionFor(insertion, value, constrained, task.schedule?.due);
  return {
    constraint,
    form,
    nodes: count,
    otherReaders,
    change: () => {
      if (others === 'constrained') graph.redirect(value, constrained);
      graph.insertAfter(behind, nodes, task.host.opset);
      graph.addOutput({ name: constrained, dtype, shape });
      training.bindUpdate(parameter.input, constrained);
    },
  };
}
