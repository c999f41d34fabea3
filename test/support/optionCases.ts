// Tiny networks that Keras trained with each optimizer, option, loss and regularizer: what was given and what it answered.
// Must not import anything from src.
import { readFileSync } from 'node:fs';
import { readSafetensors, type StoredTensor, toNumbers } from './safetensors.js';

const folder = new URL('../fixtures/fit/options/', import.meta.url);

/** A model before its first step. */
export interface OptionModel {
  readonly config: Readonly<Record<string, unknown>>;
  /** Path and shape of each variable, in Keras's order. */
  readonly variables: readonly (readonly [path: string, shape: readonly number[]])[];
}

interface Trained {
  readonly id: string;
  readonly model: string;
  readonly labels: string;
  readonly weighted: boolean;
  readonly compile_config: Readonly<Record<string, unknown>>;
}

/** Steps on batches of 6. */
export interface OptionCase extends Trained {
  /** Words for `exclude_from_weight_decay`. */
  readonly exclude: readonly string[];
  /** The shape of each of the optimizer's variables. */
  readonly state: readonly (readonly number[])[];
}

/** Epochs of `fit` on 70 samples in batches of 32, and `evaluate` afterwards. */
export interface FitRun extends Trained {
  readonly epochs: number;
  readonly class_weight: Readonly<Record<string, number>> | null;
  readonly validation_split: number;
  readonly callback: readonly [name: string, args: Readonly<Record<string, unknown>>] | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly evaluated: Readonly<Record<string, number>>;
}

const file = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as {
  readonly models: Readonly<Record<string, OptionModel>>;
  readonly cases: readonly OptionCase[];
  readonly fits: readonly FitRun[];
};
const tensors = readSafetensors(readFileSync(new URL('arrays.safetensors', folder)));

export const { models, cases, fits } = file;

export function stored(name: string): StoredTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new RangeError(`the fixtures lack ${name}`);
  return found;
}

/** What Keras answered, as numbers. */
export const answered = (name: string): readonly number[] => toNumbers(stored(name));

/** Everything of a data set, in its own type. */
export function array(name: string): Float32Array | Int32Array {
  const { dtype, bytes } = stored(name);
  const { buffer } = bytes.slice();
  return dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
}
