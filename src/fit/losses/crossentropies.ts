// Cross-entropies.
// Must not import other folders of fit but settings.
import { logSoftmax, softplus } from '../../ops/activations.js';
import { add, clip, divide, log, multiply, negative, subtract } from '../../ops/elementwise.js';
import { oneHot, sizeAt } from '../../ops/moving.js';
import { mean, sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Settings } from '../settings.js';
import { type LossFamily, lastAxisOnly } from './lossKind.js';

/** As Keras's `backend.epsilon()`: how far probabilities stay from 0 and 1. */
const epsilon = 1e-7;

/** `-Σ labels · log(probability)` over the last dimension. */
function againstOneHot(
  labels: SymbolicTensor,
  predictions: SymbolicTensor,
  settings: Settings,
): SymbolicTensor {
  lastAxisOnly(settings);
  return negative(sum(multiply(labels, logProbabilities(predictions, settings)), -1));
}

function logProbabilities(predictions: SymbolicTensor, settings: Settings): SymbolicTensor {
  if (settings.boolean('from_logits', false)) return logSoftmax(predictions);
  const scaled = divide(predictions, sum(predictions, -1, true));
  return log(clip(scaled, epsilon, 1 - epsilon));
}

/** Labels moved towards the mean of all classes. */
function smoothed(labels: SymbolicTensor, settings: Settings, classes: number): SymbolicTensor {
  const smoothing = settings.number('label_smoothing', 0);
  return smoothing === 0 ? labels : add(multiply(labels, 1 - smoothing), smoothing / classes);
}

/** `-label · log(p) - (1 - label) · log(1 - p)` for each number, of probabilities or their logits. */
function binary(labels: SymbolicTensor, predictions: SymbolicTensor, settings: Settings): SymbolicTensor {
  const [yes, no] = settings.boolean('from_logits', false)
    ? [softplus(negative(predictions)), softplus(predictions)]
    : logsOfBoth(clip(predictions, epsilon, 1 - epsilon));
  return add(multiply(labels, yes), multiply(subtract(1, labels), no));
}

const logsOfBoth = (p: SymbolicTensor): readonly [SymbolicTensor, SymbolicTensor] => [
  negative(log(p)),
  negative(log(subtract(1, p))),
];

export const crossentropies: LossFamily = {
  SparseCategoricalCrossentropy: {
    settings: ['from_logits', 'axis'],
    labels: 'classes',
    call: (labels, predictions, settings) => {
      const classes = sizeAt('sparseCategoricalCrossentropy', predictions, -1);
      return againstOneHot(oneHot(labels, classes, predictions.dtype), predictions, settings);
    },
  },
  CategoricalCrossentropy: {
    settings: ['from_logits', 'label_smoothing', 'axis'],
    labels: 'values',
    call: (labels, predictions, settings) => {
      const classes = sizeAt('categoricalCrossentropy', labels, -1);
      return againstOneHot(smoothed(labels, settings, classes), predictions, settings);
    },
  },
  BinaryCrossentropy: {
    settings: ['from_logits', 'label_smoothing', 'axis'],
    labels: 'values',
    call: (labels, predictions, settings) => {
      lastAxisOnly(settings);
      return mean(binary(smoothed(labels, settings, 2), predictions, settings), -1);
    },
  },
};
