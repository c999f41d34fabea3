// A small model and data for trainings that are compared between providers: convolution in threes, both poolings, running
// statistics, a last batch that is shorter.
// Must not import Node.
import {
  adam,
  averagePooling2d,
  batchNormalization,
  conv2d,
  dense,
  dropout,
  type FitOptions,
  flatten,
  input,
  maxPooling2d,
  sequential,
  type TrainableModel,
  type TrainingData,
} from '../../src/fit/index.js';
import { maxNorm } from '../../src/index.js';
import { Random } from './random.js';

export const SAMPLES = 22;

/** @param rate what Dropout leaves out */
export function smallModel(rate = 0): TrainableModel {
  return sequential([
    input({ shape: [7, 7, 2] }),
    conv2d({ filters: 6, kernelSize: 2, activation: 'relu' }),
    batchNormalization(),
    maxPooling2d(),
    dropout({ rate }),
    conv2d({ filters: 4, kernelSize: 2, activation: 'relu' }),
    averagePooling2d({ strides: 1 }),
    flatten(),
    dense({ units: 3, activation: 'softmax', kernelConstraint: maxNorm({ maxValue: 0.5 }) }),
  ]);
}

export function smallData(): TrainingData {
  const random = new Random(4);
  return {
    x: { data: Float32Array.from(random.numbers(SAMPLES * 98, -1, 1)), dims: [SAMPLES, 7, 7, 2] },
    y: Int32Array.from({ length: SAMPLES }, () => random.integer(0, 2)),
  };
}

export const smallOptions: FitOptions = {
  optimizer: adam({ learningRate: 0.01 }),
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
  batchSize: 8,
  epochs: 2,
  validationSplit: 0.25,
};

/** The largest difference between two histories; NaN where one lacks what the other has. */
export function historyDistance(
  found: Readonly<Record<string, readonly number[]>>,
  wanted: Readonly<Record<string, readonly number[]>>,
): number {
  const differences = Object.entries(wanted).flatMap(([name, values]) =>
    values.map((value, epoch) => Math.abs(value - (found[name]?.[epoch] ?? Number.NaN))),
  );
  return Math.max(...differences);
}
