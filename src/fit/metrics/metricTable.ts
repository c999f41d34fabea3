// The table of metrics. To add one: write its row in the file of its family (a new family gets a line here).
// Must not import other folders of fit but settings and losses.
import { ConfigError, type ErrorPlace } from '../../graph/errors.js';
import { bareClass, snakeCase } from '../../keras/serializedLayer.js';
import { multiply, sqrt } from '../../ops/elementwise.js';
import { dimsOf } from '../../ops/moving.js';
import { mean } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { lossAliases, weightedMean } from '../losses/lossTable.js';
import { Settings } from '../settings.js';
import { accuracies } from './accuracies.js';
import { lossMetrics } from './lossMetrics.js';
import type { MetricKind } from './metricKind.js';

const kinds: ReadonlyMap<string, MetricKind> = new Map(
  [accuracies, lossMetrics].flatMap((family) => Object.entries(family)),
);

/** Names as Keras has them, in lower case. */
const aliases: ReadonlyMap<string, string> = new Map([
  ...['mse', 'mae', 'mape', 'msle', 'bce'].map((name) => [name, lossAliases.get(name) as string] as const),
  ...[...kinds.keys()].map((name) => [snakeCase(name), name] as const),
]);

/** A metric with its settings. */
export interface Metric {
  /** What it is called in logs. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly settings: Settings;
}

/** What `accuracy` stands for depends on the labels and the predictions, as in Keras. */
export interface MetricContext {
  readonly isClasses: boolean;
  /** How many numbers a prediction has. */
  readonly width: number;
}

/** A metric by its name in any of Keras's spellings, or as a class with its config. */
export interface SerializedMetric {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What it is called; default: what its config or its class is. */
  readonly label?: string;
}

/** @throws {ConfigError} when the metric is not known, or takes other labels than the loss */
export function findMetric(
  { name: given, config, label }: SerializedMetric,
  { isClasses, width }: MetricContext,
  place: ErrorPlace,
): Metric {
  const bare = bareClass(given);
  const settings = new Settings(bare, config, place);
  const known = knownName(isAccuracy(bare) ? accuracyFor(isClasses, width) : bare);
  const kind = kinds.get(known ?? '');
  if (kind === undefined || known === undefined) {
    throw new ConfigError(
      `unknown metric '${given}'; known are accuracy, ${[...kinds.keys()].join(', ')}`,
      place,
    );
  }
  if ((kind.labels === 'classes') !== isClasses) {
    const wanted = isClasses ? 'numbers of classes' : 'as many numbers as a prediction has';
    throw new ConfigError(`${known} does not go with the loss, whose labels are ${wanted}`, place);
  }
  settings.refuseOthers(['name', 'dtype', 'fn', ...kind.settings]);
  const own = typeof config.name === 'string' ? config.name : defaultName(bare);
  return { name: label ?? own, kind, settings };
}

/** What labels a metric takes; `undefined` where it takes those of the loss, or is not known. */
export function labelsOfMetric({ name }: SerializedMetric): MetricKind['labels'] | undefined {
  return kinds.get(knownName(bareClass(name)) ?? '')?.labels;
}

/**
 * A metric of the batch from that of each of its entries.
 *
 * @param weights one for each entry of the batch; default: all count alike
 */
export function reduceMetric(
  { isRoot }: MetricKind,
  each: SymbolicTensor,
  weights: SymbolicTensor | undefined,
): SymbolicTensor {
  const inner = dimsOf('metric', each).flatMap((_, i) => (i === 0 ? [] : [i]));
  const entries = inner.length === 0 ? each : mean(each, inner);
  const reduced = weights === undefined ? mean(entries) : weightedMean(multiply(entries, weights), weights);
  return isRoot === true ? sqrt(reduced) : reduced;
}

const isAccuracy = (className: string): boolean => /^(acc|accuracy)$/i.test(className);

const knownName = (className: string): string | undefined =>
  kinds.has(className) ? className : aliases.get(className.toLowerCase());

const defaultName = (className: string): string =>
  className === 'LogCoshError' ? 'logcosh' : snakeCase(className);

function accuracyFor(isClasses: boolean, width: number): string {
  if (isClasses) return 'SparseCategoricalAccuracy';
  return width === 1 ? 'BinaryAccuracy' : 'CategoricalAccuracy';
}
