// Tiny models with several outputs that Keras trained: what was given and what it answered, and how the same is given here.
import { readFileSync } from 'node:fs';
import { modelFromConfig, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import type { TrainStep } from '../../src/fit/step/trainStep.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import type { StepBatch } from '../../src/training/stepInputs.js';
import { far, giveWeights, type VariableList } from './followTraining.js';
import { cut, readSafetensors, type StoredTensor, toNumbers } from './safetensors.js';

const folder = new URL('../fixtures/fit/outputs/', import.meta.url);

interface OutputModel {
  readonly config: Readonly<Record<string, unknown>>;
  readonly variables: VariableList;
}

/** Steps on batches of 6, and two epochs of `fit` on 50 samples in batches of 16, of which a quarter is held out. */
export interface OutputCase {
  readonly id: string;
  readonly model: string;
  readonly compile_config: Readonly<Record<string, unknown>>;
  /** The array of labels of each output. */
  readonly labels: Readonly<Record<string, string>>;
  /** The array of weights for all outputs, or of each. */
  readonly sample_weight: string | Readonly<Record<string, string | null>> | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly evaluated: Readonly<Record<string, number>>;
}

const { models, cases } = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as {
  readonly models: Readonly<Record<string, OutputModel>>;
  readonly cases: readonly OutputCase[];
};
const tensors = readSafetensors(readFileSync(new URL('arrays.safetensors', folder)));

export { cases };

export const [steps, batchSize] = [10, 6];
const samples = 50;

const stored = (name: string): StoredTensor => tensors.get(name) as StoredTensor;
export const answered = (name: string): readonly number[] => toNumbers(stored(name));

/** The model of a case with Keras's first values. */
export function modelOf({ model: name, compile_config }: OutputCase): TrainableModel {
  const { config, variables } = models[name] as OutputModel;
  const model = modelFromConfig({ ...config, compile_config });
  giveWeights(model, variables, answered(`${name}/initial`));
  return model;
}

/** The variables that are farther from Keras's than 1e-4 of the largest. @param when `final` or `fitted` */
export function farVariables(own: OutputCase, model: TrainableModel, when: string): readonly string[] {
  const { variables } = models[own.model] as OutputModel;
  const shapes = variables.map(([, shape]) => shape);
  const wanted = cut(answered(`${own.id}/${when}`), shapes);
  return variables.flatMap(([path], i) =>
    far(path, toFloat64(model.weights.get(path) as TensorValue), wanted[i] ?? []),
  );
}

/** Entries of an array, whose first two dimensions are steps and batch. */
function rows(name: string, from: number, to: number): { data: Float32Array | Int32Array; dims: number[] } {
  const { dtype, dims, bytes } = stored(name);
  const { buffer } = bytes.slice();
  const data = dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
  const each = data.length / (steps * batchSize);
  return { data: data.slice(from * each, to * each), dims: [to - from, ...dims.slice(2)] };
}

/** What each step is fed with. */
export function batchesOf({ labels, sample_weight }: OutputCase, step: TrainStep): readonly StepBatch[] {
  return Array.from({ length: steps }, (_, i) => {
    const [from, to] = [i * batchSize, (i + 1) * batchSize];
    const fed = step.labels.flatMap(({ output, input, weights }) => {
      const name = typeof sample_weight === 'string' ? sample_weight : sample_weight?.[output];
      const ones = { data: new Float32Array(batchSize).fill(1), dims: [batchSize] };
      const weight = typeof name === 'string' ? rows(name, from, to) : ones;
      const y = [input, rows(labels[output] as string, from, to)] as const;
      return sample_weight === null ? [y] : [y, [weights, weight] as const];
    });
    return Object.fromEntries([['x', rows('x', from, to)], ...fed]) as StepBatch;
  });
}

/** The samples of `fit`, labels and weights as lists in the order of the outputs or by their names. */
export function samplesOf(
  { labels, sample_weight }: OutputCase,
  model: TrainableModel,
  form: 'list' | 'named',
) {
  const array = (name: string | null | undefined) =>
    typeof name === 'string' ? rows(name, 0, samples) : null;
  const byOutput = (names: Readonly<Record<string, string | null>>) =>
    form === 'list'
      ? model.outputNames.map((output) => array(names[output]))
      : Object.fromEntries(Object.entries(names).map(([output, name]) => [output, array(name)]));
  return {
    x: rows('x', 0, samples),
    y: byOutput(labels),
    ...(sample_weight !== null && {
      sampleWeight:
        typeof sample_weight === 'string' ? rows(sample_weight, 0, samples) : byOutput(sample_weight),
    }),
  };
}
