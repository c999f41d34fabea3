// The train entry point for browsers: Keras models trained by onnxruntime-web with their constraints.
import { type TrainingEntry, trainingEntry } from './fit/trainingEntry.js';
import { loadWebOrt } from './runtime/webOrt.js';

const entry: TrainingEntry = trainingEntry({
  platform: 'web',
  load: loadWebOrt,
  provider: 'wasm',
  maySkipCopies: () => false,
  writeFile: undefined,
  readFile: undefined,
  showProgress: undefined,
});

/**
 * Trains a model, as Keras's `fit`; its constraints hold after every step.
 *
 * Optimizer, loss and metrics default to those that the model was compiled with. The model's weights are those of the last
 * step afterwards, also where the training was stopped.
 *
 * Data are samples in memory, or batches `{ x, y, sampleWeight }` of a generator, an iterable, or a function that makes one
 * for each epoch; `stepsPerEpoch` says how many batches of an endless one make an epoch.
 *
 * @throws {UsageError | ShapeError} where the data does not fit the model, holds NaN, or a label is out of range
 * @throws {NonFiniteError} when the loss becomes NaN or infinite
 * @throws {ProviderError} when no provider of the list runs the step
 * @example
 * const { history } = await fit(model, { x, y }, { optimizer: adam(), loss: 'mse', epochs: 5, batchSize: 32 });
 */
export const fit: TrainingEntry['fit'] = entry.fit;

/**
 * The loss and the metrics of a model on samples, each the mean over all of them.
 *
 * @throws {UsageError | ShapeError} where the data does not fit the model
 * @example
 * const { loss, accuracy } = await evaluate(model, { x, y });
 */
export const evaluate: TrainingEntry['evaluate'] = entry.evaluate;

/**
 * What the model gives for each sample, as one tensor.
 *
 * @throws {UsageError | ShapeError} where the data does not fit the model
 * @example
 * const { data, dims } = await predict(model, x);
 */
export const predict: TrainingEntry['predict'] = entry.predict;

// biome-ignore lint/performance/noReExportAll: both train entry points have all of it
export * from './fit/index.js';
