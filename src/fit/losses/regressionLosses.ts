// Losses on the distance between labels and predictions.
// Must not import other folders of fit but settings.
import { softplus } from '../../ops/activations.js';
import { lessEqual, where } from '../../ops/comparison.js';
import {
  abs,
  add,
  divide,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  sqrt,
  square,
  subtract,
} from '../../ops/elementwise.js';
import { mean, sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { type LossFamily, type LossKind, lastAxisOnly } from './lossKind.js';

/** As Keras's `backend.epsilon()`. */
const epsilon = 1e-7;

/** The mean of something over the last dimension. */
function averaged(each: (labels: SymbolicTensor, predictions: SymbolicTensor) => SymbolicTensor): LossKind {
  return {
    settings: [],
    labels: 'values',
    call: (labels, predictions) => mean(each(labels, predictions), -1),
  };
}

/** `log(cosh(x))`, as `x + softplus(-2x) - log 2`, which does not overflow. */
const logCosh = (x: SymbolicTensor): SymbolicTensor => subtract(add(x, softplus(multiply(x, -2))), Math.LN2);

const logOfPositive = (x: SymbolicTensor): SymbolicTensor => log(add(maximum(x, epsilon), 1));

/** `½ e²` up to `delta`, a line from there on. */
const huber: LossKind = {
  settings: ['delta'],
  labels: 'values',
  call: (labels, predictions, settings) => {
    const delta = settings.number('delta', 1);
    const error = subtract(predictions, labels);
    const line = subtract(multiply(abs(error), delta), 0.5 * delta ** 2);
    return mean(where(lessEqual(abs(error), delta), multiply(square(error), 0.5), line), -1);
  },
};

/** The last dimension brought to a length of 1; zeros stay zeros. */
function normalized(x: SymbolicTensor): SymbolicTensor {
  const inverse = divide(1, sqrt(sum(square(x), -1, true)));
  return multiply(x, minimum(inverse, 1 / epsilon));
}

/** The cosine of the angle between labels and predictions. */
export const cosine = (labels: SymbolicTensor, predictions: SymbolicTensor): SymbolicTensor =>
  sum(multiply(normalized(labels), normalized(predictions)), -1);

export const regressionLosses: LossFamily = {
  MeanSquaredError: averaged((labels, predictions) => square(subtract(predictions, labels))),
  MeanAbsoluteError: averaged((labels, predictions) => abs(subtract(labels, predictions))),
  MeanAbsolutePercentageError: averaged((labels, predictions) =>
    multiply(abs(divide(subtract(labels, predictions), maximum(abs(labels), epsilon))), 100),
  ),
  MeanSquaredLogarithmicError: averaged((labels, predictions) =>
    square(subtract(logOfPositive(predictions), logOfPositive(labels))),
  ),
  LogCosh: averaged((labels, predictions) => logCosh(subtract(predictions, labels))),
  Huber: huber,
  CosineSimilarity: {
    settings: ['axis'],
    labels: 'values',
    call: (labels, predictions, settings) => {
      lastAxisOnly(settings);
      return negative(cosine(labels, predictions));
    },
  },
};
