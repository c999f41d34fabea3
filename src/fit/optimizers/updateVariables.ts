// One step of an optimizer on all variables, as Keras orders it: gradients gathered and clipped, weights decayed and
// updated, averages moved, and each constraint last.
// Must not import other folders of fit but settings.
import type { Constraint } from '../../constraints/constraint.js';
import { chooseLowering } from '../../lowering/lowerings.js';
import { multiply, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { Accumulation } from './accumulation.js';
import { clipGradients } from './clipGradients.js';
import { moveAverage } from './movingAverage.js';
import type { UpdateCall } from './optimizerKind.js';
import type { Optimizer } from './optimizerTable.js';
import { type Slot, Slots, slotName } from './slots.js';

/** What of a variable the optimizer needs. */
export interface Trained {
  readonly path: string;
  readonly shape: readonly number[];
  readonly constraint: Constraint | null;
  readonly value: SymbolicTensor;
  readonly gradient: SymbolicTensor;
}

export interface UpdateOptions {
  readonly learningRate: SymbolicTensor;
  /** How many steps were done before, in int32. */
  readonly iteration: SymbolicTensor;
  /** The execution provider whose form of the constraints is taken. */
  readonly provider: string;
  /** Whether constraints are put in at all. */
  readonly constrained: boolean;
  /** Variables whose names hold one of these words keep from decaying. */
  readonly excludeFromWeightDecay: readonly string[];
}

export interface UpdatedVariables {
  /** Each variable after the step, by path. */
  readonly values: ReadonlyMap<string, SymbolicTensor>;
  /** In the order in which Keras stores them. */
  readonly slots: readonly Slot[];
}

/** The slot that holds a variable's moving average. */
export const averageSlot = (path: string): string => slotName('average', path);

const waitingSlot = (path: string): string => slotName('gradient_accumulator', path);

/** Applies the optimizer to each variable, then its constraint to the result. */
export function updateVariables(
  optimizer: Optimizer,
  variables: readonly Trained[],
  options: UpdateOptions,
): UpdatedVariables {
  const slots = declareSlots(optimizer, variables);
  const accumulation = new Accumulation(options.iteration, optimizer.accumulationSteps);
  const gradients = readyGradients(optimizer, variables, accumulation, slots);
  const shared = updateShared(optimizer, accumulation, slots);
  const once = makeOnce();
  const values = new Map<string, SymbolicTensor>();
  for (const [i, variable] of variables.entries()) {
    const updated = updateOne(optimizer, variable, accumulation, slots, {
      gradient: gradients[i] as SymbolicTensor,
      learningRate: options.learningRate,
      variable: decayed(optimizer, variable, options),
      shared,
      once,
    });
    const averaged = averageOne(optimizer, variable, accumulation, slots, updated);
    values.set(variable.path, constrain(variable, averaged, options));
  }
  return { values, slots: slots.all() };
}

/** Keeps what is made under a name. */
function makeOnce(): UpdateCall['once'] {
  const made = new Map<string, SymbolicTensor>();
  return (name, make) => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  };
}

function declareSlots(
  { kind, settings, average, accumulationSteps }: Optimizer,
  variables: readonly Trained[],
): Slots {
  const slots = new Slots();
  const initial = kind.initial?.(settings) ?? 0;
  if (average !== undefined) {
    for (const { path, shape } of variables) slots.declare(averageSlot(path), shape);
  }
  if (accumulationSteps > 1) {
    for (const { path, shape } of variables) slots.declare(waitingSlot(path), shape);
  }
  for (const group of kind.slots(settings)) {
    for (const { path, shape } of variables) {
      for (const name of group) slots.declare(slotName(name, path), shape, initial);
    }
  }
  for (const [name, own] of Object.entries(kind.shared ?? {})) slots.declare(slotName(name), [], own.initial);
  return slots;
}

/** The gradients as they are applied. */
function readyGradients(
  { accumulationSteps, clipping }: Optimizer,
  variables: readonly Trained[],
  accumulation: Accumulation,
  slots: Slots,
): readonly SymbolicTensor[] {
  const gathered = variables.map(({ path, gradient }) => {
    if (accumulationSteps === 1) return gradient;
    const { mean, waiting } = accumulation.gather(gradient, slots.before(waitingSlot(path)));
    slots.keep(waitingSlot(path), waiting);
    return mean;
  });
  return clipGradients(clipping, gathered);
}

/** What is kept for all variables together, as the update under way finds it. */
function updateShared(
  { kind, settings }: Optimizer,
  accumulation: Accumulation,
  slots: Slots,
): (name: string) => SymbolicTensor {
  const after = new Map<string, SymbolicTensor>();
  for (const [name, own] of Object.entries(kind.shared ?? {})) {
    const before = slots.before(slotName(name));
    const next = own.next(before, { settings, step: accumulation.update });
    after.set(name, next);
    slots.keep(slotName(name), accumulation.choose(next, before));
  }
  return (name) => after.get(name) as SymbolicTensor;
}

function updateOne(
  { kind, settings }: Optimizer,
  { path, value }: Trained,
  accumulation: Accumulation,
  slots: Slots,
  given: Pick<UpdateCall, 'gradient' | 'learningRate' | 'variable' | 'shared' | 'once'>,
): SymbolicTensor {
  const slot = (name: string): SymbolicTensor => slots.before(slotName(name, path));
  const update = kind.update({ ...given, settings, step: accumulation.update, slot });
  for (const [name, after] of Object.entries(update.slots)) {
    slots.keep(slotName(name, path), accumulation.choose(after, slot(name)));
  }
  return accumulation.choose(update.variable, value);
}

function averageOne(
  { average }: Optimizer,
  { path }: Trained,
  { updatesBefore }: Accumulation,
  slots: Slots,
  updated: SymbolicTensor,
): SymbolicTensor {
  if (average === undefined) return updated;
  const moved = moveAverage(average, updatesBefore, updated, slots.before(averageSlot(path)));
  slots.keep(averageSlot(path), moved.average);
  return moved.value;
}

/** `w - w · decay · lr` */
function decayed(
  { weightDecay }: Optimizer,
  { path, value }: Trained,
  { learningRate, excludeFromWeightDecay }: UpdateOptions,
): SymbolicTensor {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (weightDecay === 0 || excludeFromWeightDecay.some((word) => name.includes(word))) return value;
  return subtract(value, multiply(multiply(value, weightDecay), learningRate));
}

function constrain(
  { constraint, shape }: Trained,
  updated: SymbolicTensor,
  { provider, constrained }: UpdateOptions,
): SymbolicTensor {
  if (constraint === null || !constrained) return updated;
  return chooseLowering({ constraint, dtype: 'float32', dims: shape, provider }).projectWhole(updated);
}
