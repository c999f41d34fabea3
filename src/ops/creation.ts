// Ops of keras.ops that make tensors: filled ones, ones like another, the identity matrix.
// Must not import anything above graph.
import { type DType, dtypeBits, dtypeKind, dtypeToOnnx } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { integerList } from './axes.js';
import { broadcast } from './elementwise.js';
import { numericDType, shape as shapeOf } from './shaping.js';
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
 * @param dtype default: float32 for numbers and booleans, else that of `fillValue` (Keras: float32); numbers are
 *   truncated towards zero in integer types
 */
export function full(shape: readonly number[], fillValue: TensorLike, dtype?: DType): SymbolicTensor {
  const sizes = integerList('ops.full', 'shape', shape);
  if (sizes.some((dim) => dim < 1)) {
    throw new ShapeError(`ops.full: shape ${formatShape(sizes)} must hold positive integers`);
  }
  const target = constant(int64Value(sizes));
  if (typeof fillValue === 'number' || typeof fillValue === 'boolean') {
    return filled(target, sizes, Number(fillValue), numericDType('full', dtype ?? 'float32'));
  }
  const value = operand('full', fillValue);
  const spread = broadcast('full', value.shape, sizes);
  if (spread?.some((dim, i) => dim !== sizes[i - spread.length + sizes.length])) {
    throw new ShapeError(
      `ops.full: fillValue of shape ${formatShape(value.shape)} does not broadcast to ${formatShape(sizes)}`,
    );
  }
  const cast = castTo(value, numericDType('full', dtype ?? value.dtype));
  return applyOp('Expand', [cast, target], { dtype: cast.dtype, shape: sizes });
}

/** The identity matrix of `n` rows, as `keras.ops.identity`. @param dtype default float32 */
export function identity(n: number, dtype: DType = 'float32'): SymbolicTensor {
  if (!Number.isInteger(n) || n < 1)
    throw new ShapeError(`ops.identity: n must be a positive integer, not ${n}`);
  const square = filled(constant(int64Value([n, n])), [n, n], 0, 'int32');
  // ONNX Runtime makes identity matrices of few dtypes.
  const made = dtype === 'float64' || dtype === 'int32' || dtype === 'int64' ? dtype : 'float32';
  const attributes = { dtype: { type: 'int', value: dtypeToOnnx(made) } } as const;
  const eye = applyOp('EyeLike', [square], { dtype: made, shape: [n, n] }, { attributes });
  return castTo(eye, numericDType('identity', dtype));
}

function filledLike(op: string, x: TensorLike, fill: number, dtype: DType | undefined): SymbolicTensor {
  const value = operand(op, x);
  return filled(shapeOf(value), value.shape, fill, numericDType(op, dtype ?? value.dtype));
}

function filled(
  target: SymbolicTensor,
  shape: SymbolicTensor['shape'],
  fill: number,
  dtype: DType,
): SymbolicTensor {
  const isFloat = dtypeKind(dtype) === 'float';
  // ConstantOfShape took few dtypes at first; the others are cast to.
  const isOld = isFloat ? dtype !== 'bfloat16' && dtypeBits(dtype) >= 16 : dtypeBits(dtype) >= 8;
  const made = isOld ? dtype : 'float32';
  const value = isFloat || dtype === 'bool' ? fill : Math.trunc(fill);
  const attributes = { value: { type: 'tensor', value: fromFloat64([value], made, [1]) } } as const;
  return castTo(applyOp('ConstantOfShape', [target], { dtype: made, shape }, { attributes }), dtype);
}
