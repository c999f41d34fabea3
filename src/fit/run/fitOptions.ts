// What a training is asked for, and what it tells.
// Must not import files or cli.
import type { ProviderEntry } from '../../runtime/providerTable.js';
import type { Callback } from '../callbacks/callback.js';
import type { ClassWeight } from '../data/classWeights.js';
import type { TrainingData } from '../data/dataset.js';
import type { CompileOptions } from '../step/compileOptions.js';
import type { RunModelOptions } from './evaluate.js';

export interface FitOptions extends CompileOptions, Omit<RunModelOptions, 'provider'> {
  /** The number behind that of the last epoch. Default 1. */
  readonly epochs?: number;
  /** The number of the first epoch, to go on with a training. Default 0. */
  readonly initialEpoch?: number;
  /** Take the samples of each epoch in another order. Default true. */
  readonly shuffle?: boolean;
  /** For the order of samples and what Dropout leaves out. Default 0. */
  readonly seed?: number;
  /** The share of the samples, the last ones, that is kept for validation. Default 0. */
  readonly validationSplit?: number;
  readonly validationData?: TrainingData;
  /** How much the samples of each class count in training, by the number of the class; others count 1. */
  readonly classWeight?: ClassWeight;
  /** Variables whose names hold one of these words, such as `bias`, keep from decaying. Default none. */
  readonly excludeFromWeightDecay?: readonly string[];
  readonly callbacks?: readonly Callback[];
  /** Stops the training between two steps, by throwing the signal's reason; the model keeps what it has learnt. */
  readonly signal?: AbortSignal;
  /** Show a line with loss and steps per second on standard error, where that is a terminal. Node only. Default false. */
  readonly progress?: boolean;
  /** False leaves the constraints out. Default true. */
  readonly constraints?: boolean;
  /** Execution providers; the step runs on the first that takes all of it. Default `['cpu']`, in browsers `['wasm']`. */
  readonly providers?: readonly ProviderEntry[];
}

/** What a training told. */
export interface History {
  /** The numbers of the epochs, 0 for the first. */
  readonly epoch: readonly number[];
  /** By name, one number for each epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** The names of all options. */
export const fitOptionNames: readonly (keyof FitOptions)[] = [
  'optimizer',
  'loss',
  'metrics',
  'weightedMetrics',
  'batchSize',
  'ort',
  'sessionOptions',
  'epochs',
  'initialEpoch',
  'shuffle',
  'seed',
  'validationSplit',
  'validationData',
  'classWeight',
  'excludeFromWeightDecay',
  'callbacks',
  'signal',
  'progress',
  'constraints',
  'providers',
];
