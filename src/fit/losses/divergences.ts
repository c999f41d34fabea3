// Losses between distributions that are not cross-entropies.
// Must not import other folders of fit but settings.
import { add, clip, divide, log, multiply, subtract } from '../../ops/elementwise.js';
import { mean, sum } from '../../ops/reduction.js';
import type { LossFamily } from './lossKind.js';

/** As Keras's `backend.epsilon()`: how far probabilities stay from 0. */
const epsilon = 1e-7;

export const divergences: LossFamily = {
  /** `Σ label · log(label / prediction)` */
  KLDivergence: {
    settings: [],
    labels: 'values',
    call: (labels, predictions) => {
      const [wanted, found] = [clip(labels, epsilon, 1), clip(predictions, epsilon, 1)];
      return sum(multiply(wanted, log(divide(wanted, found))), -1);
    },
  },
  /** `mean(prediction - label · log(prediction))` */
  Poisson: {
    settings: [],
    labels: 'values',
    call: (labels, predictions) =>
      mean(subtract(predictions, multiply(labels, log(add(predictions, epsilon)))), -1),
  },
};
