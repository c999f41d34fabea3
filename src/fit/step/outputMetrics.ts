// The metrics of each output of a model, and what logs call them: the rules of Keras's `compile`.
// Must not import other folders of fit but metrics and models.
import { ConfigError, type ErrorPlace } from '../../graph/errors.js';
import { asList } from '../../keras/configValue.js';
import {
  findMetric,
  type Metric,
  type MetricContext,
  type SerializedMetric,
} from '../metrics/metricTable.js';
import type { TrainableModel } from '../models/trainableModel.js';
import {
  type Chosen,
  type CompileOptions,
  chosen,
  chosenByOutput,
  formOf,
  placeOf,
  serializedAt,
} from './compileOptions.js';

/** A metric as it is given. */
export interface GivenMetric extends SerializedMetric {
  readonly output: string;
  readonly isWeighted: boolean;
  readonly place: ErrorPlace;
}

/** A metric as a model is compiled with it. */
export interface CompiledMetric extends Metric {
  readonly output: string;
  readonly isWeighted: boolean;
}

/** The metrics of all outputs, the weighted ones behind the others. @throws {ConfigError | UsageError} where one does not fit */
export function givenMetrics(model: TrainableModel, options: CompileOptions): readonly GivenMetric[] {
  return (['metrics', 'weightedMetrics'] as const).flatMap((option) =>
    byOutputs(model, chosen(model, options, option)).flatMap((entries, i) =>
      entries.map((entry) => {
        const { name, config } = serializedAt(entry);
        // Keras calls a metric that is given as a word by that word.
        const label = typeof entry.value === 'string' ? { label: entry.value } : {};
        return {
          name,
          config,
          ...label,
          output: model.outputNames[i] as string,
          isWeighted: option === 'weightedMetrics',
          place: placeOf(entry),
        };
      }),
    ),
  );
}

/** Those of each output. */
function byOutputs(model: TrainableModel, own: Chosen): readonly (readonly Chosen[])[] {
  const { value } = own;
  const form = formOf(own);
  if (value === undefined || asList(value)?.length === 0) return [];
  if (form === 'one') {
    throw new ConfigError(
      `must be a list, or an object by the names of outputs, found ${JSON.stringify(value)?.slice(0, 80)}`,
      placeOf(own),
    );
  }
  // Of one output, Keras takes them all, whatever lists they are in.
  if (model.outputNames.length === 1 && form === 'list') return [flat(own)];
  return chosenByOutput(model, own, model.outputNames).map(flat);
}

/** What is listed, and listed within that. */
function flat(own: Chosen): readonly Chosen[] {
  if (own.value === undefined) return [];
  const list = asList(own.value);
  return list?.flatMap((value, i) => flat({ ...own, value, key: `${own.key}[${i}]` })) ?? [own];
}

/** What metrics are found by. */
export interface MetricGround {
  /** What `accuracy` stands for, by output. */
  readonly contexts: ReadonlyMap<string, MetricContext>;
  /** Whether there is one output alone, whose metrics are not called after it. */
  readonly isOnly: boolean;
  /** The names that the logs have already. */
  readonly taken: readonly string[];
}

/** @throws {ConfigError} where a metric is not known, or does not go with the loss of its output */
export function compileMetrics(
  given: readonly GivenMetric[],
  { contexts, isOnly, taken }: MetricGround,
): readonly CompiledMetric[] {
  const counts = new Map<string, number>(taken.map((name) => [name, 1]));
  return given.map((own) => {
    const { output, isWeighted, place } = own;
    const metric = findMetric(own, contexts.get(output) as MetricContext, place);
    const prefix = isOnly ? '' : `${output}_`;
    // Metrics whose names are taken get others, as Keras gives them.
    const isTaken = isWeighted && counts.has(prefix + metric.name);
    const base = `${prefix}${isTaken ? 'weighted_' : ''}${metric.name}`;
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return { ...metric, name: count === 0 ? base : `${base}_${count}`, output, isWeighted };
  });
}
