// The loss of each output of a model, and what it counts: the rules of Keras's `compile`.
// Must not import other folders of fit but losses and models.
import { ConfigError, UsageError } from '../../graph/errors.js';
import { asList } from '../../keras/configValue.js';
import { findLoss, type Loss } from '../losses/lossTable.js';
import type { TrainableModel } from '../models/trainableModel.js';
import {
  type Chosen,
  type CompileOptions,
  chosen,
  chosenByOutput,
  formOf,
  notCompiled,
  numberAt,
  placeOf,
  serializedAt,
} from './compileOptions.js';

export interface OutputLoss {
  readonly loss: Loss;
  /** `undefined` counts as 1. */
  readonly weight: number | undefined;
}

/**
 * In the order of the outputs; `undefined` for one without a loss.
 *
 * @throws {UsageError | ConfigError} where there is none at all, or what is given does not fit the outputs
 */
export function lossesOf(
  model: TrainableModel,
  options: CompileOptions,
): readonly (OutputLoss | undefined)[] {
  const own = chosen(model, options, 'loss');
  if (own.value === undefined) throw notCompiled(model, 'loss');
  const names = model.outputNames;
  if (formOf(own) === 'named' && model.graph.outputsAre === 'unnamed') {
    throw new UsageError(
      'Keras takes no loss by name for a Sequential model; give the loss alone',
      placeOf(own),
    );
  }
  const each = formOf(own) === 'one' ? names.map(() => own) : chosenByOutput(model, own, names);
  const named = namedIn(own, names);
  // Keras lets an output of a list go without a loss where that is said, and one of a dict where it is not named.
  if (model.graph.outputsAre !== 'named') refuseMissing(own, named, names, 'a loss, or null,');
  if (each.every(({ value }) => value === undefined)) {
    throw new UsageError(`no output has a loss; the model has the outputs ${names.join(', ')}`, placeOf(own));
  }
  const weights = weightsOf(model, options, own, named);
  return each.map((entry, i) => {
    if (entry.value === undefined) return undefined;
    const found = serializedAt(entry);
    return { loss: findLoss(found, found.place), weight: weights.get(names[i] as string) };
  });
}

/** Those outputs for which something is given; an object may leave some out. */
function namedIn(own: Chosen, names: readonly string[]): readonly string[] {
  return formOf(own) === 'named' ? names.filter((name) => Object.hasOwn(own.value as object, name)) : names;
}

function refuseMissing(own: Chosen, found: readonly string[], names: readonly string[], what: string): void {
  const missing = names.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  throw new UsageError(
    `there is nothing for ${missing.join(', ')}; give ${what} for each of ${names.join(', ')}`,
    placeOf(own),
  );
}

/** By the names of outputs. @param named the outputs that the losses name */
function weightsOf(
  model: TrainableModel,
  options: CompileOptions,
  loss: Chosen,
  named: readonly string[],
): ReadonlyMap<string, number | undefined> {
  // Weights go with the losses that they were given with.
  if (options.loss !== undefined && options.lossWeights === undefined) return new Map();
  const own = chosen(model, options, 'lossWeights');
  if (own.value === undefined) return new Map();
  const form = formOf(own);
  const list = asList(own.value) ?? [own.value];
  if (formOf(loss) === 'one' && named.length > 1) {
    if (form === 'named' || list.length !== 1) {
      throw new UsageError(
        `one loss for all outputs takes one weight; give a loss for each of ${named.join(', ')}`,
        placeOf(own),
      );
    }
    const weight = numberAt({ ...own, value: list[0] ?? undefined });
    return new Map(named.map((name) => [name, weight]));
  }
  if (form === 'one') {
    if (named.length === 1) return new Map([[named[0] as string, numberAt(own)]]);
    throw new ConfigError(
      `must be a list or an object, with a number for each of ${named.join(', ')}; found ${JSON.stringify(own.value)?.slice(0, 80)}`,
      placeOf(own),
    );
  }
  if (form === 'named' && formOf(loss) === 'list' && [...named].sort().join() !== named.join()) {
    throw new UsageError(
      `the losses are a list, and Keras takes weights by name for those in the order of the alphabet, not of ${named.join(', ')}; give both as lists, or both by name`,
      placeOf(own),
    );
  }
  const each = chosenByOutput(model, own, named);
  refuseMissing(own, namedIn(own, named), named, 'a number');
  return new Map(named.map((name, i) => [name, numberAt(each[i] as Chosen)]));
}
