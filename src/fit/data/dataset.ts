// Samples with their labels: what users give, checked against the model once, and cut into batches.
// Must not import other folders of fit but models and step.
import { type ErrorPlace, ShapeError, UsageError } from '../../graph/errors.js';
import { checkKeys } from '../../graph/knownKeys.js';
import { elementCount } from '../../graph/tensorValue.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { LabelSpec } from '../step/trainStep.js';
import { type ClassWeight, sampleWeightsOf } from './classWeights.js';
import { type Column, readColumn } from './columns.js';
import { type DataArray, isArray } from './dataArray.js';

/** Samples with their labels, all of them or a batch. */
export interface TrainingData {
  /** The samples; of a model with several inputs, those of each by its name. */
  readonly x: DataArray | Readonly<Record<string, DataArray>>;
  /** Numbers of classes for sparse losses, otherwise as many numbers as the model gives. */
  readonly y: DataArray;
  /** How much each sample counts. */
  readonly sampleWeight?: DataArray;
  /** The name of the file, for messages. */
  readonly file?: string;
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

export type SizedBatch = { readonly batch: Batch } & BatchSize;

/** Samples in memory. */
export class Dataset {
  private constructor(
    readonly size: number,
    private readonly columns: readonly Column[],
  ) {}

  /**
   * @param what the argument that the samples are, or the batch, for messages
   * @throws {UsageError} where samples are missing, hold NaN or infinity, or a label is out of range
   * @throws {ShapeError} where they do not fit the model
   */
  static read(
    model: TrainableModel,
    labels: LabelSpec | undefined,
    data: Partial<TrainingData>,
    what?: string,
  ): Dataset {
    checkKeys(data, ['x', 'y', 'sampleWeight', 'file'], what ?? 'the data');
    const place: ErrorPlace = { file: data.file, path: what };
    const inputs = inputsOf(model, data.x, place);
    const others = labels === undefined ? [] : [readColumn({ ...labels, name: 'y' }, data.y, place)];
    const weights =
      data.sampleWeight === undefined || labels === undefined
        ? []
        : [readColumn({ name: SAMPLE_WEIGHT, dtype: 'float32', shape: [] }, data.sampleWeight, place)];
    const columns = [...inputs, ...others, ...weights];
    const size = commonSize(columns, place);
    if (labels?.kind === 'classes') checkClasses(others[0] as Column, labels.classes, place);
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
  *batches(batchSize: number, order?: Int32Array): Generator<SizedBatch> {
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

/** The samples of each input, which of several are under its name. */
function inputsOf(
  { inputs }: TrainableModel,
  x: TrainingData['x'] | undefined,
  place: ErrorPlace,
): readonly Column[] {
  const isOnly = inputs.length === 1;
  if (x !== undefined && isArray(x) && !isOnly) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw new UsageError(`x: the model has the inputs ${names}; give an object with an array of each`, place);
  }
  return inputs.map((input) => {
    const isNamed = typeof x === 'object' && !isArray(x) && Object.hasOwn(x, input.name);
    return readColumn(
      { ...input, name: isOnly ? 'x' : input.name },
      isNamed ? (x as Readonly<Record<string, unknown>>)[input.name] : x,
      place,
    );
  });
}

function commonSize(columns: readonly Column[], place: ErrorPlace): number {
  const sizes = columns.map(({ data, shape }) => data.length / elementCount(shape));
  const size = sizes[0] ?? 0;
  const odd = columns.find((_, i) => sizes[i] !== size);
  if (odd !== undefined) {
    throw new ShapeError(
      `${columns[0]?.name} has ${size} samples, ${odd.name} ${sizes[columns.indexOf(odd)]}`,
      place,
    );
  }
  if (size === 0) throw new UsageError('there are no samples', place);
  return size;
}

function checkClasses({ name, data }: Column, classes: number, place: ErrorPlace): void {
  const odd = (data as Int32Array).findIndex((label) => label < 0 || label >= classes);
  if (odd < 0) return;
  throw new UsageError(
    `${name}: label ${data[odd]} of sample ${odd} is out of range; the model has ${classes} classes, 0 to ${classes - 1}`,
    place,
  );
}
