// Runs a train step over batches, watches its constraints, and compares with what Keras answered.
// Must not import Node.
import { type Constraint, classNameOf } from '../../src/constraints/constraint.js';
import type { TrainableModel } from '../../src/fit/models/trainableModel.js';
import type { TrainStep } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import type { StepLoop } from '../../src/node.js';
import type { StepLoopOptions, StepLoopReport } from '../../src/training/stepLoopOptions.js';
import { applyKerasConstraint } from './reference.js';
import { cut } from './safetensors.js';

/** The StepLoop of an entry point. */
export interface Loops {
  create(...args: Parameters<typeof StepLoop.create>): Promise<StepLoop>;
}

/** A loop of a step that has its constraints inside. */
export function openLoop(
  loops: Loops,
  step: TrainStep,
  options: Partial<StepLoopOptions> = {},
): Promise<StepLoop> {
  const parameters = Object.entries(step.parameters).map(([name, pair]) => [
    name,
    { ...pair, constraint: null },
  ]);
  return loops.create(
    step.model,
    { parameters: Object.fromEntries(parameters) },
    {
      initial: step.initial,
      state: step.state,
      inputs: step.learningRate === undefined ? {} : { learning_rate: step.learningRate },
      ...options,
    },
  );
}

/** The path and shape of each variable of a model, in Keras's order. */
export type VariableList = readonly (readonly [path: string, shape: readonly number[]])[];

/** Gives the model the values of a list that holds all of them, one after another. */
export function giveWeights(
  model: TrainableModel,
  variables: VariableList,
  numbers: readonly number[],
): void {
  const values = cut(
    numbers,
    variables.map(([, dims]) => dims),
  );
  for (const [i, [path, dims]] of variables.entries()) {
    model.weights.set(path, { dtype: 'float32', dims, data: Float32Array.from(values[i] ?? []) });
  }
}

export interface FollowedTraining {
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, TensorValue>>;
  readonly state: Readonly<Record<string, TensorValue>>;
  /** The variables whose constraint a step left violated. */
  readonly violated: readonly string[];
  readonly report: StepLoopReport;
}

/** Trains on every batch. */
export async function followTraining(
  loops: Loops,
  model: TrainableModel,
  step: TrainStep,
  batches: Parameters<StepLoop['run']>[0],
  options: Partial<StepLoopOptions> = {},
): Promise<FollowedTraining> {
  const loop = await openLoop(loops, step, options);
  const losses: number[] = [];
  const violated = new Set<string>();
  try {
    await loop.run(batches, {
      onStep: async ({ loss }) => {
        losses.push(loss);
        for (const path of violatedBy(model, await loop.weights())) violated.add(path);
      },
    });
    const [weights, state] = [await loop.weights(), await loop.state()];
    return { losses, weights, state, violated: [...violated], report: loop.report() };
  } finally {
    await loop.dispose();
  }
}

/** The variables that projecting once more would still move. */
export function violatedBy(
  model: TrainableModel,
  weights: Readonly<Record<string, TensorValue>>,
): readonly string[] {
  return model.variables.flatMap(({ path, constraint }) => {
    const value = weights[path];
    return value !== undefined && constraint !== null && isViolated(constraint, value) ? [path] : [];
  });
}

/** A rate below 1 only comes nearer, so that nothing is said of it. */
export function isEnforced(constraint: Constraint | null): boolean {
  return constraint !== null && (constraint.getConfig().rate ?? 1) === 1;
}

function isViolated(constraint: Constraint, value: TensorValue): boolean {
  if (!isEnforced(constraint)) return false;
  const values = toFloat64(value);
  const config = { class_name: classNameOf(constraint), config: constraint.getConfig() };
  const projected = applyKerasConstraint(config, values, value.dims);
  const largest = Math.max(...values.map(Math.abs));
  return projected.some((each, i) => Math.abs(each - (values[i] as number)) > 1e-5 * largest);
}

/** The losses that are farther from Keras's than 1e-4 of each. @param from the step of the first */
export function farLosses(found: readonly number[], wanted: readonly number[], from = 0): readonly string[] {
  return wanted.flatMap((loss, i) => {
    const off = Math.abs((found[i] ?? Number.NaN) - loss) / Math.abs(loss);
    return off < 1e-4 ? [] : [`loss of step ${from + i + 1}: ${found[i]}, Keras ${loss}`];
  });
}

/** What to say of numbers that are farther from those wanted than 1e-4 of the largest. */
export function far(name: string, found: ArrayLike<number>, wanted: readonly number[]): readonly string[] {
  // Of what is all zeros, nothing may differ.
  const largest = Math.max(...wanted.map(Math.abs)) || Number.MIN_VALUE;
  const off = Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN)))) / largest;
  return off < 1e-4 && found.length === wanted.length ? [] : [`${name}: off by ${off}`];
}
