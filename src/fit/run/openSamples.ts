// What users give as data made samples for epochs; the options that go with it are checked.
// Must not import files or cli.
import { UsageError } from '../../graph/errors.js';
import { type Batches, BatchStream, isBatches } from '../data/batchStream.js';
import { Dataset, type TrainingData } from '../data/dataset.js';
import { type Samples, samplesInMemory, samplesOfStream } from '../data/samples.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { Random } from '../random.js';
import type { LabelSpec } from '../step/trainStep.js';
import type { FitOptions } from './fitOptions.js';

/** The samples of a training. */
export interface FitSamples {
  readonly training: Samples;
  readonly validation: Samples | undefined;
  /** That of every batch, where all have the same: a step that knows it is the faster one. */
  readonly batchSize: number | undefined;
}

/** @throws {UsageError | ShapeError} where data or options do not fit the model or one another */
export async function openSamples(
  model: TrainableModel,
  labels: readonly LabelSpec[],
  data: TrainingData | Batches<TrainingData>,
  options: FitOptions,
): Promise<FitSamples> {
  checkCounts(options);
  const { epochs = 1, initialEpoch = 0, batchSize = 32, classWeight, validationData } = options;
  if (model.outputNames.length > 1) {
    const several = `the model has the outputs ${model.outputNames.join(', ')}; give sampleWeight`;
    refuse(options, ['classWeight'], several);
  }
  const { validationBatchSize = batchSize, stepsPerEpoch: steps, validationSteps } = options;
  const validationOf = async (): Promise<Samples | undefined> => {
    if (validationData === undefined) {
      refuse(options, ['validationSteps', 'validationBatchSize'], 'there is no validationData');
      return undefined;
    }
    if (!isBatches(validationData)) {
      refuse(options, ['validationSteps'], 'validationData lies in memory and is taken whole');
      return samplesInMemory(
        Dataset.read(model, labels, validationData, 'validationData'),
        validationBatchSize,
      );
    }
    refuse(options, ['validationBatchSize'], 'validationData gives its batches as they are');
    return samplesOfStream(new BatchStream(validationData, 'validationData'), {
      model,
      labels,
      steps: validationSteps,
      stepsName: 'validationSteps',
      epochs: epochs - initialEpoch,
      isSame: true,
    });
  };
  if (!isBatches(data)) {
    refuse(options, ['stepsPerEpoch'], 'the data lies in memory and is taken whole');
    const all = Dataset.read(model, labels, data);
    const [part, kept] = validationData === undefined ? split(all, options.validationSplit ?? 0) : [all];
    const samples = classWeight === undefined ? part : part.weighted(classWeight);
    return {
      training: samplesInMemory(samples, batchSize, orders(samples.size, options)),
      validation: kept === undefined ? await validationOf() : samplesInMemory(kept, validationBatchSize),
      batchSize: samples.size % batchSize === 0 ? batchSize : undefined,
    };
  }
  refuse(options, ['batchSize'], 'the data gives its batches as they are');
  refuse(
    options,
    ['validationSplit'],
    'samples in memory can be split, batches as they come cannot; give validationData',
  );
  if (options.shuffle === true) {
    throw new UsageError('shuffle: the data gives its batches in its own order; leave it out');
  }
  const validation = await validationOf();
  try {
    const training = await samplesOfStream(new BatchStream(data, 'the data'), {
      model,
      labels,
      classWeight,
      steps,
      stepsName: 'stepsPerEpoch',
      epochs: epochs - initialEpoch,
    });
    return { training, validation, batchSize: undefined };
  } catch (error) {
    await validation?.close().catch(() => {});
    throw error;
  }
}

/** The samples of one evaluation or prediction. @throws {UsageError | ShapeError} where they do not fit the model */
export async function openAll(
  model: TrainableModel,
  labels: readonly LabelSpec[] | undefined,
  data: Partial<TrainingData> | Batches<Partial<TrainingData>>,
  options: { readonly batchSize?: number; readonly steps?: number },
): Promise<Samples> {
  const { batchSize = 32, steps } = options;
  checkWhole({ batchSize, steps });
  if (!isBatches(data)) {
    refuse(options, ['steps'], 'the data lies in memory and is taken whole');
    return samplesInMemory(Dataset.read(model, labels, data), batchSize);
  }
  refuse(options, ['batchSize'], 'the data gives its batches as they are');
  const stream = new BatchStream(data, 'the data');
  return samplesOfStream(stream, { model, labels, steps, stepsName: 'steps', epochs: 1, isSame: true });
}

/** The orders of the epochs, each when it is asked for. */
function orders(size: number, { shuffle = true, seed = 0, initialEpoch = 0 }: FitOptions) {
  if (!shuffle) return () => undefined;
  const random = new Random(seed);
  // The epochs before the first one had their orders: with the same seed, a training that goes on has the same to come.
  for (let epoch = 0; epoch < initialEpoch; epoch++) random.permutation(size);
  return () => random.permutation(size);
}

/** As Keras splits: the last samples are kept, before any shuffling. */
function split(all: Dataset, share: number): readonly [Dataset, Dataset?] {
  if (share === 0) return [all];
  const at = Math.floor(all.size * (1 - share));
  if (share > 0 && share < 1 && at > 0 && at < all.size) return [all.part(0, at), all.part(at, all.size)];
  throw new UsageError(`validationSplit must leave samples on both sides, found ${share} of ${all.size}`);
}

function refuse<T extends object>(options: T, names: readonly (keyof T & string)[], reason: string): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new UsageError(`${given} has no use here: ${reason}`);
}

function checkWhole(counts: Readonly<Record<string, number | undefined>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (count === undefined || (Number.isSafeInteger(count) && count >= 1)) continue;
    throw new UsageError(`${name} must be a whole number from 1, found ${count}`);
  }
}

function checkCounts(options: FitOptions): void {
  const { batchSize = 32, epochs = 1, initialEpoch = 0 } = options;
  const { stepsPerEpoch, validationSteps, validationBatchSize } = options;
  checkWhole({ batchSize, epochs, stepsPerEpoch, validationSteps, validationBatchSize });
  if (Number.isSafeInteger(initialEpoch) && initialEpoch >= 0 && initialEpoch < epochs) return;
  throw new UsageError(
    `initialEpoch must be a whole number from 0 and below epochs, which is ${epochs}; found ${initialEpoch}`,
  );
}
