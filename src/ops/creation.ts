// Ops of keras.ops that make tensors: filled ones, ones like another, the identity matrix.
// Must not import anything above graph.
import { type DType, dtypeToOnnx } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { shape as shapeOf } from './shaping.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, constant, int64Value, operand, type TensorLike } from './tensorLike.js';

/** Zeros in the shape of `x`. @param dtype default: that of `x` */
export function zerosLike(x: TensorLike, dtype?: DType): SymbolicTensor {
  return filledLike('zerosLike', x, 0, dtype);
}

/** Ones in the shape of `x`. @param dtype default: that of `x` */
export function onesLike(x: TensorLike, dtype?: DType): SymbolicTensor {
  return filledLike('onesLike', x, 1, dtype);
}

/**
 * A tensor of one value.
 *
 * @param fillValue a number, or a tensor that broadcasts to `shape`
 * @param dtype default: float32 for numbers, else that of `fillValue`
 */
export function full(shape: readonly number[], fillValue: TensorLike, dtype?: DType): SymbolicTensor {
  if (shape.some((dim) => !Number.isInteger(dim) || dim < 1)) {
    throw new ShapeError(`ops.full: shape (${shape.join(', ')}) must hold positive integers`);
  }
  if (typeof fillValue === 'number')
    return filled(constant(int64Value(shape)), shape, fillValue, dtype ?? 'float32');
  const value = operand('full', fillValue);
  const cast = castTo(value, dtype ?? value.dtype);
  return applyOp('Expand', [cast, constant(int64Value(shape))], { dtype: cast.dtype, shape });
}

/** The identity matrix of `n` rows, as `keras.ops.identity`. @param dtype default float32 */
export function identity(n: number, dtype: DType = 'float32'): SymbolicTensor {
  if (!Number.isInteger(n) || n < 1)
    throw new ShapeError(`ops.identity: n must be a positive integer, not ${n}`);
  const square = filled(constant(int64Value([n, n])), [n, n], 0, 'int32');
  const attributes = { dtype: { type: 'int', value: dtypeToOnnx(dtype) } } as const;
  return applyOp('EyeLike', [square], { dtype, shape: [n, n] }, { attributes });
}

function filledLike(op: string, x: TensorLike, fill: number, dtype: DType | undefined): SymbolicTensor {
  const value = operand(op, x);
  return filled(shapeOf(value), value.shape, fill, dtype ?? value.dtype);
}

function filled(
  target: SymbolicTensor,
  shape: SymbolicTensor['shape'],
  fill: number,
  dtype: DType,
): SymbolicTensor {
  const attributes = { value: { type: 'tensor', value: fromFloat64([fill], dtype, [1]) } } as const;
  return applyOp('ConstantOfShape', [target], { dtype, shape }, { attributes });
}
