// What evaluations and predictions are asked for.
// Must not import files or cli.
import type { TensorValue } from '../../graph/tensorValue.js';
import type { OrtModule } from '../../runtime/ort.js';
import type { ProviderEntry } from '../../runtime/providerTable.js';
import type { TrainingData } from '../data/dataset.js';
import type { CompileOptions } from '../step/compileOptions.js';

export interface RunModelOptions {
  /** How many samples in memory are run at once. Default 32. */
  readonly batchSize?: number;
  /** How many batches of a generator are taken. Default: all it gives. */
  readonly steps?: number;
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
  /** The execution provider. Default `cpu`, in browsers `wasm`. */
  readonly provider?: ProviderEntry;
  /** More options of `InferenceSession.create`. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

/** The names of the options of every run. */
export const runOptionNames: readonly (keyof RunModelOptions)[] = [
  'batchSize',
  'steps',
  'ort',
  'provider',
  'sessionOptions',
];

/** Samples to predict for; of a model with several inputs, those of each by its name. */
export type PredictionData = TrainingData['x'];

/** A batch to predict for; labels and weights in it are not looked at. */
export type PredictionBatch = Pick<TrainingData, 'x'> & Partial<TrainingData>;

/** What a model gives for each sample; of several outputs that of each by its name. */
export type Predictions = TensorValue | Record<string, TensorValue>;

export type EvaluateOptions = RunModelOptions &
  Pick<CompileOptions, 'loss' | 'lossWeights' | 'metrics' | 'weightedMetrics'>;
