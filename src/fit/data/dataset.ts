// Samples with their labels: what users give, checked against the model once, and cut into batches.
// Must not import other folders of fit but models and step.
import { type ErrorPlace, ShapeError, UsageError } from '../../graph/errors.js';
import { checkKeys } from '../../graph/knownKeys.js';
import { elementCount } from '../../graph/tensorValue.js';
import type { ByOutput } from '../models/byOutput.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { LabelSpec } from '../step/trainStep.js';
import { type ClassWeight, sampleWeightsOf } from './classWeights.js';
import { type Column, readColumn } from './columns.js';
import { type DataArray, isArray } from './dataArray.js';
import { checkLabels, labelColumns, weightColumns } from './outputColumns.js';

/** Samples with their labels, all of them or a batch. */
export interface TrainingData {
  /** The samples; of a model with several inputs, those of each by its name. */
  readonly x: DataArray | Readonly<Record<string, DataArray>>;
  /**
   * Numbers of classes for sparse losses, otherwise as many numbers as the model gives. Of a model with several outputs
   * those of each, in a list or by its name; an output without loss and metrics needs none.
   */
  readonly y: ByOutput<DataArray>;
  /** How much each sample counts. Of a model with several outputs for all of them, or for each as `y`; 1 where there is none. */
  readonly sampleWeight?: ByOutput<DataArray>;
  /** The name of the file, for messages. */
  readonly file?: string;
}

/** What a batch holds, by input. */
export type Batch = Readonly<
  Record<string, { readonly data: Float32Array | Int32Array; readonly dims: readonly number[] }>
>;

/** How much a batch counts. */
export interface BatchSize {
  readonly size: number;
  /** By output, the sum of its samples' weights; their number where there are none. */
  readonly weights: Readonly<Record<string, number>>;
}

export type SizedBatch = { readonly batch: Batch } & BatchSize;

/** Samples in memory. */
export class Dataset {
  private constructor(
    readonly size: number,
    private readonly columns: readonly Column[],
    private readonly labels: readonly LabelSpec[],
  ) {}

  /**
   * @param what the argument that the samples are, or the batch, for messages
   * @throws {UsageError} where samples are missing, hold NaN or infinity, or a label is out of range
   * @throws {ShapeError} where they do not fit the model
   */
  static read(
    model: TrainableModel,
    labels: readonly LabelSpec[] | undefined,
    data: Partial<TrainingData>,
    what?: string,
  ): Dataset {
    checkKeys(data, ['x', 'y', 'sampleWeight', 'file'], what ?? 'the data');
    const place: ErrorPlace = { file: data.file, path: what };
    const inputs = inputsOf(model, data.x, place);
    if (labels === undefined) return new Dataset(commonSize(inputs, place), inputs, []);
    const labelled = labelColumns(model, labels, data.y, place);
    const size = commonSize([...inputs, ...labelled], place);
    const weights =
      data.sampleWeight === undefined ? [] : weightColumns(model, labels, data.sampleWeight, size, place);
    const columns = [...inputs, ...labelled, ...weights];
    commonSize(columns, place);
    checkLabels(labelled, labels, place);
    return new Dataset(size, columns, labels);
  }

  /** Whether the samples come with weights. */
  get isWeighted(): boolean {
    return this.labels.some(({ weights }) => this.columns.some(({ name }) => name === weights));
  }

  /** The samples in `[from, to)`, as data of their own. */
  part(from: number, to: number): Dataset {
    const columns = this.columns.map((column) => {
      const each = elementCount(column.shape);
      return { ...column, data: column.data.subarray(from * each, to * each) };
    });
    return new Dataset(to - from, columns, this.labels);
  }

  /** The samples of a model with one output, with weights by their classes. @throws {UsageError} where they have weights already */
  weighted(classWeight: ClassWeight): Dataset {
    if (this.isWeighted) {
      throw new UsageError('classWeight and sampleWeight cannot be given both');
    }
    const [only] = this.labels as readonly [LabelSpec];
    const { data } = this.columns.find(({ name }) => name === only.input) as Column;
    const weights = sampleWeightsOf(classWeight, only, data);
    return new Dataset(
      this.size,
      [...this.columns, { name: only.weights, dtype: 'float32', shape: [], data: weights }],
      this.labels,
    );
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
      const weights = this.labels.map(({ output, weights: name }) => {
        const own = batch[name]?.data as Float32Array | undefined;
        return [output, own?.reduce((sum, each) => sum + each, 0) ?? size] as const;
      });
      yield { batch, size, weights: Object.fromEntries(weights) };
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
