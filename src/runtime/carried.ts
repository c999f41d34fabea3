// The values of a train step that go from step to step, and what holds them in between.
// Must not import files or cli.
import type { DType } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import type { OrtTensor } from './ort.js';

/** A value that a step takes as one input and gives, changed, as one output. */
export interface Carried {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly dtype: DType;
  readonly dims: readonly number[];
}

/** Another output of a step that is fetched. */
export interface Fetched {
  readonly name: string;
  readonly dtype: DType;
  /** Where the model tells all of them. */
  readonly dims: readonly number[] | undefined;
}

/** Holds the carried values of a session, and runs it on them. */
export interface Carrier {
  /** Puts values in; to be called before the first step. */
  load(values: ReadonlyMap<string, TensorValue>): Promise<void>;
  /** One step: the values become those that it gives. */
  step(feeds: Readonly<Record<string, OrtTensor>>): Promise<ReadonlyMap<string, TensorValue>>;
  /** A copy of a value: as it is now, or as the last step found it. */
  read(name: string, when?: 'now' | 'before'): Promise<TensorValue>;
  /** The tensor that holds a value now; it may be changed in place. */
  tensor(name: string): OrtTensor;
  release(): Promise<void>;
}

/** The elements of a tensor of ONNX Runtime; runtimes with Float16Array give it where everything here holds bits. */
export function dataOf({ data, type }: OrtTensor): TensorData {
  if (type !== 'float16') return data as TensorData;
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

/** A value with elements of its own. */
export function copyOf({ dtype, dims }: Pick<Carried, 'dtype' | 'dims'>, tensor: OrtTensor): TensorValue {
  return { dtype, dims, data: (dataOf(tensor) as Float32Array).slice() };
}

/** What a step returned for an output. @throws {ShapeError} when a carried value came back with another shape */
export function checkKept({ name, dims }: Carried, tensor: OrtTensor): OrtTensor {
  if (tensor.dims.join() === dims.join()) return tensor;
  throw new ShapeError(
    `${name}: a step must keep the shape ${formatShape(dims)}; found ${formatShape(tensor.dims)}`,
  );
}
