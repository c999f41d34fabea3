// Tiny networks around each layer that Keras trained, made by `test/fit/makeLayerCases.py`, and how they are followed.
// Must not import Node.
import { modelFromConfig, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import type { TrainStepOptions } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { StepBatch } from '../../src/training/stepInputs.js';
import type { StepLoopOptions } from '../../src/training/stepLoopOptions.js';
import {
  type FollowedTraining,
  far,
  farLosses,
  followTraining,
  giveWeights,
  type Loops,
  type VariableList,
} from './followTraining.js';
import { cut, readSafetensors, type StoredTensor, toNumbers } from './safetensors.js';

/** How large each batch is. */
export const BATCH = 4;

/** A network, and what Keras answered for it. */
export interface LayerCase {
  readonly id: string;
  /** The class of the layer that the case is about. */
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly variables: VariableList;
}

export interface LayerCases {
  readonly cases: readonly LayerCase[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** @param text that of layers.json @param bytes those of layers.safetensors */
export function parseLayerCases(text: string, bytes: Uint8Array): LayerCases {
  const file = JSON.parse(text) as {
    readonly shared: readonly unknown[];
    readonly cases: readonly unknown[];
  };
  return {
    cases: file.cases.map((each) => whole(each, file.shared)) as never,
    tensors: readSafetensors(bytes),
  };
}

/** A value with the shared pieces where `{"$": 3}` stands for them. */
function whole(value: unknown, shared: readonly unknown[]): unknown {
  if (Array.isArray(value)) return value.map((each) => whole(each, shared));
  if (typeof value !== 'object' || value === null) return value;
  if ('$' in value) return whole(shared[value.$ as number], shared);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, whole(each, shared)]));
}

function stored({ tensors }: LayerCases, name: string): StoredTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new RangeError(`the fixtures lack ${name}`);
  return found;
}

/** The model of a case with Keras's first values. */
export function layerModel(all: LayerCases, { id, config, variables }: LayerCase): TrainableModel {
  const model = modelFromConfig(config);
  giveWeights(model, variables, toNumbers(stored(all, `${id}/initial`)));
  return model;
}

/** The batches that a model is trained on: as many numbers of the common data as it takes. */
function batchesOf(all: LayerCases, model: TrainableModel): StepBatch[] {
  const { dtype, shape } = model.inputs[0] as TrainableModel['inputs'][number];
  const pool = stored(all, dtype === 'int32' ? 'ids' : 'x');
  const { buffer } = pool.bytes.slice();
  const numbers = dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  const y = stored(all, 'y');
  const labels = new Float32Array(y.bytes.slice().buffer);
  const size = shape.reduce((product, each) => product * each, BATCH);
  const width = (y.dims[2] as number) * BATCH;
  return Array.from({ length: y.dims[0] as number }, (_, step) => ({
    x: { data: numbers.slice(step * size, (step + 1) * size), dims: [BATCH, ...shape] },
    y: { data: labels.slice(step * width, (step + 1) * width), dims: [BATCH, y.dims[2] as number] },
  }));
}

/** Trains on every batch. */
export function followLayer(
  loops: Loops,
  all: LayerCases,
  own: LayerCase,
  options: TrainStepOptions = {},
  loopOptions: Partial<StepLoopOptions> = {},
): Promise<FollowedTraining> {
  const model = layerModel(all, own);
  return followTraining(loops, model, buildTrainStep(model, options), batchesOf(all, model), loopOptions);
}

/** What is farther from Keras than 1e-4, and what a step left violated. */
export function layerFaults(
  all: LayerCases,
  { id, variables }: LayerCase,
  { losses, weights, state, violated }: FollowedTraining,
): readonly string[] {
  const final = cut(
    toNumbers(stored(all, `${id}/final`)),
    variables.map(([, dims]) => dims),
  );
  return [
    ...farLosses(losses, toNumbers(stored(all, `${id}/loss`))),
    ...variables.flatMap(([path], i) => {
      const value = weights[path] ?? state[path];
      return value === undefined ? [`${path}: missing`] : far(path, toFloat64(value), final[i] ?? []);
    }),
    ...violated.map((path) => `${path}: violated`),
  ];
}
