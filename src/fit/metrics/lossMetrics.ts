// Metrics that are losses, or nearly so.
// Must not import other folders of fit but settings and losses.
import { square, subtract } from '../../ops/elementwise.js';
import { mean } from '../../ops/reduction.js';
import { type LossKind, lastAxisOnly } from '../losses/lossKind.js';
import { lossKinds } from '../losses/lossTable.js';
import { cosine } from '../losses/regressionLosses.js';
import type { MetricFamily, MetricKind } from './metricKind.js';

/** The loss of a class, as a metric. */
const ofLoss = (className: string): MetricKind => ({
  ...(lossKinds.get(className) as LossKind),
  rises: false,
});

const sameNames: readonly string[] = [
  'MeanSquaredError',
  'MeanAbsoluteError',
  'MeanAbsolutePercentageError',
  'MeanSquaredLogarithmicError',
  'Hinge',
  'SquaredHinge',
  'CategoricalHinge',
  'KLDivergence',
  'Poisson',
  'BinaryCrossentropy',
  'CategoricalCrossentropy',
  'SparseCategoricalCrossentropy',
];

export const lossMetrics: MetricFamily = {
  ...Object.fromEntries(sameNames.map((name) => [name, ofLoss(name)])),
  LogCoshError: ofLoss('LogCosh'),
  RootMeanSquaredError: {
    settings: [],
    labels: 'values',
    rises: false,
    isRoot: true,
    call: (labels, predictions) => mean(square(subtract(predictions, labels)), -1),
  },
  /** Without the sign that the loss has. */
  CosineSimilarity: {
    settings: ['axis'],
    labels: 'values',
    rises: true,
    call: (labels, predictions, settings) => {
      lastAxisOnly(settings);
      return cosine(labels, predictions);
    },
  },
};
