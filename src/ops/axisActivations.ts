// Activations of keras.ops.nn that look along an axis.
// Must not import anything above graph; the pure entry point must not import it.
import { ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { largest, sigmoid, softmax } from './activations.js';
import { normalizeAxes, normalizeAxis } from './axes.js';
import { less } from './comparison.js';
import { divide, exp, multiply, relu, subtract } from './elementwise.js';
import { dimsOf, reshapeTo, sizeAt, slice } from './moving.js';
import { sum } from './reduction.js';
import { stopGradient } from './stopGradient.js';
import type { SymbolicTensor } from './symbolicTensor.js';
import { castTo } from './tensorLike.js';

/** `softmax` over several axes together. */
export function softmaxOver(x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  const at = normalizeAxes('ops.softmax', axes, x.shape) ?? [];
  const [only, ...others] = at;
  if (only !== undefined && others.length === 0) return softmax(x, only);
  const raised = exp(subtract(x, stopGradient(largest(x, at))));
  return divide(raised, sum(raised, at, true));
}

/**
 * The point nearest to `x` among those that are not negative and sum to 1 along `axis`: `max(x - τ, 0)`.
 *
 * @param axis default -1
 */
export function sparsemax(x: SymbolicTensor, axis = -1): SymbolicTensor {
  const at = normalizeAxis('ops.sparsemax', axis, x.shape);
  const dims = dimsOf('sparsemax', x);
  const column = reshapeTo(x, dims.toSpliced(at + 1, 0, 1));
  const row = reshapeTo(x, dims.toSpliced(at, 0, 1));
  // Those above zero in the end are those that all larger ones are above by less than 1 together: no sort is needed.
  const above = sum(relu(subtract(row, column)), at + 1);
  const support = stopGradient(castTo(less(above, 1), x.dtype));
  const threshold = divide(subtract(sum(multiply(x, support), at, true), 1), sum(support, at, true));
  return relu(subtract(x, threshold));
}

/** The first half along `axis` times the sigmoid of the second. @param axis default -1 */
export function glu(x: SymbolicTensor, axis = -1): SymbolicTensor {
  const at = normalizeAxis('ops.glu', axis, x.shape);
  const size = sizeAt('glu', x, at);
  if (size % 2 !== 0) {
    throw new ShapeError(`ops.glu: dimension ${at} of shape ${formatShape(x.shape)} has no two halves`);
  }
  const half = (start: number): SymbolicTensor => slice(x, [{ axis: at, start, end: start + size / 2 }]);
  return multiply(half(0), sigmoid(half(size / 2)));
}
