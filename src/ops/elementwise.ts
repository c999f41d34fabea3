// Element-by-element arithmetic of keras.ops on symbolic tensors.
// Must not import anything above graph.
import { type DType, dtypeKind } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { toFloat64 } from '../graph/numbers.js';
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js';
import { arithmeticDType, signedDType, wideFloat } from './arithmeticDtype.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, operand, operands, type TensorLike } from './tensorLike.js';

/** `x1 + x2`, broadcast as in NumPy; of booleans whether either is true. */
export function add(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('add', 'Add', x1, x2);
}

/** `x1 - x2`, broadcast as in NumPy; of booleans in int32, where Keras refuses them. */
export function subtract(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('subtract', 'Sub', x1, x2);
}

/** `x1 * x2`, broadcast as in NumPy; of booleans whether both are true. */
export function multiply(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('multiply', 'Mul', x1, x2);
}

/** `x1 / x2`, broadcast as in NumPy; true division, so integers give float32. */
export function divide(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const [a, b] = pair('divide', x1, x2).map((x) => toFloat('divide', x)) as [SymbolicTensor, SymbolicTensor];
  return binary('divide', 'Div', a, b);
}

/**
 * `x1 ** x2`, broadcast as in NumPy; of booleans in int32.
 *
 * @throws {ShapeError} when a constant exponent is negative and both are integers
 */
export function power(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const [base, exponent] = pair('power', x1, x2);
  const wide = signedDType('power', base.dtype);
  if (dtypeKind(wide) === 'int' && holdsNegative(exponent)) {
    throw new ShapeError(
      `ops.power: ${base.dtype} cannot be raised to a negative power; cast it to float32 first`,
    );
  }
  const result = binary('power', 'Pow', castTo(base, wide), castTo(exponent, wide));
  return base.dtype === 'bool' ? result : castTo(result, base.dtype);
}

/** The larger of `x1` and `x2`, element by element; NaN where either is NaN. */
export function maximum(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('maximum', 'Max', x1, x2);
}

/** The smaller of `x1` and `x2`, element by element; NaN where either is NaN. */
export function minimum(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('minimum', 'Min', x1, x2);
}

/** `-x`; unsigned integers wrap around, booleans become int32. */
export function negative(x: TensorLike): SymbolicTensor {
  const value = operand('negative', x);
  const result = unary('Neg', castTo(value, signedDType('negative', value.dtype)));
  return value.dtype === 'bool' ? result : castTo(result, value.dtype);
}

/** `|x|`. */
export function abs(x: TensorLike): SymbolicTensor {
  const value = operand('abs', x);
  return isUnsigned(value.dtype) ? value : unaryAs('abs', 'Abs', value);
}

/** -1, 0 or 1 by the sign of `x`, NaN for NaN; booleans become int32. */
export function sign(x: TensorLike): SymbolicTensor {
  const value = operand('sign', x);
  if (value.dtype === 'bool') return castTo(value, 'int32');
  // ONNX Runtime's float16 kernel gives 0 for NaN.
  const wide = castTo(value, wideFloat(value.dtype));
  return castTo(unaryAs('sign', 'Sign', wide), value.dtype);
}

/** `x * x`; booleans become int32. */
export function square(x: TensorLike): SymbolicTensor {
  const value = operand('square', x);
  const factor = value.dtype === 'bool' ? castTo(value, 'int32') : value;
  return binary('square', 'Mul', factor, factor);
}

/** The square root of `x`; integers give float32. */
export function sqrt(x: TensorLike): SymbolicTensor {
  return unaryAs('sqrt', 'Sqrt', toFloat('sqrt', x));
}

/** `e ** x`; integers give float32. */
export function exp(x: TensorLike): SymbolicTensor {
  return unaryAs('exp', 'Exp', toFloat('exp', x));
}

/** The natural logarithm of `x`; integers give float32. */
export function log(x: TensorLike): SymbolicTensor {
  return unaryAs('log', 'Log', toFloat('log', x));
}

/** `max(x, 0)`; NaN stays NaN. */
export function relu(x: TensorLike): SymbolicTensor {
  const value = operand('relu', x);
  if (isUnsigned(value.dtype)) return value;
  return dtypeKind(value.dtype) === 'float' ? unaryAs('relu', 'Relu', value) : maximum(value, 0);
}

/**
 * `x` rounded to `decimals` places, halves to even as in NumPy and Keras.
 *
 * Halves are told after `x * 10 ** decimals` has been rounded to the dtype (half types: to float32). Integers change
 * for negative `decimals` alone.
 *
 * @param decimals default 0; -1 rounds to tens
 */
export function round(x: TensorLike, decimals = 0): SymbolicTensor {
  const value = operand('round', x);
  if (!Number.isInteger(decimals))
    throw new ShapeError(`ops.round: decimals must be an integer, not ${decimals}`);
  if (dtypeKind(value.dtype) === 'float') {
    if (decimals === 0) return unaryAs('round', 'Round', value);
    return castTo(roundAt(castTo(value, wideFloat(value.dtype)), decimals), value.dtype);
  }
  if (decimals >= 0 || value.dtype === 'bool') return value;
  return castTo(roundAt(castTo(value, 'float64'), decimals), value.dtype);
}

/**
 * `min(max(x, xMin), xMax)`, so that `xMax` wins where the bounds cross, as in NumPy and Keras.
 *
 * The bounds may be numbers or tensors. NaN stays NaN, and a bound that is NaN gives NaN. Booleans become int32.
 */
export function clip(x: TensorLike, xMin: TensorLike, xMax: TensorLike): SymbolicTensor {
  const [input, low, high] = operands('clip', [x, xMin, xMax]) as Triple;
  const { dtype } = input;
  const [value, ...bounds] = [input, low, high].map((part) =>
    castTo(part, arithmeticDType('clip', dtype)),
  ) as Triple;
  const result = bounds.every(isPlainScalar)
    ? applyOp('Clip', [value, ...bounds], value)
    : binary('clip', 'Min', binary('clip', 'Max', value, bounds[0]), bounds[1]);
  return dtype === 'bool' ? result : castTo(result, dtype);
}

/** The operand as floats: integers and booleans become float32, as in Keras. */
export function toFloat(op: string, x: TensorLike): SymbolicTensor {
  const value = operand(op, x);
  const isFloat = dtypeKind(arithmeticDType(op, value.dtype)) === 'float';
  return isFloat ? value : castTo(value, 'float32');
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

type Triple = [SymbolicTensor, SymbolicTensor, SymbolicTensor];

/** Operators that give booleans for booleans, by whether the result is zero. */
const booleanOps: ReadonlySet<string> = new Set(['Add', 'Mul', 'Max', 'Min', 'MatMul']);

/** An operator on two operands in the dtype they meet in. @param shapes what their shapes give; default: broadcast */
export function binary(
  op: string,
  opType: string,
  x1: TensorLike,
  x2: TensorLike,
  shapes: (a: Shape, b: Shape) => Shape = (a, b) => broadcast(op, a, b),
): SymbolicTensor {
  const [a, b] = pair(op, x1, x2);
  const wide = arithmeticDType(op, a.dtype);
  const result = applyOp(opType, [castTo(a, wide), castTo(b, wide)], {
    dtype: wide,
    shape: shapes(a.shape, b.shape),
  });
  return a.dtype === 'bool' && !booleanOps.has(opType) ? result : castTo(result, a.dtype);
}

function unary(opType: string, x: SymbolicTensor): SymbolicTensor {
  return applyOp(opType, [x], x);
}

/** An operator that keeps the dtype, computed in the dtype that has arithmetic. */
function unaryAs(op: string, opType: string, x: SymbolicTensor): SymbolicTensor {
  return castTo(unary(opType, castTo(x, arithmeticDType(op, x.dtype))), x.dtype);
}

function roundAt(x: SymbolicTensor, decimals: number): SymbolicTensor {
  const factor = 10 ** Math.abs(decimals);
  return decimals > 0
    ? divide(unary('Round', multiply(x, factor)), factor)
    : multiply(unary('Round', divide(x, factor)), factor);
}

/** A number that Clip takes as a bound; it passes over a NaN. */
function isPlainScalar({ source, shape }: SymbolicTensor): boolean {
  return source.kind === 'constant' && shape?.length === 0 && !toFloat64(source.value).some(Number.isNaN);
}

function holdsNegative({ source }: SymbolicTensor): boolean {
  return source.kind === 'constant' && toFloat64(source.value).some((value) => value < 0);
}

function isUnsigned(dtype: DType): boolean {
  return dtypeKind(dtype) === 'uint' || dtype === 'bool';
}
