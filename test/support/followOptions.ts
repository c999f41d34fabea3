// Follows Keras's training of tiny networks with each option, and tells what differs.
import { type Constraint, classNameOf } from '../../src/constraints/constraint.js';
import { modelFromConfig, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import { storedState } from '../../src/fit/step/optimizerState.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { StepLoop } from '../../src/node.js';
import type { StepBatch } from '../../src/training/stepInputs.js';
import type { StepLoopOptions, StepLoopReport } from '../../src/training/stepLoopOptions.js';
import { answered, array, cut, type FitRun, models, type OptionCase } from './optionCases.js';
import { applyKerasConstraint } from './reference.js';

/** How many batches there are, and how large each is. */
export const [steps, batchSize] = [12, 6];

/** Gives the model the values of a list that holds all of them. */
export function setWeights(model: TrainableModel, name: string, numbers: readonly number[]): void {
  const values = cut(numbers, shapesOf(name));
  for (const [i, [path, dims]] of variablesOf(name).entries()) {
    model.weights.set(path, { dtype: 'float32', dims, data: Float32Array.from(values[i] ?? []) });
  }
}

/** The model of a case with Keras's first values. */
export function modelOf({ model: name, compile_config }: OptionCase | FitRun): TrainableModel {
  const model = modelFromConfig({ ...models[name]?.config, compile_config });
  setWeights(model, name, answered(`${name}/initial`));
  return model;
}

const variablesOf = (name: string) => models[name]?.variables ?? [];
const shapesOf = (name: string) => variablesOf(name).map(([, shape]) => shape);

export interface FollowedOptions {
  readonly losses: readonly number[];
  /** The variables whose constraint a step left violated. */
  readonly violated: readonly string[];
  readonly report: StepLoopReport;
}

function batchesOf({ labels, weighted }: OptionCase): StepBatch[] {
  const columns = { x: 'x', y: labels, ...(weighted && { sample_weight: 'weight' }) };
  return Array.from({ length: steps }, (_, step) =>
    Object.fromEntries(
      Object.entries(columns).map(([input, name]) => {
        const data = array(name);
        const size = data.length / steps;
        const part = data.slice(step * size, (step + 1) * size);
        const width = size / batchSize;
        // Labels of one number each have no second dimension, but those of a single unit have.
        const isFlat = name === 'weight' || name === 'classes';
        return [input, { data: part, dims: isFlat ? [batchSize] : [batchSize, width] }];
      }),
    ),
  );
}

/** Trains on the batches from `from` to `to`, and gives the model what came out. */
export async function followOptions(
  own: OptionCase,
  model: TrainableModel,
  options: TrainStepOptions = {},
  { from = 0, to = steps, ...loopOptions }: { from?: number; to?: number } & Partial<StepLoopOptions> = {},
): Promise<FollowedOptions> {
  const step = buildTrainStep(model, {
    sampleWeights: own.weighted,
    excludeFromWeightDecay: own.exclude,
    ...options,
  });
  const parameters = Object.entries(step.parameters).map(([name, pair]) => [
    name,
    { ...pair, constraint: null },
  ]);
  const loop = await StepLoop.create(
    step.model,
    { parameters: Object.fromEntries(parameters) },
    {
      initial: step.initial,
      state: step.state,
      inputs: step.learningRate === undefined ? {} : { learning_rate: step.learningRate },
      ...loopOptions,
    },
  );
  const losses: number[] = [];
  const violated = new Set<string>();
  try {
    await loop.run(batchesOf(own).slice(from, to), {
      onStep: async ({ loss }) => {
        losses.push(loss);
        for (const path of violatedBy(model, await loop.weights())) violated.add(path);
      },
    });
    for (const [path, value] of Object.entries(await loop.weights())) model.weights.set(path, value);
    model.optimizerState = storedState(step.slots, await loop.state(), step.learningRate);
    return { losses, violated: [...violated], report: loop.report() };
  } finally {
    await loop.dispose();
  }
}

/** What is farther from Keras than 1e-4: each loss relative to itself, each variable and slot to its largest value. */
export function farFromKerasOptions(
  own: OptionCase,
  model: TrainableModel,
  losses: readonly number[],
  from = 0,
): readonly string[] {
  const wanted = answered(`${own.id}/loss`).slice(from);
  const state = cut(answered(`${own.id}/state`), own.state);
  const shapes = model.optimizerState.map(({ dims }) => dims);
  return [
    ...wanted.flatMap((loss, i) => {
      const off = Math.abs((losses[i] ?? Number.NaN) - loss) / Math.abs(loss);
      return off < 1e-4 ? [] : [`loss of step ${from + i + 1}: ${losses[i]}, Keras ${loss}`];
    }),
    ...farWeights(own, model),
    ...(JSON.stringify(shapes) === JSON.stringify(own.state)
      ? []
      : [`state of shapes ${JSON.stringify(shapes)}`]),
    ...state.flatMap((values, i) =>
      far(`state ${i}`, toFloat64(model.optimizerState[i] as TensorValue), values),
    ),
  ];
}

/** The variables that are farther from Keras's than 1e-4 of the largest. */
export function farWeights(own: OptionCase | FitRun, model: TrainableModel): readonly string[] {
  const final = cut(answered(`${own.id}/final`), shapesOf(own.model));
  return variablesOf(own.model).flatMap(([path], i) =>
    far(path, toFloat64(model.weights.get(path) as TensorValue), final[i] ?? []),
  );
}

/** What to say of numbers that are too far from those wanted; absolute where all of these are zero. */
export function far(name: string, found: ArrayLike<number>, wanted: readonly number[]): readonly string[] {
  const largest = Math.max(...wanted.map(Math.abs)) || 1;
  const off = Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN)))) / largest;
  return off < 1e-4 && found.length === wanted.length ? [] : [`${name}: off by ${off}`];
}

/** The variables that projecting once more would still move. */
function violatedBy(
  model: TrainableModel,
  weights: Readonly<Record<string, TensorValue>>,
): readonly string[] {
  return model.variables.flatMap(({ path, constraint }) => {
    const value = weights[path];
    return value !== undefined && constraint !== null && isViolated(constraint, value) ? [path] : [];
  });
}

function isViolated(constraint: Constraint, value: TensorValue): boolean {
  const values = toFloat64(value);
  const config = { class_name: classNameOf(constraint), config: constraint.getConfig() };
  const projected = applyKerasConstraint(config, values, value.dims);
  const largest = Math.max(...values.map(Math.abs));
  return projected.some((each, i) => Math.abs(each - (values[i] as number)) > 1e-5 * largest);
}
