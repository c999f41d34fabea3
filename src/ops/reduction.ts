// Sums, means, extremes, norms and variances of keras.ops over chosen axes.
// Must not import anything above graph.
import { type DType, dtypeBits, dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import type { Attribute } from '../graph/graph.js';
import type { Shape } from '../graph/shape.js';
import { arithmeticDType, signedDType, wideFloat } from './arithmeticDtype.js';
import { type Axis, listAxes, normalizeAxes } from './axes.js';
import { isnan, notEqual, where } from './comparison.js';
import { abs, power, sqrt, square, subtract, toFloat } from './elementwise.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, operand, type TensorLike } from './tensorLike.js';

export interface ReduceOptions {
  /** The dimensions to reduce; `null`, the default, reduces all. */
  readonly axis?: Axis;
  /** Keep the reduced dimensions with size 1; default false. */
  readonly keepdims?: boolean;
}

/** The norms `ops.norm` knows. */
export type NormOrder = number | 'fro' | null;

/** The sum over `axis`; booleans and integers below 32 bits are summed in 32. */
export function sum(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  const value = operand('sum', x);
  return reduceAs('sum', 'ReduceSum', value, sumDType(value.dtype), axis, keepdims);
}

/** The mean over `axis`; integers give float32. */
export function mean(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  const value = toFloat('mean', x);
  return reduceAs('mean', 'ReduceMean', value, value.dtype, axis, keepdims);
}

/** The largest element over `axis`; NaN where one is NaN. */
export function max(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return extreme('max', 'ReduceMax', x, axis, keepdims);
}

/** The smallest element over `axis`; NaN where one is NaN. */
export function min(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return extreme('min', 'ReduceMin', x, axis, keepdims);
}

/** The population variance over `axis`: `mean((x - mean(x))²)`; half types are computed in float32. */
export function variance(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  return meanSquare('var', toFloat('var', x), axis, keepdims);
}

/** The population standard deviation over `axis`: the root of the variance; half types are computed in float32. */
export function std(x: TensorLike, axis?: Axis | ReduceOptions, keepdims?: boolean): SymbolicTensor {
  const value = toFloat('std', x);
  const wide = castTo(value, wideFloat(value.dtype));
  return castTo(sqrt(meanSquare('std', wide, axis, keepdims)), value.dtype);
}

/**
 * The norm over `axis`, as `keras.ops.norm`.
 *
 * Over one axis: the vector norm of order `ord` (2 by default; 0 counts non-zeros; Infinity and -Infinity are
 * the largest and smallest magnitude). Over two axes: `'fro'` (default), 1, -1, Infinity or -Infinity. Over
 * more axes, or with `axis` null and no `ord`: the root of the sum of squares (Keras takes at most two axes).
 *
 * @throws {ShapeError} for the spectral and nuclear norms of a matrix, which have no ONNX operator
 */
export function norm(
  x: TensorLike,
  options: ReduceOptions & { readonly ord?: NormOrder } = {},
): SymbolicTensor {
  const value = toFloat('norm', x);
  const { ord = null, ...rest } = options;
  const { axis, keepdims } = readOptions('norm', rest);
  const wide = castTo(value, arithmeticDType('norm', value.dtype));
  return castTo(normOf(wide, ord, axis, keepdims), value.dtype);
}

function normOf(x: SymbolicTensor, ord: NormOrder, axis: Axis, keepdims: boolean): SymbolicTensor {
  if (ord === null) return euclidean(x, axis, keepdims);
  const axes = listAxes('ops.norm', axis, x.shape) ?? allAxes(x);
  if (axes.length === 1) return vectorNorm(x, ord, axes, keepdims);
  if (axes.length === 2) return matrixNorm(x, ord, axes as [number, number], keepdims);
  throw new ShapeError(`ops.norm: ord ${ord} needs one or two axes, found ${axes.length}`);
}

function euclidean(x: SymbolicTensor, axis: Axis, keepdims: boolean): SymbolicTensor {
  const axes = normalizeAxes('ops.norm', axis, x.shape);
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
  return power(sum(power(abs(x), ord), axis, keepdims), 1 / ord);
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

/** The mean of the squared distances from the mean. */
function meanSquare(
  op: string,
  x: SymbolicTensor,
  axis?: Axis | ReduceOptions,
  keepdims?: boolean,
): SymbolicTensor {
  const wide = castTo(x, wideFloat(x.dtype));
  const options = readOptions(op, axis, keepdims);
  const centered = subtract(wide, reduce(op, 'ReduceMean', wide, { ...options, keepdims: true }));
  return castTo(reduce(op, 'ReduceMean', square(centered), options), x.dtype);
}

function extreme(
  op: string,
  opType: 'ReduceMax' | 'ReduceMin',
  x: TensorLike,
  axis?: Axis | ReduceOptions,
  keepdims?: boolean,
): SymbolicTensor {
  const value = operand(op, x);
  const result = reduceAs(op, opType, value, value.dtype, axis, keepdims);
  // Nothing was reduced, or nothing can be NaN.
  if (result === value || dtypeKind(value.dtype) !== 'float') return result;
  // ONNX leaves it open whether a NaN counts, and ONNX Runtime passes over most.
  const nans = reduce(op, 'ReduceMax', castTo(isnan(value), 'float32'), axis, keepdims);
  return where(nans, Number.NaN, result);
}

/** The dtype of a sum: at least 32 bits, so that it does not overflow at once. */
function sumDType(dtype: DType): DType {
  const kind = dtypeKind(dtype);
  if (kind === 'float' || (kind !== 'bool' && dtypeBits(dtype) >= 32)) return dtype;
  return kind === 'uint' ? 'uint32' : 'int32';
}

/** A reduction that gives `dtype`, computed where ONNX and its runtimes have it. */
function reduceAs(
  op: string,
  opType: string,
  x: SymbolicTensor,
  dtype: DType,
  axis?: Axis | ReduceOptions,
  keepdims?: boolean,
): SymbolicTensor {
  return castTo(reduce(op, opType, castTo(x, signedDType(op, dtype)), axis, keepdims), dtype);
}

function reduce(
  op: string,
  opType: string,
  x: SymbolicTensor,
  axis: Axis | ReduceOptions | undefined,
  keepdims?: boolean,
): SymbolicTensor {
  const options = readOptions(op, axis, keepdims);
  const axes = normalizeAxes(`ops.${op}`, options.axis, x.shape);
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
  op: string,
  axis: Axis | ReduceOptions | undefined,
  keepdims?: boolean,
): { axis: Axis; keepdims: boolean } {
  if (typeof axis !== 'object' || axis === null || Array.isArray(axis)) {
    return { axis: (axis as Axis | undefined) ?? null, keepdims: keepdims ?? false };
  }
  const options = axis as ReduceOptions;
  const unknown = Object.keys(options).find((key) => key !== 'axis' && key !== 'keepdims');
  if (unknown !== undefined) {
    throw new ShapeError(
      `ops.${op}: no option '${unknown}'; accepted are axis, keepdims${op === 'norm' ? ' and ord' : ''}`,
    );
  }
  return { axis: options.axis ?? null, keepdims: options.keepdims ?? keepdims ?? false };
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
