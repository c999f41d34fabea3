// Puts constraints into a train step, between each parameter's update and its output: Keras's 'after each gradient
// update', inside the graph.
// Must not import files or cli, nor reach ONNX Runtime.
import type { Constraint } from '../constraints/constraint.js';
import { get } from '../constraints/get.js';
import { UsageError } from '../graph/errors.js';
import { checkKeys, checkOptions } from '../graph/knownKeys.js';
import type { OnnxModel } from '../onnx/model.js';
import { nearestProvider, providerRow } from '../runtime/providerTable.js';
import { ConstraintFunctions } from './constraintFunctions.js';
import { DirectPaths } from './directPaths.js';
import { type Host, openHost } from './host.js';
import { type Update, UpdateFinder } from './locateUpdate.js';
import { type PlannedParameter, type PlanningTask, planParameter } from './planParameter.js';
import { checkSchedule, scheduleKeys } from './schedule.js';
import { type ScheduleNodes, scheduleNodes } from './scheduleNodes.js';
import { type Others, othersValues, type StepDescription } from './stepDescription.js';
import { groupParameters, type TensorParameters } from './stepParameters.js';

import { TrainingPlanner, updatingTrainings } from './trainingInfo.js';

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
  /** How many nodes project the update; of several parts of one tensor, all of them with the first. */
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
  const { planned, schedule } =
    updatingTrainings(host.structure).length > 0
      ? planTraining(tensors, description, task)
      : planStep(tensors, description, task);
  for (const { change } of planned) change();
  if (schedule !== undefined) insertSchedule(schedule, host);
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
  readonly schedule?: ScheduleNodes | undefined;
}

function planStep(
  tensors: readonly TensorParameters[],
  description: StepDescription,
  task: Task,
): SplicePlan {
  const { structure } = task.host;
  const finder = new UpdateFinder(structure.graph, new DirectPaths(structure, structure.graph), task.file);
  const updates = tensors.map(([first]) => finder.find(first));
  const schedule = planSchedule(description, task.host);
  const planned = tensors.map((parameters, i) =>
    planParameter(parameters, updates[i] as Update, { ...task, schedule }),
  );
  return { planned, schedule };
}

function planTraining(
  tensors: readonly TensorParameters[],
  description: StepDescription,
  task: Task,
): SplicePlan {
  const planner = new TrainingPlanner(task.host.structure, description);
  const planned = tensors.map((parameters) => planner.plan(parameters, { ...task, schedule: undefined }));
  return { planned };
}

function planSchedule({ schedule, file }: StepDescription, host: Host): ScheduleNodes | undefined {
  if (schedule === undefined) return undefined;
  checkSchedule(schedule, { file, path: 'schedule' });
  return scheduleNodes(schedule, host, file);
}

function insertSchedule({ early, late, after, counter }: ScheduleNodes, { structure, opset }: Host): void {
  const { graph } = structure;
  // Both come before what the parameters put at the start, the early ones first.
  graph.insertAfter(after, late, opset);
  graph.insertAfter(undefined, early, opset);
  if (counter === undefined) return;
  graph.addInput({ name: counter.input, dtype: 'int64', shape: [] });
  graph.addOutput({ name: counter.output, dtype: 'int64', shape: [] });
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
    checkKeys(parameter, ['input', 'output', 'constraint', 'part', 'others'], `the parameter ${name}`);
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
