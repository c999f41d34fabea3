// Samples as epochs take them: those in memory in an order of each epoch's own, or batches that users give.
// Must not import other folders of fit but models and step.
import { UsageError } from '../../graph/errors.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { LabelSpec } from '../step/trainStep.js';
import type { BatchStream } from './batchStream.js';
import type { ClassWeight } from './classWeights.js';
import { Dataset, type SizedBatch, type TrainingData } from './dataset.js';

/** Samples, an epoch at a time. */
export interface Samples {
  /** Whether they come with weights. */
  readonly isWeighted: boolean;
  /** How many batches an epoch has; undefined where its end alone tells. */
  readonly steps: number | undefined;
  /** The batches of the next epoch. */
  epoch(): Iterable<SizedBatch> | AsyncIterable<SizedBatch>;
  /** No more batches are taken. */
  close(): Promise<void>;
}

/** @param order that of the next epoch; default: as the samples are */
export function samplesInMemory(
  dataset: Dataset,
  batchSize: number,
  order: () => Int32Array | undefined = () => undefined,
): Samples {
  return {
    isWeighted: dataset.isWeighted,
    steps: Math.ceil(dataset.size / batchSize),
    epoch: () => dataset.batches(batchSize, order()),
    close: async () => {},
  };
}

export interface StreamOptions {
  readonly model: TrainableModel;
  /** Undefined where there are none, as for predictions. */
  readonly labels: readonly LabelSpec[] | undefined;
  readonly classWeight?: ClassWeight | undefined;
  /** How many batches an epoch takes; default: all there are. */
  readonly steps: number | undefined;
  /** What the option with the number of steps is called. */
  readonly stepsName: string;
  /** How many epochs there are at most. */
  readonly epochs: number;
  /** Whether every epoch takes the first batches, as those of validations do; otherwise it goes on where the last ended. */
  readonly isSame?: boolean;
}

/**
 * Samples of a stream, each batch of which is checked as samples in memory are.
 *
 * @throws {UsageError} where there are more epochs than the stream can be gone through
 */
export async function samplesOfStream(stream: BatchStream, options: StreamOptions): Promise<Samples> {
  const { steps, stepsName, epochs, labels } = options;
  const { what } = stream;
  try {
    const first = await stream.open();
    if (steps === undefined && epochs > 1 && !stream.canRestart) {
      throw new UsageError(
        `can be gone through once, and there are up to ${epochs} epochs; give ${stepsName}, or a function that makes it anew`,
        { path: what },
      );
    }
    const isWeighted = options.classWeight !== undefined || (labels !== undefined && hasWeights(first));
    const read = new BatchReader(what, options, isWeighted);
    // Before anything is built: what the first batch shows is told at once.
    read.batch(first, 1);
    return {
      isWeighted,
      steps,
      epoch: epochsOf(stream, options, read),
      close: () => stream.close(),
    };
  } catch (error) {
    await stream.close();
    throw error;
  }
}

function epochsOf(
  stream: BatchStream,
  { steps, stepsName, isSame = false }: StreamOptions,
  read: BatchReader,
): () => AsyncGenerator<SizedBatch> {
  let epoch = 0;
  const restart = async (): Promise<void> => {
    await stream.close();
    await stream.open();
  };
  return async function* () {
    if (epoch > 0 && stream.canRestart && (isSame || steps === undefined)) await restart();
    epoch += 1;
    for (let step = 0; step < (steps ?? Number.POSITIVE_INFINITY); step++) {
      let next = await stream.next();
      if (next === undefined && steps === undefined) return;
      if (next === undefined && stream.canRestart && !isSame) {
        await restart();
        next = await stream.next();
      }
      if (next === undefined) {
        throw new UsageError(
          `ended after ${stream.taken} batches, which is step ${step} of ${steps} in its epoch ${epoch}; give more, or a smaller ${stepsName}`,
          { path: stream.what },
        );
      }
      yield read.batch(next.value, stream.taken);
    }
  };
}

/** Reads batches, all of them with weights or none. */
class BatchReader {
  constructor(
    readonly what: string,
    readonly options: StreamOptions,
    readonly isWeighted: boolean,
  ) {}

  /** @param number 1 for the first */
  batch(given: unknown, number: number): SizedBatch {
    const { model, labels, classWeight } = this.options;
    const what = `${this.what}, batch ${number}`;
    let samples = Dataset.read(model, labels, given as Partial<TrainingData>, what);
    if (classWeight !== undefined && labels !== undefined) samples = samples.weighted(classWeight);
    if (samples.isWeighted !== this.isWeighted) {
      const [has, lacks] = this.isWeighted ? ['the first', 'this one'] : ['this one', 'the first'];
      throw new UsageError(
        `${has} has sampleWeight, ${lacks} has not; give it with all batches or with none`,
        { path: what },
      );
    }
    const [batch] = samples.batches(samples.size);
    return batch as SizedBatch;
  }
}

const hasWeights = (batch: unknown): boolean =>
  typeof batch === 'object' && batch !== null && 'sampleWeight' in batch && batch.sampleWeight !== undefined;
