// One input of a step over all samples: its numbers, checked and in the dtype that the step takes.
// Must not import other folders of fit.
import { type ErrorPlace, ShapeError, UsageError } from '../../graph/errors.js';
import { formatShape } from '../../graph/shape.js';
import { elementCount } from '../../graph/tensorValue.js';
import { type GivenNumbers, readNumbers } from './dataArray.js';

/** What each sample has of an input. */
export interface ColumnSpec {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
}

export interface Column extends ColumnSpec {
  readonly data: Float32Array | Int32Array;
}

/**
 * @throws {ShapeError} where the numbers are not those of whole samples
 * @throws {UsageError} where one of them is not one that the step takes
 */
export function readColumn(spec: ColumnSpec, given: unknown, place: ErrorPlace): Column {
  const { name, dtype, shape } = spec;
  const { numbers, dims } = readNumbers(name, given, place);
  const each = elementCount(shape);
  const fits = dims === undefined || elementCount(dims) === numbers.length;
  // Labels may come with a last dimension of one.
  const tail = withoutOnes(dims?.slice(1) ?? []);
  if (!fits || numbers.length % each !== 0 || (dims !== undefined && tail !== withoutOnes(shape))) {
    const found =
      dims === undefined
        ? `${numbers.length} numbers`
        : `shape ${formatShape(dims)} and ${numbers.length} numbers`;
    throw new ShapeError(
      `${name}: each sample has shape ${formatShape(shape)}, so ${each} numbers; found ${found}`,
      place,
    );
  }
  const where = { name, each, place };
  return { ...spec, data: dtype === 'int32' ? asInt32(numbers, where) : asFloat32(numbers, where) };
}

const withoutOnes = (dims: readonly number[]): string => dims.filter((size) => size !== 1).join();

interface Where {
  readonly name: string;
  /** How many numbers a sample has. */
  readonly each: number;
  readonly place: ErrorPlace;
}

function asInt32(numbers: GivenNumbers['numbers'], where: Where): Int32Array {
  const odd = indexOf(numbers, (value) => !Number.isInteger(value) || (value | 0) !== value);
  if (odd >= 0) throw refused(where, 'whole numbers of 32 bits are expected', odd, numbers);
  return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
}

function asFloat32(numbers: GivenNumbers['numbers'], where: Where): Float32Array {
  // What is finite in another type may be infinite in this one.
  const data = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  const odd = indexOf(data, (value) => !Number.isFinite(value));
  if (odd >= 0)
    throw refused(where, 'finite numbers are expected, without which a loss is NaN', odd, numbers);
  return data;
}

const indexOf = (numbers: GivenNumbers['numbers'], isOdd: (value: number) => boolean): number =>
  Array.prototype.findIndex.call(numbers, isOdd);

function refused(
  { name, each, place }: Where,
  wanted: string,
  odd: number,
  numbers: GivenNumbers['numbers'],
): UsageError {
  const sample = each === 1 ? '' : `, in sample ${Math.floor(odd / each)}`;
  return new UsageError(`${name}: element ${odd} is ${numbers[odd]}${sample}; ${wanted}`, place);
}
