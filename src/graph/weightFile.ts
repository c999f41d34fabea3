// A file of named weights, whatever its format: read one by one, and written back with some of them replaced.
// Must not import anything above graph.
import type { DType } from './dtype.js';
import { type ErrorPlace, ShapeError } from './errors.js';
import type { TensorValue } from './tensorValue.js';

/** One weight of a file. */
export interface StoredWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: DType;
  /** Its elements, as the file holds them. */
  read(): TensorValue;
}

/** A file of weights that have names: a Keras file with weights, or a safetensors file. */
export interface WeightFile {
  readonly format: 'keras' | 'h5' | 'safetensors';
  /** In the file's order. */
  readonly weights: readonly StoredWeight[];
  /**
   * The bytes of the file with these weights replaced and everything else kept.
   *
   * @throws {ShapeError} where a value has other dims or another dtype than its weight
   * @throws {FormatError} where the file cannot hold the values, such as two weights in one place
   */
  encode(changes: ReadonlyMap<StoredWeight, TensorValue>): Promise<Uint8Array>;
}

/** Refuses a value that does not fit in the place of a weight. */
export function checkSameForm(
  { name, dims, dtype }: StoredWeight,
  value: TensorValue,
  place: ErrorPlace,
): void {
  const sameDims = dims.length === value.dims.length && dims.every((size, axis) => size === value.dims[axis]);
  if (sameDims && dtype === value.dtype) return;
  throw new ShapeError(
    `${name} is ${dtype} [${dims.join(', ')}], found a value of ${value.dtype} [${value.dims.join(', ')}]`,
    place,
  );
}

/** The bytes that a value's elements lie in, as machines store them: little-endian. */
export function bytesOf({ data }: TensorValue): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
