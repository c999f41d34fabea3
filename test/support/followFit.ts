// Follows Keras's own training step by step, in Node and in browsers, and tells what differs.
// Must not import Node.
import { readTrainableModel } from '../../src/fit/models/readTrainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { StepLoopOptions } from '../../src/training/stepLoopOptions.js';
import { type FollowedTraining, far, farLosses, followTraining, type Loops } from './followTraining.js';
import { readSafetensors, type StoredTensor, toNumbers } from './safetensors.js';

/** Keras's training: the model before, the batches, each loss, each variable after. */
export interface FitCase {
  readonly model: Uint8Array;
  /** The batches, in order. */
  readonly batches: readonly { readonly x: ArrayBufferView; readonly y: ArrayBufferView }[];
  readonly batchSize: number;
  readonly losses: readonly number[];
  /** Each variable after the last step, by its path. */
  readonly final: ReadonlyMap<string, readonly number[]>;
}

/** @param trajectory the bytes of trajectory.safetensors */
export function parseFitCase(model: Uint8Array, trajectory: Uint8Array): FitCase {
  const tensors = readSafetensors(trajectory);
  const need = (key: string): StoredTensor => {
    const found = tensors.get(key);
    if (found === undefined) throw new RangeError(`the trajectory lacks ${key}`);
    return found;
  };
  const [x, y] = [slices(need('x')), slices(need('y'))];
  const finals = [...tensors].filter(([key]) => key.startsWith('final/'));
  return {
    model,
    batches: x.map((batch, i) => ({ x: batch, y: y[i] as ArrayBufferView })),
    batchSize: need('x').dims[1] as number,
    losses: toNumbers(need('loss')),
    final: new Map(finals.map(([key, value]) => [key.slice('final/'.length), toNumbers(value)])),
  };
}

/** The entries of the first dimension, each as an array. */
function slices({ dtype, dims, bytes }: StoredTensor): ArrayBufferView[] {
  const count = dims[0] as number;
  const size = bytes.length / count;
  return Array.from({ length: count }, (_, i) => {
    const { buffer } = bytes.slice(i * size, (i + 1) * size);
    return dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  });
}

/** Trains on every batch. @param loops the StepLoop of an entry point */
export async function followFit(
  loops: Loops,
  { model: bytes, batches }: FitCase,
  options: TrainStepOptions = {},
  loopOptions: Partial<StepLoopOptions> = {},
): Promise<FollowedTraining> {
  const model = await readTrainableModel(bytes);
  return followTraining(loops, model, buildTrainStep(model, options), batches as never, loopOptions);
}

/** What is farther from Keras than 1e-4: each loss relative to itself, each variable to its largest value. */
export function farFromKeras(
  { losses, weights, state, violated }: FollowedTraining,
  answered: FitCase,
): readonly string[] {
  const variables = [...answered.final].flatMap(([path, wanted]) => {
    const value = weights[path] ?? state[path];
    return value === undefined ? [`${path}: missing`] : far(path, toFloat64(value), wanted);
  });
  return [
    ...farLosses(losses, answered.losses),
    ...variables,
    ...violated.map((path) => `${path}: violated`),
  ];
}
