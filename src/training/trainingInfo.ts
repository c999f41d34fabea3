// Models that carry their training step as `training_info`: the constraint goes into the algorithm's graph, and the
// parameter is bound to the constrained value.
// Must not import runtime, files or cli.
import { ConfigError, UnsupportedError } from '../graph/errors.js';
import type { ModelGraph, ModelStructure, ModelTraining } from '../onnx/modelStructure.js';
import { DirectPaths } from './directPaths.js';
import { freshName, type InsertionTask, insertionFor } from './insertion.js';
import { type Pair, type Update, UpdateFinder } from './locateUpdate.js';
import { type PlannedParameter, type PlanningTask, planParameter } from './planParameter.js';
import { parameterPath, type StepDescription } from './stepDescription.js';
import { constraintOf, type TensorParameters } from './stepParameters.js';

/** The entries of `training_info` that update something. */
export function updatingTrainings({ trainings }: ModelStructure): readonly ModelTraining[] {
  return trainings.filter(
    ({ updateBinding, algorithm }) => updateBinding.length > 0 && algorithm !== undefined,
  );
}

/** Plans the constraints of parameters that `update_binding` binds. */
export class TrainingPlanner {
  readonly #finders = new Map<ModelTraining, UpdateFinder>();

  /** @throws {UnsupportedError} for a schedule, whose counter such a model has no place for yet */
  constructor(
    private readonly structure: ModelStructure,
    private readonly description: StepDescription,
  ) {
    if (description.schedule === undefined) return;
    throw new UnsupportedError(
      'schedules are for steps with inputs and outputs, not for models with training_info',
      {
        file: description.file,
        path: 'schedule',
      },
    );
  }

  /** @throws {ConfigError} where no binding, or more than one, is that of the parameter */
  plan(parameters: TensorParameters, task: PlanningTask): PlannedParameter {
    const [parameter] = parameters;
    const training = this.#trainingOf(parameter);
    const update = this.#finder(training).find(parameter);
    const algorithm = training.algorithm as ModelGraph;
    // A value made inside a Loop or Scan is constrained in there, and comes out under its own name.
    if (update.graph !== algorithm) return planParameter(parameters, update, task);
    return planRebound(parameters, update, task, training);
  }

  #trainingOf(parameter: Pair): ModelTraining {
    const { name, input, output } = parameter;
    const trainings = updatingTrainings(this.structure);
    const bindings = trainings.flatMap(({ updateBinding }) => updateBinding);
    const place = (key: string) => ({ file: this.description.file, path: parameterPath(name, key) });
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
    const starts = [graph, algorithm].flatMap((each) => [...each.inputs, ...each.describeInitializers()]);
    const made = new UpdateFinder(algorithm, paths, this.description.file, starts);
    this.#finders.set(training, made);
    return made;
  }
}

/** The constrained value is a new output behind the others, and what the parameter is bound to. */
function planRebound(
  parameters: TensorParameters,
  { graph, node, value, dtype, shape }: Update,
  task: PlanningTask,
  training: ModelTraining,
): PlannedParameter {
  const otherReaders = graph.readersOf(value).length;
  const [parameter] = parameters;
  const constraint = constraintOf(parameters, shape, task);
  const { others = task.others } = parameter;
  if (constraint === null) return { constraint, nodes: 0, otherReaders, change: () => {} };
  const insertion: InsertionTask = { ...task, name: parameter.name, constraint, dtype, shape };
  const constrained = freshName(insertion, 'constrained');
  const { graph: nodes, form, nodes: count } = insertionFor(insertion, value, constrained);
  return {
    constraint,
    form,
    nodes: count,
    otherReaders,
    change: () => {
      if (others === 'constrained') graph.redirect(value, constrained);
      graph.insertAfter(node, nodes, task.host.opset);
      graph.addOutput({ name: constrained, dtype, shape });
      training.rebind(parameter.input, constrained);
    },
  };
}
