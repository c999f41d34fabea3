// `fit`: trains a Keras model under its constraints.
// Must not import commander.

import { checkTarget, writeFileAtomic } from '../files/atomicWrite.js';
import type { Logs } from '../fit/callbacks/callback.js';
import { encodeInference } from '../fit/save/encodeInference.js';
import { encodeKeras } from '../fit/save/encodeKeras.js';
import { traceLoss } from '../fit/step/tracedLoss.js';
import { UsageError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { fit as train } from '../train.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';
import { readModelToTrain, readTrainingData } from './trainingFile.js';
import { checkCompiled, withFlags } from './trainingFlags.js';

export interface FitCommandOptions {
  readonly data: string;
  readonly out: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly validationSplit?: number;
  readonly optimizer?: string;
  readonly loss?: string;
  readonly provider?: readonly string[];
  readonly plugin?: readonly string[];
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function fitCommand(file: string, options: FitCommandOptions, output: Output): Promise<number> {
  const {
    data,
    out,
    epochs,
    batchSize,
    shuffle,
    seed,
    validationSplit,
    optimizer,
    loss,
    provider,
    force = false,
  } = options;
  if (!/\.(keras|onnx)$/.test(out)) throw new UsageError('--out must end in .keras or .onnx', { file: out });
  await checkTarget(out, force || out === file);
  const model = await readModelToTrain(file, options);
  checkCompiled(model, options);
  const { labels } = await withFlags(() =>
    traceLoss(model, { training: false, ...(loss !== undefined && { loss }) }),
  );
  const samples = await readTrainingData(data, model, labels);
  const [first] = 'data' in samples.y ? [samples.y] : Object.values(samples.y);
  const [count = batchSize] = (first as TensorValue).dims;
  const training = {
    epochs,
    batchSize,
    shuffle,
    seed,
    progress: true,
    ...(validationSplit !== undefined && { validationSplit }),
    ...(optimizer !== undefined && { optimizer }),
    ...(loss !== undefined && { loss }),
    ...(provider !== undefined && { providers: provider }),
    callbacks: [
      {
        onTrainBegin: () => {
          if (count >= batchSize) return;
          output.note(
            `${data} has ${count} samples, fewer than --batch-size ${batchSize}: one step takes them all`,
          );
        },
        onEpochEnd: (epoch: number, logs: Logs) =>
          output.note(`epoch ${epoch + 1}/${epochs}: ${lineOf(logs)}`),
      },
    ],
  };
  const { history } = await withFlags(() => train(model, samples, training), data);
  await writeFileAtomic(out, out.endsWith('.keras') ? await encodeKeras(model) : encodeInference(model));
  output.line(`trained ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}; wrote ${out}`);
  output.result({ ok: true, out, history });
  return exitCodes.done;
}

const lineOf = (logs: Readonly<Record<string, number>>): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
