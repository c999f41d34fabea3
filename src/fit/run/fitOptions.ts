// What a training is asked for, and what it tells.
// Must not import files or cli.
import type { ProviderEntry } from '../../runtime/providerTable.js';
import type { Callback } from '../callbacks/callback.js';
import type { Batches } from '../data/batchStream.js';
import type { ClassWeight } from '../data/classWeights.js';
import type { TrainingData } from '../data/dataset.js';
import type { CompileOptions } from '../step/compileOptions.js';
import type { RunModelOptions } from './runOptions.js';

export interface FitOptions extends CompileOptions, Omit<RunModelOptions, 'provider' | 'steps'> {
  /** The number behind that of the last epoch. Default 1. */
  readonly epochs?: number;
  /** The number of the first epoch, to go on with a training. Default 0. */
  readonly initialEpoch?: number;
  /** How many batches of a generator make an epoch. Default: all it gives. Samples in memory are all taken. */
  readonly stepsPerEpoch?: number;
  /** Take the samples of each epoch in another order. Default true; a generator gives its batches in its own order. */
  readonly shuffle?: boolean;
  /** For the order of samples and what Dropout leaves out. Default 0. */
  readonly seed?: number;
  /** The share of the samples, the last ones, that is kept for validation. Default 0. */
  readonly validationSplit?: number;
  /** What the model is evaluated on after each epoch: samples in memory, or batches one after another. */
  readonly validationData?: TrainingData | Batches<TrainingData>;
  /** How many samples in memory are evaluated at once. Default `batchSize`. */
  readonly validationBatchSize?: number;
  /** How many batches of a generator a validation takes, the first ones wherever it can begin anew. Default: all it gives. */
  readonly validationSteps?: number;
  /** How much the samples of each class count in training, by the number of the class; others count 1. For models with one output. */
  readonly classWeight?: ClassWeight;
  /** Variables whose names hold one of these words, such as `bias`, keep from decaying. Default none. */
  readonly excludeFromWeightDecay?: readonly string[];
  readonly callbacks?: readonly Callback[];
  /**
   * Stops the training between two steps, by throwing the signal's reason. The model is as after the last whole step, with
   * the optimizer's state of then: a training that follows goes on from there.
   */
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
  'lossWeights',
  'metrics',
  'weightedMetrics',
  'batchSize',
  'ort',
  'sessionOptions',
  'epochs',
  'initialEpoch',
  'stepsPerEpoch',
  'shuffle',
  'seed',
  'validationSplit',
  'validationData',
  'validationBatchSize',
  'validationSteps',
  'classWeight',
  'excludeFromWeightDecay',
  'callbacks',
  'signal',
  'progress',
  'constraints',
  'providers',
];
