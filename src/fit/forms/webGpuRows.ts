// Sums into rows: the operator takes its places in int64, which WebGPU in browsers does not make.
// Must not import other folders of fit.
import { fromFloat64 } from '../../graph/numbers.js';
import type { Dim } from '../../graph/shape.js';
import { equal } from '../../ops/comparison.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { matmul } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo, constant } from '../../ops/tensorLike.js';
import type { FormCall } from './form.js';

/** Above this a product with a row for each place takes too much memory; browsers then leave the sum to the CPU. */
const MOST_ROWS = 4096;

/** What is added to zeros, as a product with a matrix that holds a 1 for each row and what is added to it. */
export function rowsByProduct({ tensor, inputs, attributes }: FormCall): SymbolicTensor | undefined {
  const [, places, updates] = inputs;
  const column =
    places?.source.kind === 'op' && places.source.opType === 'Cast' ? places.source.inputs[0] : undefined;
  const [rows, ...rest] = dimsOf('rows', tensor);
  const isSum = attributes.reduction?.type === 'string' && attributes.reduction.value === 'add';
  if (
    column === undefined ||
    updates === undefined ||
    !isSum ||
    typeof rows !== 'number' ||
    rows > MOST_ROWS
  ) {
    return undefined;
  }
  const count = product(dimsOf('rows', column));
  const width = product(rest);
  const numbers = Float64Array.from({ length: rows }, (_, i) => i);
  const hits = equal(constant(fromFloat64(numbers, column.dtype, [rows, 1])), reshapeTo(column, [1, count]));
  return reshapeTo(matmul(castTo(hits, updates.dtype), reshapeTo(updates, [count, width])), [rows, ...rest]);
}

const product = (dims: readonly Dim[]): Dim =>
  dims.every((dim) => typeof dim === 'number') ? dims.reduce((a, b) => a * b, 1) : null;
