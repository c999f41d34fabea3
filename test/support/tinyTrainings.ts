// Two trainings of a few numbers: the quadrant of a point, and a plane over three numbers.
import { maxNorm, nonNeg } from '../../src/constraints/index.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import {
  dense,
  type FitOptions,
  type History,
  input,
  sequential,
  sgd,
  type TrainableModel,
  fit as train,
} from '../../src/train.js';
import { Random } from './random.js';

/** Points of the plane, labelled by the quadrant they lie in. */
export function quadrants(count: number): { x: Float32Array; y: Int32Array } {
  const random = new Random(7);
  const x = Float32Array.from(random.numbers(count * 2, -1, 1));
  const y = Int32Array.from(
    { length: count },
    (_, i) => Number((x[2 * i] as number) > 0) + 2 * Number((x[2 * i + 1] as number) > 0),
  );
  return { x, y };
}

/** A model of quadrants. */
export function classifier(): TrainableModel {
  return sequential([
    input({ shape: [2] }),
    dense({ units: 16, activation: 'relu', kernelConstraint: maxNorm({ maxValue: 0.9 }) }),
    dense({ units: 4, kernelConstraint: nonNeg() }),
  ]);
}

const x = Float32Array.from(new Random(11).numbers(40 * 3, -1, 1));
const y = Float32Array.from({ length: 40 }, (_, i) => (x[3 * i] as number) - 2 * (x[3 * i + 1] as number));

/** 40 points of the plane, with what is to be found at each. */
export const plane = { x, y };

/** A model of the plane. */
export function regressor(): TrainableModel {
  return sequential([input({ shape: [3] }), dense({ units: 4, activation: 'tanh' }), dense({ units: 1 })]);
}

/** Trains on the plane. */
export function trainPlane(options: FitOptions, model = regressor()): Promise<History> {
  return train(model, plane, {
    optimizer: sgd({ learningRate: 0.05 }),
    loss: 'mse',
    batchSize: 8,
    ...options,
  });
}

/** What a variable holds. */
export function numbersIn({ weights }: TrainableModel, path: string): Float64Array {
  return toFloat64(weights.get(path) as TensorValue);
}
