// Products of the samples of two batches.
// Must not import anything above graph; the pure entry point must not import it.
import { ShapeError } from '../graph/errors.js';
import { type Dim, formatShape } from '../graph/shape.js';
import { permute } from './dataFormat.js';
import { dimsOf, reshapeTo, sizeAt } from './moving.js';
import { matmul } from './shaping.js';
import type { SymbolicTensor } from './symbolicTensor.js';

/**
 * The sums of products along an axis of each operand, sample by sample, as `keras.layers.Dot` makes them.
 *
 * (batch, …rest1) and (batch, …rest2), both without their axis, give (batch, …rest1, …rest2), and (batch, 1) where nothing
 * rests.
 *
 * @param axes one of each operand, not the batch
 * @throws {ShapeError} where an axis is the batch, or the sizes along them differ
 */
export function batchDot(
  x1: SymbolicTensor,
  x2: SymbolicTensor,
  [axis1, axis2]: readonly [number, number],
): SymbolicTensor {
  const size = sizeAt('batchDot', x1, axis1);
  if (axis1 < 1 || axis2 < 1 || size !== sizeAt('batchDot', x2, axis2)) {
    throw new ShapeError(
      `ops.batchDot: axis ${axis1} of ${formatShape(x1.shape)} and axis ${axis2} of ${formatShape(x2.shape)} do not fit`,
    );
  }
  const [left, right] = [restOf(x1, axis1), restOf(x2, axis2)];
  const [batch = null] = dimsOf('batchDot', x1);
  const a = reshapeTo(permute(x1, [0, ...left.axes, axis1]), [batch, left.count, size]);
  const b = reshapeTo(permute(x2, [0, axis2, ...right.axes]), [batch, size, right.count]);
  const dims: readonly Dim[] = [...left.dims, ...right.dims];
  return reshapeTo(matmul(a, b), [batch, ...(dims.length === 0 ? [1] : dims)]);
}

/** All dimensions but the batch and one more. */
function restOf(
  x: SymbolicTensor,
  axis: number,
): { readonly axes: readonly number[]; readonly dims: readonly number[]; readonly count: number } {
  const axes = dimsOf('batchDot', x)
    .map((_, i) => i)
    .filter((i) => i !== 0 && i !== axis);
  const dims = axes.map((i) => sizeAt('batchDot', x, i));
  return { axes, dims, count: dims.reduce((a, b) => a * b, 1) };
}
