// Follows Keras's training of tiny networks with each option, and tells what differs.
import { modelFromConfig, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import { storedState } from '../../src/fit/step/optimizerState.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { StepLoop } from '../../src/node.js';
import type { StepBatch } from '../../src/training/stepInputs.js';
import type { StepLoopOptions } from '../../src/training/stepLoopOptions.js';
import { type FollowedTraining, far, farLosses, followTraining, giveWeights } from './followTraining.js';
import { answered, array, type FitRun, models, type OptionCase } from './optionCases.js';
import { cut } from './safetensors.js';

/** How many batches there are, and how large each is. */
export const [steps, batchSize] = [12, 6];

/** Gives the model the values of a list that holds all of them. */
export function setWeights(model: TrainableModel, name: string, numbers: readonly number[]): void {
  giveWeights(model, variablesOf(name), numbers);
}

/** The model of a case with Keras's first values. */
export function modelOf({ model: name, compile_config }: OptionCase | FitRun): TrainableModel {
  const model = modelFromConfig({ ...models[name]?.config, compile_config });
  setWeights(model, name, answered(`${name}/initial`));
  return model;
}

const variablesOf = (name: string) => models[name]?.variables ?? [];
const shapesOf = (name: string) => variablesOf(name).map(([, shape]) => shape);

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
): Promise<FollowedTraining> {
  const step = buildTrainStep(model, {
    sampleWeights: own.weighted,
    excludeFromWeightDecay: own.exclude,
    ...options,
  });
  const batches = batchesOf(own).slice(from, to);
  const followed = await followTraining(StepLoop, model, step, batches, loopOptions);
  for (const [path, value] of Object.entries(followed.weights)) model.weights.set(path, value);
  model.optimizerState = storedState(step.slots, followed.state, step.learningRate);
  return followed;
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
    ...farLosses(losses, wanted, from),
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
