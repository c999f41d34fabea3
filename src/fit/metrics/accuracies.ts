// Accuracies.
// Must not import other folders of fit but settings.
import { equal, greater, less } from '../../ops/comparison.js';
import { multiply } from '../../ops/elementwise.js';
import { dimsOf, oneHot, sizeAt } from '../../ops/moving.js';
import { mean, sum } from '../../ops/reduction.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import type { Settings } from '../settings.js';
import type { MetricFamily } from './metricKind.js';

/** The place of the largest number along the last dimension, the first of equal ones, in int32. */
function argmax(x: SymbolicTensor): SymbolicTensor {
  const shape = dimsOf('argmax', x).slice(0, -1);
  const attributes = {
    axis: { type: 'int', value: shape.length },
    keepdims: { type: 'int', value: 0 },
  } as const;
  return castTo(applyOp('ArgMax', [x], { dtype: 'int64', shape }, { attributes }), 'int32');
}

const matches = (a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor => castTo(equal(a, b), 'float32');

/** Whether fewer than `k` classes have a larger number than the labelled one. */
function isInTop(classes: SymbolicTensor, predictions: SymbolicTensor, settings: Settings): SymbolicTensor {
  const width = sizeAt('topKCategoricalAccuracy', predictions, -1);
  const labelled = sum(multiply(oneHot(classes, width, predictions.dtype), predictions), -1, true);
  const larger = sum(castTo(greater(predictions, labelled), 'float32'), -1);
  return castTo(less(larger, settings.count('k', 5)), 'float32');
}

export const accuracies: MetricFamily = {
  SparseCategoricalAccuracy: {
    settings: [],
    labels: 'classes',
    rises: true,
    call: (labels, predictions) => matches(labels, argmax(predictions)),
  },
  CategoricalAccuracy: {
    settings: [],
    labels: 'values',
    rises: true,
    call: (labels, predictions) => matches(argmax(labels), argmax(predictions)),
  },
  SparseTopKCategoricalAccuracy: { settings: ['k'], labels: 'classes', rises: true, call: isInTop },
  TopKCategoricalAccuracy: {
    settings: ['k'],
    labels: 'values',
    rises: true,
    call: (labels, predictions, settings) => isInTop(argmax(labels), predictions, settings),
  },
  BinaryAccuracy: {
    settings: ['threshold'],
    labels: 'values',
    rises: true,
    call: (labels, predictions, settings) => {
      const positive = castTo(greater(predictions, settings.number('threshold', 0.5)), 'float32');
      return mean(matches(labels, positive), -1);
    },
  },
};
