// The table of losses. To add one: write its row in the file of its family (a new family gets a line here).
// Must not import other folders of fit but settings.
import { ConfigError, type ErrorPlace, UnsupportedError } from '../../graph/errors.js';
import type { Dim } from '../../graph/shape.js';
import { bareClass, snakeCase } from '../../keras/serializedLayer.js';
import { equal, where } from '../../ops/comparison.js';
import { divide, multiply } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { mean, sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { Settings } from '../settings.js';
import { crossentropies } from './crossentropies.js';
import { divergences } from './divergences.js';
import { hingeLosses } from './hingeLosses.js';
import type { LossKind } from './lossKind.js';
import { regressionLosses } from './regressionLosses.js';

/** The losses, by Keras's class name. */
export const lossKinds: ReadonlyMap<string, LossKind> = new Map(
  [crossentropies, regressionLosses, hingeLosses, divergences].flatMap((family) => Object.entries(family)),
);

/** Short names, as Keras has them, of losses and of the metrics that are losses. */
export const lossAliases: ReadonlyMap<string, string> = new Map([
  ['mse', 'MeanSquaredError'],
  ['mae', 'MeanAbsoluteError'],
  ['mape', 'MeanAbsolutePercentageError'],
  ['msle', 'MeanSquaredLogarithmicError'],
  ['bce', 'BinaryCrossentropy'],
  ['kld', 'KLDivergence'],
  ...[...lossKinds.keys()].map((name) => [snakeCase(name), name] as const),
]);

/** A loss with its settings. */
export interface Loss {
  readonly name: string;
  readonly kind: LossKind;
  readonly settings: Settings;
}

/** A loss by its name in any of Keras's spellings, or as a class with its config. */
export interface SerializedLoss {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** @throws {ConfigError} when the loss is not known */
export function findLoss({ name, config }: SerializedLoss, place: ErrorPlace): Loss {
  const bare = bareClass(name);
  const className = lossKinds.has(bare) ? bare : lossAliases.get(bare.toLowerCase());
  const kind = lossKinds.get(className ?? '');
  if (className === undefined || kind === undefined) {
    throw new ConfigError(`unknown loss '${name}'; known are ${[...lossKinds.keys()].join(', ')}`, place);
  }
  const settings = new Settings(className, config, place);
  settings.refuseOthers(['name', 'reduction', 'dtype', 'fn', ...kind.settings]);
  return { name: className, kind, settings };
}

/**
 * The loss of a batch: the mean of the predictions' losses, each times its weight; the weights do not divide, as in Keras.
 *
 * @param weights one for each entry of the batch
 */
export function reduceLoss(
  { kind, settings }: Loss,
  labels: SymbolicTensor,
  predictions: SymbolicTensor,
  weights?: SymbolicTensor,
): SymbolicTensor {
  const each = kind.call(labels, predictions, settings);
  const weighted = weights === undefined ? each : multiply(each, reshapeTo(weights, weightShape(each)));
  const reductions = [
    'sum_over_batch_size',
    'mean',
    'auto',
    'sum',
    'mean_with_sample_weight',
    'none',
  ] as const;
  // Written as null, which is not the default here.
  const isNone = settings.config.reduction === null;
  switch (isNone ? 'none' : settings.choice('reduction', reductions, 'sum_over_batch_size')) {
    case 'sum':
      return sum(weighted);
    case 'mean_with_sample_weight':
      return weights === undefined ? mean(weighted) : weightedMean(weighted, weights);
    case 'none':
      throw new UnsupportedError('a loss without a reduction cannot be trained on', {
        ...settings.place,
        path: settings.pathOf('reduction'),
      });
    default:
      return mean(weighted);
  }
}

/** The sum of what is weighted over that of the weights; zero where all weights are, as in Keras. */
export function weightedMean(weighted: SymbolicTensor, weights: SymbolicTensor): SymbolicTensor {
  const total = sum(weights);
  return where(equal(total, 0), 0, divide(sum(weighted), where(equal(total, 0), 1, total)));
}

const weightShape = (each: SymbolicTensor): readonly Dim[] =>
  dimsOf('loss', each).map((dim, i) => (i === 0 ? dim : 1));
