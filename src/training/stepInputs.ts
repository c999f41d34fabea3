// What a step takes beside the values it carries: batches, and what is the same or computed for each step.
// Must not import files or cli.
import { ShapeError, UsageError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { ValueInfo } from '../onnx/model.js';
import { type OrtModule, type OrtTensor, tensorOver } from '../runtime/ort.js';

/**
 * A value for an input of a step: a number for one of a single element, a typed array where the step tells the shape or
 * all of it but one extent, an array with its dims, or a tensor of ONNX Runtime.
 */
export type StepInput =
  | number
  | ArrayBufferView
  | { readonly data: ArrayBufferView; readonly dims: readonly number[] }
  | OrtTensor;

/** The values of one step, by input. */
export type StepBatch = Readonly<Record<string, StepInput>>;

/** Values for every step: the same one, or one from the number of the step, which is 1 in the first. */
export type StepConstants = Readonly<Record<string, StepInput | ((step: number) => StepInput)>>;

/** Makes the feeds of each step. */
export class StepInputs {
  readonly #inputs: ReadonlyMap<string, ValueInfo>;

  /**
   * @param inputs those that are to be fed
   * @param unclear why some of them may have been meant to be carried
   * @throws {UsageError} where a constant is for none of them
   */
  constructor(
    readonly ort: OrtModule,
    inputs: readonly ValueInfo[],
    readonly constants: StepConstants,
    readonly unclear: ReadonlyMap<string, string>,
  ) {
    this.#inputs = new Map(inputs.map((input) => [input.name, input]));
    this.#refuseUnknown(Object.keys(constants), 'inputs');
  }

  /** @throws {UsageError | ShapeError} where a value is missing, unknown, or does not fit */
  feeds(batch: StepBatch, step: number): Record<string, OrtTensor> {
    this.#refuseUnknown(Object.keys(batch), `the batch of step ${step}`);
    const feeds: Record<string, OrtTensor> = {};
    for (const [name, info] of this.#inputs) {
      const constant = Object.hasOwn(this.constants, name) ? this.constants[name] : undefined;
      const given = Object.hasOwn(batch, name) ? batch[name] : constant;
      const value = typeof given === 'function' ? given(step) : given;
      if (value === undefined) throw this.#missing(name, step);
      feeds[name] = toTensor(this.ort, info, value as StepInput);
    }
    return feeds;
  }

  #refuseUnknown(names: readonly string[], where: string): void {
    const unknown = names.find((name) => !this.#inputs.has(name));
    if (unknown === undefined) return;
    const known = [...this.#inputs.keys()].join(', ');
    throw new UsageError(
      `${where} has '${unknown}', which is no input to be given; those are ${known === '' ? 'none' : known}`,
    );
  }

  #missing(name: string, step: number): UsageError {
    const reason = this.unclear.get(name);
    const carried =
      reason === undefined ? '' : `, or, where it goes from step to step, as state (not found: ${reason})`;
    return new UsageError(
      `step ${step}: input '${name}' has no value; give it in each batch, or once as inputs${carried}`,
    );
  }
}

function toTensor(ort: OrtModule, info: ValueInfo, value: StepInput): OrtTensor {
  const { name, dtype } = info;
  if (dtype === undefined) throw new ShapeError(`input '${name}' is no tensor of a known type`);
  if (typeof value === 'number') {
    const dims = (info.shape ?? []).map(() => 1);
    return tensorOver(ort, dtype, fromFloat64([value], dtype, dims).data as Float32Array, dims);
  }
  if (!ArrayBuffer.isView(value) && 'type' in value) return value;
  const data = ArrayBuffer.isView(value) ? value : value.data;
  const dims = ArrayBuffer.isView(value) ? dimsOf(info, data) : value.dims;
  checkArray(info, data, dims);
  return tensorOver(ort, dtype, data, dims);
}

/** The dims of an array of an input that tells all but one of them. */
function dimsOf({ name, shape }: ValueInfo, data: ArrayBufferView): readonly number[] {
  const length = lengthOf(data);
  const open = shape?.filter((dim) => typeof dim !== 'number').length;
  const known = elementCount(shape?.filter((dim) => typeof dim === 'number') ?? []);
  if (shape === undefined || open === undefined || open > 1 || (open === 1 && length % known !== 0)) {
    throw new ShapeError(
      `input '${name}' has shape [${shape?.join(', ') ?? '?'}], which ${length} elements do not settle; give { data, dims }`,
    );
  }
  return shape.map((dim) => (typeof dim === 'number' ? dim : length / known));
}

function checkArray({ name, dtype }: ValueInfo, data: ArrayBufferView, dims: readonly number[]): void {
  const wanted = fromFloat64([], dtype as 'float32', [0]).data.constructor.name;
  const found = data.constructor.name;
  const isHalf = dtype === 'float16' && found === 'Float16Array';
  if (found !== wanted && !isHalf) {
    throw new ShapeError(`input '${name}' is ${dtype}, which lies in a ${wanted}; found ${found}`);
  }
  if (lengthOf(data) === elementCount(dims)) return;
  throw new ShapeError(
    `input '${name}': shape ${formatShape(dims)} holds ${elementCount(dims)} elements, found ${lengthOf(data)}`,
  );
}

function lengthOf(data: ArrayBufferView): number {
  return (data as Float32Array).length;
}
