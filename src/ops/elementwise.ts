// Element-by-element arithmetic of keras.ops on symbolic tensors.
// Must not import anything above graph.
import { type DType, dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, operand, operands, type TensorLike } from './tensorLike.js';

/** `x1 + x2`, broadcast as in NumPy. */
export function add(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('add', 'Add', x1, x2);
}

/** `x1 - x2`, broadcast as in NumPy. */
export function subtract(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('subtract', 'Sub', x1, x2);
}

/** `x1 * x2`, broadcast as in NumPy. */
export function multiply(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('multiply', 'Mul', x1, x2);
}

/** `x1 / x2`, broadcast as in NumPy; true division, so integers give float32. */
export function divide(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const [a, b] = pair('divide', x1, x2).map((x) => toFloat('divide', x)) as [SymbolicTensor, SymbolicTensor];
  return binary('divide', 'Div', a, b);
}

/** `x1 ** x2`, broadcast as in NumPy. */
export function power(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('power', 'Pow', x1, x2);
}

/** The larger of `x1` and `x2`, element by element; NaN where either is NaN. */
export function maximum(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('maximum', 'Max', x1, x2);
}

/** The smaller of `x1` and `x2`, element by element; NaN where either is NaN. */
export function minimum(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('minimum', 'Min', x1, x2);
}

/** `-x`. */
export function negative(x: TensorLike): SymbolicTensor {
  return unary('Neg', numeric('negative', x));
}

/** `|x|`. */
export function abs(x: TensorLike): SymbolicTensor {
  const value = operand('abs', x);
  return isUnsigned(value.dtype) ? value : unary('Abs', value);
}

/** -1, 0 or 1 by the sign of `x`. */
export function sign(x: TensorLike): SymbolicTensor {
  return unary('Sign', numeric('sign', x));
}

/** `x * x`. */
export function square(x: TensorLike): SymbolicTensor {
  const value = operand('square', x);
  return multiply(value, value);
}

/** The square root of `x`; integers give float32. */
export function sqrt(x: TensorLike): SymbolicTensor {
  return unary('Sqrt', toFloat('sqrt', x));
}

/** `e ** x`; integers give float32. */
export function exp(x: TensorLike): SymbolicTensor {
  return unary('Exp', toFloat('exp', x));
}

/** The natural logarithm of `x`; integers give float32. */
export function log(x: TensorLike): SymbolicTensor {
  return unary('Log', toFloat('log', x));
}

/** `max(x, 0)`. */
export function relu(x: TensorLike): SymbolicTensor {
  const value = numeric('relu', x);
  if (isUnsigned(value.dtype)) return value;
  return dtypeKind(value.dtype) === 'float' ? unary('Relu', value) : maximum(value, 0);
}

/**
 * `x` rounded to `decimals` places, halves to even as in NumPy and Keras; integers are left as they are.
 *
 * @param decimals default 0
 */
export function round(x: TensorLike, decimals = 0): SymbolicTensor {
  const value = operand('round', x);
  if (!Number.isInteger(decimals))
    throw new ShapeError(`ops.round: decimals must be an integer, not ${decimals}`);
  if (dtypeKind(value.dtype) !== 'float') return value;
  if (decimals === 0) return unary('Round', value);
  const factor = 10 ** Math.abs(decimals);
  return decimals > 0
    ? divide(unary('Round', multiply(value, factor)), factor)
    : multiply(unary('Round', divide(value, factor)), factor);
}

/**
 * `min(max(x, xMin), xMax)`, so that `xMax` wins where the bounds cross, as in NumPy and Keras.
 *
 * The bounds may be numbers or tensors. NaN stays NaN.
 */
export function clip(x: TensorLike, xMin: TensorLike, xMax: TensorLike): SymbolicTensor {
  const [value, low, high] = operands('clip', [x, xMin, xMax]) as [
    SymbolicTensor,
    SymbolicTensor,
    SymbolicTensor,
  ];
  const scalars = low.shape?.length === 0 && high.shape?.length === 0;
  if (!scalars || dtypeKind(value.dtype) === 'bool') return minimum(maximum(value, low), high);
  return applyOp('Clip', [value, low, high], value);
}

/** The operand as floats: integers and booleans become float32, as in Keras. */
export function toFloat(op: string, x: TensorLike): SymbolicTensor {
  const value = operand(op, x);
  return dtypeKind(value.dtype) === 'float' ? value : castTo(value, 'float32');
}

/** The operand with booleans as int32, since ONNX has no arithmetic on booleans. */
export function numeric(op: string, x: TensorLike): SymbolicTensor {
  const value = operand(op, x);
  return value.dtype === 'bool' ? castTo(value, 'int32') : value;
}

/** Two operands of one dtype and the shape they broadcast to. */
export function pair(op: string, x1: TensorLike, x2: TensorLike): [SymbolicTensor, SymbolicTensor] {
  return operands(op, [x1, x2]) as [SymbolicTensor, SymbolicTensor];
}

/** The shape two operands broadcast to. @throws {ShapeError} when they do not */
export function broadcast(op: string, ...shapes: readonly Shape[]): Shape {
  let result: Shape = [];
  for (const shape of shapes) {
    const next = broadcastShapes(result, shape);
    if (next === null) {
      const list = shapes.map(formatShape).join(' and ');
      throw new ShapeError(`ops.${op}: shapes ${list} do not broadcast`);
    }
    result = next;
  }
  return result;
}

function binary(op: string, opType: string, x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const [a, b] = pair(op, x1, x2).map((x) => numeric(op, x)) as [SymbolicTensor, SymbolicTensor];
  return applyOp(opType, [a, b], { dtype: a.dtype, shape: broadcast(op, a.shape, b.shape) });
}

function unary(opType: string, x: SymbolicTensor): SymbolicTensor {
  return applyOp(opType, [x], x);
}

function isUnsigned(dtype: DType): boolean {
  return dtypeKind(dtype) === 'uint' || dtype === 'bool';
}
