// With which optimizer, losses and metrics a model is trained: what the caller gives, or what it was compiled with.
// Must not import other folders of fit but settings, serialized, models and optimizers.
import { ConfigError, type ErrorPlace, UsageError } from '../../graph/errors.js';
import { asList, field, isObject } from '../../keras/configValue.js';
import { type ByOutput, byOutput } from '../models/byOutput.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { findOptimizer, type Optimizer } from '../optimizers/optimizerTable.js';
import { configKey } from '../serialized.js';
import { Settings } from '../settings.js';

/** A class by name, or as Keras serializes it. */
export type SerializedClass =
  | string
  | { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> };

/** Metrics: a list for the one output; of several outputs those of each. */
export type MetricsOption =
  | readonly SerializedClass[]
  | Exclude<ByOutput<SerializedClass | readonly SerializedClass[]>, SerializedClass>;

export interface CompileOptions {
  /** Default: what the model was compiled with. */
  readonly optimizer?: SerializedClass | undefined;
  /**
   * Of a model with several outputs: one for all, a list in their order, or an object by their names; null for an output
   * that has none. Default: what the model was compiled with.
   */
  readonly loss?: ByOutput<SerializedClass> | undefined;
  /**
   * What the loss of each output counts: the loss is the sum of all, each times its weight. Default 1; without `loss`, what
   * the model was compiled with.
   */
  readonly lossWeights?: ByOutput<number> | undefined;
  /** What to tell beside the loss. Default: what the model was compiled with. */
  readonly metrics?: MetricsOption | undefined;
  /** As `metrics`, with each sample counted by its weight. Default: what the model was compiled with. */
  readonly weightedMetrics?: MetricsOption | undefined;
}

/** What is chosen of an option, and where it stands. */
export interface Chosen {
  /** `undefined` where there is nothing. */
  readonly value: unknown;
  /** The option, or what Keras calls it. */
  readonly key: string;
  readonly place: ErrorPlace;
}

/** What the caller gives, or else what the model was compiled with. */
export function chosen(model: TrainableModel, options: CompileOptions, option: keyof CompileOptions): Chosen {
  const given = options[option];
  if (given !== undefined) return { value: given ?? undefined, key: option, place: {} };
  const key = configKey(option);
  const value = field(model.compileConfig ?? {}, key) ?? undefined;
  return { value, key, place: { file: model.file, path: 'compile_config' } };
}

/** The place of what is chosen. */
export function placeOf({ key, place }: Omit<Chosen, 'value'>): ErrorPlace {
  return { ...place, path: place.path === undefined ? key : `${place.path}.${key}` };
}

/** A list for the outputs, an object by their names, or one for all: a name, a number, a class as Keras serializes it. */
export function formOf({ value }: Chosen): 'one' | 'list' | 'named' {
  if (asList(value) !== undefined) return 'list';
  return isObject(value) && field(value, 'class_name') === undefined ? 'named' : 'one';
}

/** An entry of what is chosen for each output, with its place; an object without one of the outputs gives it none. */
export function chosenByOutput(
  model: TrainableModel,
  own: Chosen,
  names: readonly string[],
): readonly Chosen[] {
  const isNamed = formOf(own) === 'named';
  if (isNamed && model.graph.outputsAre === 'twins') {
    throw new UsageError(
      `several outputs of the model have one name, so that Keras takes lists alone; give a list for ${names.join(', ')}`,
      placeOf(own),
    );
  }
  return byOutput(own.value, names, placeOf(own)).map((value, i) => ({
    ...own,
    value: value ?? undefined,
    key: isNamed ? `${own.key}.${names[i]}` : `${own.key}[${i}]`,
  }));
}

/** A class with its config. @throws {ConfigError} where it is none */
export function serializedAt({ value, key, place }: Chosen): {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly place: ErrorPlace;
} {
  const settings = new Settings('the model', { [key]: value }, place);
  const found = settings.serialized(key);
  if (found === undefined) throw settings.refuse(key, 'a name, or an object with class_name and config');
  return { ...found, place: { file: place.file, path: found.path } };
}

/** @throws {UsageError} where neither the caller nor the model says which */
export function optimizerOf(model: TrainableModel, options: CompileOptions): Optimizer {
  const own = chosen(model, options, 'optimizer');
  if (own.value === undefined) throw notCompiled(model, 'optimizer');
  const found = serializedAt(own);
  return findOptimizer(found, found.place);
}

/** The error where neither the caller nor the model says which. */
export function notCompiled({ file }: TrainableModel, key: 'optimizer' | 'loss'): UsageError {
  return new UsageError(
    `with which ${key}? The model was not compiled with one; give it as the option ${key}`,
    { file },
  );
}

/** @throws {ConfigError} where it is no number */
export function numberAt({ value, key, place }: Chosen): number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new ConfigError(
    `must be a number, found ${JSON.stringify(value)?.slice(0, 80)}`,
    placeOf({ key, place }),
  );
}
