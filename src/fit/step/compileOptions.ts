// With which optimizer, loss and metrics a model is trained: what the caller gives, or what it was compiled with.
// Must not import other folders of fit but settings, losses, metrics, optimizers and models.
import { type ErrorPlace, UnsupportedError, UsageError } from '../../graph/errors.js';
import { asList } from '../../keras/configValue.js';
import { findLoss, type Loss } from '../losses/lossTable.js';
import { findMetric, type Metric, type MetricContext } from '../metrics/metricTable.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { findOptimizer, type Optimizer } from '../optimizers/optimizerTable.js';
import { Settings } from '../settings.js';

/** A class by name, or as Keras serializes it. */
export type SerializedClass =
  | string
  | { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> };

export interface CompileOptions {
  /** Default: what the model was compiled with. */
  readonly optimizer?: SerializedClass | undefined;
  /** Default: what the model was compiled with. */
  readonly loss?: SerializedClass | undefined;
  /** What to tell beside the loss. Default: what the model was compiled with. */
  readonly metrics?: readonly SerializedClass[] | undefined;
  /** As `metrics`, with each sample counted by its weight. Default: what the model was compiled with. */
  readonly weightedMetrics?: readonly SerializedClass[] | undefined;
}

interface Found {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly place: ErrorPlace;
}

/** @throws {UsageError} where neither the caller nor the model says which */
export function optimizerOf(model: TrainableModel, options: CompileOptions): Optimizer {
  const found = single(model, options, 'optimizer');
  return findOptimizer(found, found.place);
}

/**
 * @throws {UsageError} where neither the caller nor the model says which
 * @throws {UnsupportedError} where the model was compiled with a weight of its loss
 */
export function lossOf(model: TrainableModel, options: CompileOptions): Loss {
  if (options.loss === undefined && (model.compileConfig?.loss_weights ?? null) !== null) {
    throw new UnsupportedError('a weight of the one loss is not known here; weigh samples or classes', {
      file: model.file,
      path: 'compile_config.loss_weights',
    });
  }
  const found = single(model, options, 'loss');
  return findLoss(found, found.place);
}

/** The metrics, the weighted ones behind the others. @throws {ConfigError} where one is not known */
export function metricsOf(
  model: TrainableModel,
  { metrics, weightedMetrics }: CompileOptions,
  context: MetricContext,
): readonly CompiledMetric[] {
  const found = listed(model, metrics, 'metrics', context);
  const weighted = listed(model, weightedMetrics, 'weighted_metrics', context);
  return unlike([
    ...found.map((metric) => ({ ...metric, isWeighted: false })),
    ...weighted.map((metric) => ({ ...metric, isWeighted: true })),
  ]);
}

/** A metric as a model is compiled with it. */
export interface CompiledMetric extends Metric {
  readonly isWeighted: boolean;
}

function listed(
  model: TrainableModel,
  given: readonly SerializedClass[] | undefined,
  key: 'metrics' | 'weighted_metrics',
  context: MetricContext,
): readonly Metric[] {
  const place: ErrorPlace =
    given === undefined ? { file: model.file, path: `compile_config.${key}` } : { path: key };
  const list = asList(given ?? model.compileConfig?.[key] ?? []);
  if (list === undefined || list.some((item) => asList(item) !== undefined)) {
    throw new UnsupportedError(`${key} are a list here, for the one output`, place);
  }
  return list.map((item, i) => {
    const at = { ...place, path: `${place.path}[${i}]` };
    const serialized = new Settings('the metrics', { metric: item }, at).serialized('metric');
    const { name, config } = serialized ?? { name: String(item), config: {} };
    // Keras calls a metric that is given as a word by that word.
    return findMetric({ name, config, ...(typeof item === 'string' && { label: item }) }, context, at);
  });
}

/** Metrics whose names are taken get others, as Keras gives them. */
function unlike(metrics: readonly CompiledMetric[]): readonly CompiledMetric[] {
  const counts = new Map<string, number>([['loss', 1]]);
  return metrics.map((metric) => {
    const base = metric.isWeighted && counts.has(metric.name) ? `weighted_${metric.name}` : metric.name;
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return count === 0 ? { ...metric, name: base } : { ...metric, name: `${base}_${count}` };
  });
}

function single(model: TrainableModel, options: CompileOptions, key: 'optimizer' | 'loss'): Found {
  const given = options[key];
  const place: ErrorPlace = given === undefined ? { file: model.file, path: 'compile_config' } : {};
  const source = given === undefined ? (model.compileConfig ?? {}) : { [key]: given };
  if (asList(source[key]) !== undefined) {
    throw new UnsupportedError(`is a list, one for each output; give one, for the one output`, {
      ...place,
      path: place.path === undefined ? key : `${place.path}.${key}`,
    });
  }
  const found = new Settings('the model', source, place).serialized(key);
  if (found !== undefined) return { ...found, place: { file: place.file, path: found.path } };
  throw new UsageError(
    `with which ${key}? The model was not compiled with one; give it as the option ${key}`,
    {
      file: model.file,
    },
  );
}
