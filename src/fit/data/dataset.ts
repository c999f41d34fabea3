// Samples with their labels: what users give, checked against the model once, and cut into batches.
// Must not import other folders of fit but models and step.
import { ShapeError, UsageError } from '../../graph/errors.js';
import { formatShape } from '../../graph/shape.js';
import { elementCount } from '../../graph/tensorValue.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { LabelSpec } from '../step/trainStep.js';
import { type ClassWeight, sampleWeightsOf } from './classWeights.js';

/** Numbers of all samples one after another, with or without their dims. */
export type DataArray =
  | NumberData
  | { readonly data: NumberData; readonly dims?: readonly number[]; readonly shape?: readonly number[] };

type NumberData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | BigInt64Array;

export interface TrainingData {
  /** The samples; of a model with several inputs, those of each by its name. */
  readonly x: DataArray | Readonly<Record<string, DataArray>>;
  /** Numbers of classes for sparse losses, otherwise as many numbers as the model gives. */
  readonly y: DataArray;
  /** How much each sample counts. */
  readonly sampleWeight?: DataArray;
}

/** One input of the step over all samples. */
interface Column {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a batch holds, by input. */
export type Batch = Readonly<
  Record<string, { readonly data: Float32Array | Int32Array; readonly dims: readonly number[] }>
>;

const SAMPLE_WEIGHT = 'sample_weight';

/** How much a batch counts. */
export interface BatchSize {
  readonly size: number;
  /** The sum of its samples' weights; their number where there are none. */
  readonly weight: number;
}

/** Samples in memory. */
export class Dataset {
  private constructor(
    readonly size: number,
    private readonly columns: readonly Column[],
  ) {}

  /**
   * @throws {UsageError} where samples are missing, hold NaN or infinity, or a label is out of range
   * @throws {ShapeError} where they do not fit the model
   */
  static read(model: TrainableModel, labels: LabelSpec | undefined, data: Partial<TrainingData>): Dataset {
    const single = model.inputs.length === 1;
    const inputs = model.inputs.map(({ name, dtype, shape }) => {
      const key = single ? 'x' : name;
      return readColumn({ name: key, dtype, shape }, single && isArray(data.x) ? data.x : pick(data.x, name));
    });
    const others = labels === undefined ? [] : [readColumn({ name: 'y', ...labels }, data.y)];
    const weights =
      data.sampleWeight === undefined
        ? []
        : [readColumn({ name: SAMPLE_WEIGHT, dtype: 'float32', shape: [] }, data.sampleWeight)];
    const columns = [...inputs, ...others, ...weights];
    const sizes = columns.map((column) => column.data.length / elementCount(column.shape));
    const size = sizes[0] ?? 0;
    const odd = columns.find((_, i) => sizes[i] !== size);
    if (odd !== undefined) {
      throw new ShapeError(
        `${columns[0]?.name} has ${size} samples, ${odd.name} ${sizes[columns.indexOf(odd)]}`,
      );
    }
    if (size === 0) throw new UsageError('there are no samples');
    if (labels?.kind === 'classes') checkClasses(others[0] as Column, labels.classes);
    return new Dataset(size, columns);
  }

  /** Whether the samples come with weights. */
  get isWeighted(): boolean {
    return this.columns.some(({ name }) => name === SAMPLE_WEIGHT);
  }

  /** The samples in `[from, to)`, as data of their own. */
  part(from: number, to: number): Dataset {
    const columns = this.columns.map((column) => {
      const each = elementCount(column.shape);
      return { ...column, data: column.data.subarray(from * each, to * each) };
    });
    return new Dataset(to - from, columns);
  }

  /** The samples with weights by their classes. @throws {UsageError} where they have weights already */
  weighted(classWeight: ClassWeight, labels: LabelSpec): Dataset {
    if (this.isWeighted) {
      throw new UsageError('classWeight and sampleWeight cannot be given both');
    }
    const { data } = this.columns.find(({ name }) => name === 'y') as Column;
    const weights = sampleWeightsOf(classWeight, labels, data);
    return new Dataset(this.size, [
      ...this.columns,
      { name: SAMPLE_WEIGHT, dtype: 'float32', shape: [], data: weights },
    ]);
  }

  /**
   * Batch after batch, the last as short as it comes.
   *
   * @param order the samples' numbers in the order in which they are taken; default: as they are
   */
  *batches(batchSize: number, order?: Int32Array): Generator<{ readonly batch: Batch } & BatchSize> {
    for (let start = 0; start < this.size; start += batchSize) {
      const size = Math.min(batchSize, this.size - start);
      const entries = this.columns.map((column) => {
        const data = order === undefined ? whole(column, start, size) : gathered(column, order, start, size);
        return [column.name, { data, dims: [size, ...column.shape] }] as const;
      });
      const batch = Object.fromEntries(entries);
      const weights = batch[SAMPLE_WEIGHT]?.data as Float32Array | undefined;
      yield { batch, size, weight: weights?.reduce((sum, own) => sum + own, 0) ?? size };
    }
  }
}

function whole({ data, shape }: Column, start: number, size: number): Column['data'] {
  const each = elementCount(shape);
  return data.slice(start * each, (start + size) * each);
}

function gathered({ data, shape }: Column, order: Int32Array, start: number, size: number): Column['data'] {
  const each = elementCount(shape);
  const result = data instanceof Int32Array ? new Int32Array(size * each) : new Float32Array(size * each);
  for (let i = 0; i < size; i++) {
    const at = (order[start + i] as number) * each;
    result.set(data.subarray(at, at + each), i * each);
  }
  return result;
}

function isArray(value: unknown): value is DataArray {
  return (
    ArrayBuffer.isView(value) ||
    (typeof value === 'object' && value !== null && 'data' in value && ArrayBuffer.isView(value.data))
  );
}

function pick(x: TrainingData['x'] | undefined, name: string): DataArray | undefined {
  if (x === undefined || isArray(x)) return undefined;
  return Object.hasOwn(x, name) ? x[name] : undefined;
}

function readColumn(
  { name, dtype, shape }: Pick<Column, 'name' | 'dtype' | 'shape'>,
  given: DataArray | undefined,
): Column {
  if (!isArray(given)) throw new UsageError(`${name}: give a typed array, or { data, dims }`);
  const { data, dims } = ArrayBuffer.isView(given)
    ? { data: given, dims: undefined }
    : { data: given.data, dims: given.dims ?? given.shape };
  const each = elementCount(shape);
  // Labels may come with a last dimension of one.
  const fits = dims === undefined || elementCount(dims) === data.length;
  const tail =
    dims
      ?.slice(1)
      .filter((size) => size !== 1)
      .join() ?? '';
  if (
    !fits ||
    data.length % each !== 0 ||
    (dims !== undefined && tail !== shape.filter((size) => size !== 1).join())
  ) {
    const found =
      dims === undefined ? `${data.length} numbers` : `shape ${formatShape(dims)} and ${data.length} numbers`;
    throw new ShapeError(
      `${name}: each sample has shape ${formatShape(shape)}, so ${each} numbers; found ${found}`,
    );
  }
  return { name, dtype, shape, data: converted(name, data, dtype) };
}

function converted(name: string, data: NumberData, dtype: Column['dtype']): Column['data'] {
  const numbers: ArrayLike<number> = data instanceof BigInt64Array ? Array.from(data, Number) : data;
  if (dtype === 'int32') {
    const odd = Array.prototype.findIndex.call(numbers, (value: number) => !Number.isInteger(value));
    if (odd >= 0)
      throw new UsageError(`${name}: whole numbers are expected; element ${odd} is ${numbers[odd]}`);
    return data instanceof Int32Array ? data : Int32Array.from(numbers);
  }
  const odd = Array.prototype.findIndex.call(numbers, (value: number) => !Number.isFinite(value));
  if (odd >= 0) throw new UsageError(`${name}: element ${odd} is ${numbers[odd]}; a loss on it would be NaN`);
  return data instanceof Float32Array ? data : Float32Array.from(numbers);
}

function checkClasses({ name, data }: Column, classes: number): void {
  const odd = (data as Int32Array).findIndex((label) => label < 0 || label >= classes);
  if (odd < 0) return;
  throw new UsageError(
    `${name}: label ${data[odd]} of sample ${odd} is out of range; the model has ${classes} classes, 0 to ${classes - 1}`,
  );
}
