// Puts constraints into a train step, between each parameter's update and its output: Keras's 'after each gradient
// update', inside the graph.
// Must not import files or cli, nor reach ONNX Runtime.
import type { Constraint } from '../constraints/constraint.js';
import { get } from '../constraints/get.js';
import { UnsupportedError, UsageError } from '../graph/errors.js';
import { checkKeys, checkOptions } from '../graph/knownKeys.js';
import type { OnnxModel } from '../onnx/model.js';
import type { ModelTraining } from '../onnx/modelStructure.js';
import { nearestProvider, providerRow } from '../runtime/providerTable.js';
import { ConstraintFunctions } from './constraintFunctions.js';
import { DirectPaths } from './directPaths.js';
import { openHost } from './host.js';
import { type Update, UpdateFinder } from './locateUpdate.js';
import { type PlannedParameter, type PlanningTask, planParameter } from './planParameter.js';
import { checkInitial, checkSchedule, scheduleKeys } from './schedule.js';
import { type ScheduleCounter, type ScheduleNodes, scheduleNodes } from './scheduleNodes.js';
import { type Others, othersValues, parameterKeys, type StepDescription } from './stepDescription.js';
import { groupParameters, type TensorParameters } from './stepParameters.js';
import {
  type BoundUpdate,
  BoundUpdateFinder,
  planBound,
  trainingHome,
  updatingTrainings,
} from './trainingInfo.js';
import { addTrainingCounter } from './trainingStart.js';

export interface SpliceOptions {
  /**
   * The execution provider that will run the step, such as `cpu`: constraints get the form that is fast there.
   * Default: the canonical form, which is as good anywhere.
   */
  readonly provider?: string | undefined;
  /** What other readers of an updated value see. Default: `constrained`. */
  readonly others?: Others | undefined;
  /**
   * Put each constraint in as a call of a function in the domain `keras.constraints`, which viewers show under its
   * name. Needs IR version 8. Default: false.
   */
  readonly functions?: boolean | undefined;
}

/** What became of one parameter. */
export interface SplicedParameter {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** `null` where the parameter has none and was left alone. */
  readonly constraint: Constraint | null;
  /** `canonical`, or the name of a faster form; undefined without a constraint. */
  readonly form?: string;
  /**
   * How many nodes were put in for it, those that choose when among them; of several parts of one tensor, all with the
   * first. Those that tell for all of them whether it is time are with none.
   */
  readonly nodes: number;
  /** How many other nodes read the updated value. */
  readonly otherReaders: number;
}

/**
 * Puts the constraints of a step description into a train step: `w_new = project(update(w))`, so that what a step gives
 * satisfies its constraint (with a `rate` below 1: moves towards it), as after Keras's `optimizer.apply`.
 *
 * Inputs and outputs keep their names, order, types and shapes; only a schedule with a `counter` adds one of each. New
 * names collide with none. The opset and IR version stay. Nothing is changed unless every parameter of the description
 * could be placed. The model is changed in place; `model.encode()` gives its bytes.
 *
 * @throws {ConfigError} where the step has no such input or output, or two parameters share one
 * @throws {ShapeError} where input and output differ in shape or dtype, or the constraint does not fit
 * @throws {ResolveError} where an output is not the update of its input, or was spliced before
 * @throws {UnsupportedError} for opsets other than 13 to 26, and for functions below IR version 8
 * @example
 * const step = await readModel('step.onnx');
 * splice(step, { parameters: { w: { input: 'w', output: 'w_new', constraint: maxNorm({ maxValue: 2, axis: 1 }) } } });
 * await writeModel(step, 'constrained.onnx');
 */
export function splice(
  model: OnnxModel,
  description: StepDescription,
  options: SpliceOptions = {},
): readonly SplicedParameter[] {
  checkSpliceOptions(options);
  checkDescription(description);
  const { file } = description;
  const tensors = groupParameters(description);
  const host = openHost(model);
  const functions = options.functions === true ? new ConstraintFunctions(host) : undefined;
  const { provider, others = 'constrained' } = options;
  const task = { host, provider, others, functions, file };
  if (description.schedule !== undefined) checkSchedule(description.schedule, { file, path: 'schedule' });
  const { planned, schedule, addCounter } =
    updatingTrainings(host.structure).length > 0
      ? planTraining(tensors, description, task)
      : planStep(tensors, description, task);
  for (const { change } of planned) change();
  if (schedule !== undefined) insertSchedule(schedule, host.opset);
  if (schedule?.counter !== undefined) addCounter(schedule.counter);
  functions?.add();
  return planned.flatMap((plan, i) => reportTensor(tensors[i] as TensorParameters, plan));
}

/** What became of each parameter in a tensor. */
function reportTensor(
  parameters: TensorParameters,
  { form, nodes, otherReaders }: PlannedParameter,
): readonly SplicedParameter[] {
  return parameters.map(({ name, input, output, constraint: identifier }, i) => {
    const constraint = get(identifier);
    return {
      name,
      input,
      output,
      constraint,
      ...(constraint !== null && form !== undefined && { form }),
      nodes: i === 0 ? nodes : 0,
      otherReaders,
    };
  });
}

type Task = Omit<PlanningTask, 'schedule'>;

interface SplicePlan {
  readonly planned: readonly PlannedParameter[];
  readonly schedule: ScheduleNodes | undefined;
  /** Adds the schedule's counter to what goes from step to step. */
  readonly addCounter: (counter: ScheduleCounter) => void;
}

function planStep(
  tensors: readonly TensorParameters[],
  { schedule: given, file }: StepDescription,
  task: Task,
): SplicePlan {
  const { graph } = task.host.structure;
  const finder = new UpdateFinder(graph, new DirectPaths(task.host.structure, graph), file);
  const updates = tensors.map(([first]) => finder.find(first));
  if (given !== undefined) checkInitial(given, { file, path: 'schedule' });
  const schedule = given && scheduleNodes(given, { graph, counts: graph.inputs }, task.host, file);
  const planned = tensors.map((parameters, i) =>
    planParameter(parameters, updates[i] as Update, { ...task, schedule }),
  );
  const addCounter = ({ input, output }: ScheduleCounter): void => {
    graph.addInput({ name: input, dtype: 'int64', shape: [] });
    graph.addOutput({ name: output, dtype: 'int64', shape: [] });
  };
  return { planned, schedule, addCounter };
}

function planTraining(
  tensors: readonly TensorParameters[],
  { schedule: given, file }: StepDescription,
  task: Task,
): SplicePlan {
  const { host } = task;
  const finder = new BoundUpdateFinder(host.structure, file);
  const updates = tensors.map(([first]) => finder.find(first));
  const trainings = [...new Set(updates.map(({ training }) => training))];
  const [training] = trainings as [ModelTraining];
  if (given !== undefined && trainings.length > 1) {
    throw new UnsupportedError(
      `the parameters are updated by ${trainings.map(({ path }) => path).join(' and ')}; a schedule is that of one of them: splice one after another`,
      { file, path: 'schedule' },
    );
  }
  // Where training starts, the initialization tells, and no step needs to.
  const schedule =
    given &&
    scheduleNodes({ ...given, initial: false }, trainingHome(training, host.structure.graph), host, file);
  const planned = tensors.map((parameters, i) =>
    planBound(parameters, updates[i] as BoundUpdate, { ...task, schedule }, given?.initial === true),
  );
  return { planned, schedule, addCounter: (counter) => addTrainingCounter(counter, training, host) };
}

function insertSchedule({ graph, early, late, after }: ScheduleNodes, opset: number): void {
  // Both come before what the parameters put at the start, the early ones first.
  graph.insertAfter(after, late, opset);
  graph.insertAfter(undefined, early, opset);
}

/** In code no parser has looked at the keys. */
function checkDescription(description: StepDescription): void {
  checkKeys(description, ['parameters', 'schedule', 'file'], 'a step description');
  const { parameters, schedule } = description;
  if (typeof parameters !== 'object' || parameters === null) {
    throw new UsageError(
      'a step description: parameters is missing: { parameters: { name: { input, output, constraint } } }',
    );
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    checkKeys(parameter, parameterKeys, `the parameter ${name}`);
  }
  if (schedule !== undefined) checkKeys(schedule, scheduleKeys, 'schedule');
}

function checkSpliceOptions(options: SpliceOptions): void {
  checkOptions(options, ['provider', 'others', 'functions']);
  const { provider, others } = options;
  if (provider !== undefined && providerRow(provider) === undefined) {
    const near = nearestProvider(provider);
    const meant = near === undefined ? '' : `; did you mean '${near}'?`;
    throw new UsageError(`there is no execution provider '${provider}'${meant}`);
  }
  if (others !== undefined && !othersValues.includes(others)) {
    throw new UsageError(`others must be ${othersValues.join(' or ')}, found '${others}'`);
  }
}
