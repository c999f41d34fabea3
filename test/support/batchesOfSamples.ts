// Samples in memory and the same ones batch after batch, in every way in which users may give them.
import {
  adam,
  dense,
  dropout,
  input,
  sequential,
  type TrainableModel,
  type TrainingData,
} from '../../src/train.js';
import { Random } from './random.js';

const random = new Random(5);
export const [count, width, size] = [21, 3, 8];
export const x = Float32Array.from(random.numbers(count * width, -1, 1));
export const y = Int32Array.from({ length: count }, () => random.integer(0, 2));
const sampleWeight = Float32Array.from(random.numbers(count, 0, 2));

export const model = () =>
  sequential([
    input({ shape: [width] }),
    dense({ units: 5, activation: 'tanh' }),
    dropout({ rate: 0.3 }),
    dense({ units: 3, activation: 'softmax' }),
  ]);
export const compiled = {
  optimizer: adam({ learningRate: 0.02 }),
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
  weightedMetrics: ['sparse_categorical_crossentropy'],
};

/** The samples from one number to another. */
export const part = (from: number, to: number, isWeighted = true) => ({
  x: x.slice(from * width, to * width),
  y: y.slice(from, to),
  ...(isWeighted && { sampleWeight: sampleWeight.slice(from, to) }),
});
const starts = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
/** All samples in batches, the last of which is short. */
export const batches = (isWeighted = true) =>
  starts.map((from) => part(from, Math.min(from + size, count), isWeighted));

export function* generator(isWeighted = true): Generator<TrainingData> {
  yield* batches(isWeighted);
}
export async function* later(isWeighted = true): AsyncGenerator<TrainingData> {
  for (const batch of batches(isWeighted)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield batch;
  }
}
export async function* endless(): AsyncGenerator<TrainingData> {
  for (;;) yield* later();
}

export const weightsOf = (own: TrainableModel) => [...own.weights.values()].map(({ data }) => data);
