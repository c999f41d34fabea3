// Sums, means, extremes, norms and variances of keras.ops over chosen axes.
// Must not import anything above graph.

import { ShapeError } from '../graph/errors.js';
import type { Attribute } from '../graph/graph.js';
import type { Shape } from '../graph/shape.js';
import { type Axis, normalizeAxes } from './axes.js';
import { notEqual } from './comparison.js';
import { abs, divide, numeric, power, sqrt, square, subtract, toFloat } from './elementwise.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, type TensorLike } from './tensorLike.js';

export interface ReduceOptions {
  /** The dimensions to reduce; `null`, the default, reduces all. */
  readonly axis?: Axis;
  /** Keep the reduced dimensions with size 1; default false. */
  readonly keepdims?: boolean;
}

/** The norms `ops.norm` knows. */
export type NormOrder = number | 'fro' | null;

/** The sum over `axis`; booleans are counted in int32. */
export function sum(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return reduce('sum', 'ReduceSum', numeric('sum', x), axis, keepdims);
}

/** The mean over `axis`; integers give float32. */
export function mean(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return reduce('mean', 'ReduceMean', toFloat('mean', x), axis, keepdims);
}

/** The largest element over `axis`. */
export function max(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return reduce('max', 'ReduceMax', numeric('max', x), axis, keepdims);
}

/** The smallest element over `axis`. */
export function min(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return reduce('min', 'ReduceMin', numeric('min', x), axis, keepdims);
}

/** The population variance over `axis`: `mean((x - mean(x))²)`. */
export function variance(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  const value = toFloat('var', x);
  const options = readOptions(axis, keepdims);
  const centered = subtract(value, reduce('var', 'ReduceMean', value, options.axis, true));
  return reduce('var', 'ReduceMean', square(centered), options.axis, options.keepdims);
}

/** The population standard deviation over `axis`: the root of the variance. */
export function std(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return sqrt(variance(x, axis, keepdims));
}

/**
 * The norm over `axis`, as `keras.ops.norm`.
 *
 * Over one axis: the vector norm of order `ord` (2 by default; 0 counts non-zeros; Infinity and -Infinity are
 * the largest and smallest magnitude). Over two axes: `'fro'` (default), 1, -1, Infinity or -Infinity. Over
 * more axes, or with `axis` null and no `ord`: the root of the sum of squares.
 *
 * @throws {ShapeError} for the spectral and nuclear norms of a matrix, which have no ONNX operator
 */
export function norm(
  x: TensorLike,
  options: ReduceOptions & { readonly ord?: NormOrder } = {},
): SymbolicTensor {
  const value = toFloat('norm', x);
  const { ord = null, axis = null, keepdims = false } = options;
  if (ord === null) return euclidean(value, axis, keepdims);
  const axes = normalizeAxes('norm', axis, value.shape) ?? allAxes(value);
  if (axes.length === 1) return vectorNorm(value, ord, axes, keepdims);
  if (axes.length === 2) return matrixNorm(value, ord, axes as [number, number], keepdims);
  throw new ShapeError(`ops.norm: ord ${ord} needs one or two axes, found ${axes.length}`);
}

function euclidean(x: SymbolicTensor, axis: Axis, keepdims: boolean): SymbolicTensor {
  const axes = normalizeAxes('norm', axis, x.shape);
  return axes?.length === 0 ? abs(x) : reduce('norm', 'ReduceL2', x, axes, keepdims);
}

function vectorNorm(x: SymbolicTensor, ord: NormOrder, axis: Axis, keepdims: boolean): SymbolicTensor {
  if (ord === 2) return euclidean(x, axis, keepdims);
  if (ord === 1) return reduce('norm', 'ReduceL1', x, axis, keepdims);
  if (ord === Number.POSITIVE_INFINITY) return max(abs(x), axis, keepdims);
  if (ord === Number.NEGATIVE_INFINITY) return min(abs(x), axis, keepdims);
  if (ord === 0) return sum(castTo(notEqual(x, 0), x.dtype), axis, keepdims);
  if (typeof ord !== 'number' || Number.isNaN(ord)) {
    throw new ShapeError(`ops.norm: ord '${ord}' is not a vector norm; over one axis ord is a number`);
  }
  return power(sum(power(abs(x), ord), axis, keepdims), divide(1, ord));
}

function matrixNorm(
  x: SymbolicTensor,
  ord: NormOrder,
  [row, column]: readonly [number, number],
  keepdims: boolean,
): SymbolicTensor {
  if (ord === 'fro') return euclidean(x, [row, column], keepdims);
  const byColumns = ord === 1 || ord === -1;
  if (!byColumns && ord !== Number.POSITIVE_INFINITY && ord !== Number.NEGATIVE_INFINITY) {
    throw new ShapeError(
      `ops.norm: ord ${ord} of a matrix has no ONNX operator; accepted over two axes are 'fro', 1, -1, Infinity and -Infinity`,
    );
  }
  const sums = reduce('norm', 'ReduceL1', x, byColumns ? row : column, true);
  const pick = ord === 1 || ord === Number.POSITIVE_INFINITY ? max : min;
  const result = pick(sums, byColumns ? column : row, true);
  if (keepdims) return result;
  const shape = reducedShape(x.shape, [row, column], false);
  return applyOp('Squeeze', [result], { dtype: x.dtype, shape }, { axes: [row, column] });
}

function reduce(
  op: string,
  opType: string,
  x: SymbolicTensor,
  axis: Axis | ReduceOptions | undefined,
  keepdims?: boolean,
): SymbolicTensor {
  const options = readOptions(axis, keepdims);
  const axes = normalizeAxes(op, options.axis, x.shape);
  // ONNX reads an empty list of axes as all of them; NumPy and Keras as none.
  if (axes?.length === 0) return x;
  const attributes: Record<string, Attribute> = {
    keepdims: { type: 'int', value: options.keepdims ? 1 : 0 },
  };
  const shape = reducedShape(x.shape, axes, options.keepdims);
  return applyOp(
    opType,
    [x],
    { dtype: x.dtype, shape },
    axes === null ? { attributes } : { attributes, axes },
  );
}

function readOptions(
  axis: Axis | ReduceOptions | undefined,
  keepdims: boolean | undefined,
): { axis: Axis; keepdims: boolean } {
  if (typeof axis === 'object' && axis !== null && !Array.isArray(axis)) {
    const options = axis as ReduceOptions;
    return { axis: options.axis ?? null, keepdims: options.keepdims ?? false };
  }
  return { axis: (axis as Axis | undefined) ?? null, keepdims: keepdims ?? false };
}

function reducedShape(shape: Shape, axes: readonly number[] | null, keepdims: boolean): Shape {
  if (shape === undefined) return axes === null && !keepdims ? [] : undefined;
  const reduced = new Set(axes ?? shape.keys());
  if (keepdims) return shape.map((dim, i) => (reduced.has(i) ? 1 : dim));
  return shape.filter((_, i) => !reduced.has(i));
}

function allAxes(x: SymbolicTensor): readonly number[] {
  if (x.shape === undefined) throw new ShapeError('ops.norm: with ord and no axis the rank must be known');
  return [...x.shape.keys()];
}
