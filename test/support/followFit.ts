// Follows Keras's own training step by step, in Node and in browsers, and tells what differs.
// Must not import Node.
import { type Constraint, classNameOf } from '../../src/constraints/constraint.js';
import { readTrainableModel } from '../../src/fit/models/readTrainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import type { StepLoop } from '../../src/node.js';
import type { StepLoopOptions, StepLoopReport } from '../../src/training/stepLoopOptions.js';
import { applyKerasConstraint } from './reference.js';
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

export interface Followed {
  readonly losses: readonly number[];
  readonly weights: Readonly<Record<string, TensorValue>>;
  /** The variables whose constraint a step left violated. */
  readonly violated: readonly string[];
  readonly report: StepLoopReport;
}

/** Trains on every batch. @param loops the StepLoop of an entry point */
export async function followFit(
  loops: { create(...args: Parameters<typeof StepLoop.create>): Promise<StepLoop> },
  { model: bytes, batches }: FitCase,
  options: TrainStepOptions = {},
  loopOptions: Partial<StepLoopOptions> = {},
): Promise<Followed> {
  const model = await readTrainableModel(bytes);
  const step = buildTrainStep(model, options);
  const parameters = Object.entries(step.parameters).map(([name, pair]) => [
    name,
    { ...pair, constraint: null },
  ]);
  const loop = await loops.create(
    step.model,
    { parameters: Object.fromEntries(parameters) },
    {
      initial: step.initial,
      state: step.state,
      inputs: step.learningRate === undefined ? {} : { learning_rate: step.learningRate },
      ...loopOptions,
    },
  );
  const losses: number[] = [];
  const violated = new Set<string>();
  try {
    await loop.run(batches as never, {
      onStep: async ({ loss }) => {
        losses.push(loss);
        const weights = await loop.weights();
        for (const { path, constraint } of model.variables) {
          const value = weights[path];
          if (value !== undefined && constraint !== null && isViolated(constraint, value)) violated.add(path);
        }
      },
    });
    const weights = { ...(await loop.weights()), ...(await loop.state()) };
    return { losses, weights, violated: [...violated], report: loop.report() };
  } finally {
    await loop.dispose();
  }
}

/** What is farther from Keras than 1e-4: each loss relative to itself, each variable to its largest value. */
export function farFromKeras({ losses, weights, violated }: Followed, answered: FitCase): string[] {
  const faults = answered.losses.flatMap((wanted, i) => {
    const off = Math.abs((losses[i] as number) - wanted) / Math.abs(wanted);
    return off < 1e-4 ? [] : [`loss of step ${i + 1}: ${losses[i]}, Keras ${wanted}`];
  });
  for (const [path, wanted] of answered.final) {
    const value = weights[path];
    const off = value === undefined ? Number.NaN : distance(toFloat64(value), wanted);
    if (!(off < 1e-4)) faults.push(`${path}: off by ${off}`);
  }
  return [...faults, ...violated.map((path) => `${path}: violated`)];
}

/** Whether projecting once more would still move the weight; a rate below 1 only comes nearer. */
function isViolated(constraint: Constraint, value: TensorValue): boolean {
  const config = constraint.getConfig();
  if ((config.rate ?? 1) !== 1) return false;
  const values = toFloat64(value);
  const projected = applyKerasConstraint({ class_name: classNameOf(constraint), config }, values, value.dims);
  const largest = Math.max(...values.map(Math.abs));
  return projected.some((each, i) => Math.abs(each - (values[i] as number)) > 1e-5 * largest);
}

/** The largest distance, relative to the largest wanted value. */
function distance(found: ArrayLike<number>, wanted: readonly number[]): number {
  // Of a variable that is all zeros, nothing may differ.
  const largest = Math.max(...wanted.map(Math.abs)) || Number.MIN_VALUE;
  return Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] as number)))) / largest;
}
