// Smooth activations of keras.ops.nn and softmax, made of operators that every provider runs.
// Must not import anything above graph; the pure entry point must not import it.
import { normalizeAxis } from './axes.js';
import { greater, where } from './comparison.js';
import { abs, add, divide, exp, log, multiply, negative, sqrt, square, subtract } from './elementwise.js';
import { sum } from './reduction.js';
import { stopGradient } from './stopGradient.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';

const unary = (opType: string, x: SymbolicTensor): SymbolicTensor => applyOp(opType, [x], x);

/** `1 / (1 + e ** -x)`. */
export function sigmoid(x: SymbolicTensor): SymbolicTensor {
  return unary('Sigmoid', x);
}

/** The hyperbolic tangent. */
export function tanh(x: SymbolicTensor): SymbolicTensor {
  return unary('Tanh', x);
}

/** The error function. */
export function erf(x: SymbolicTensor): SymbolicTensor {
  return unary('Erf', x);
}

/** `log(1 + e ** x)`, as `(x + |x|) / 2 + log(1 + e ** -|x|)`, which does not overflow, and whose derivative is right at 0. */
export function softplus(x: SymbolicTensor): SymbolicTensor {
  const size = abs(x);
  return add(multiply(add(x, size), 0.5), log(add(exp(negative(size)), 1)));
}

/** `x / (1 + |x|)`. */
export function softsign(x: SymbolicTensor): SymbolicTensor {
  return divide(x, add(abs(x), 1));
}

/** `x · sigmoid(x)`. */
export function silu(x: SymbolicTensor): SymbolicTensor {
  return multiply(x, sigmoid(x));
}

/** `x` where positive, else `alpha · (e ** x - 1)`. @param alpha default 1 */
export function elu(x: SymbolicTensor, alpha = 1): SymbolicTensor {
  const isAbove = greater(x, 0);
  // Where the exponential is not taken it must not overflow, or its gradient would be infinity · 0.
  const below = multiply(subtract(exp(where(isAbove, 0, x)), 1), alpha);
  return where(isAbove, x, below);
}

/** `elu` with `alpha` 1.67326, times 1.0507, which keeps mean 0 and variance 1. */
export function selu(x: SymbolicTensor): SymbolicTensor {
  return multiply(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** `max(x, 0) + min(alpha · (e ** (x / alpha) - 1), 0)`. @param alpha default 1 */
export function celu(x: SymbolicTensor, alpha = 1): SymbolicTensor {
  return alpha === 1 ? elu(x) : multiply(elu(divide(x, alpha)), alpha);
}

/** `x` times the share of the standard normal distribution below it, not approximated. */
export function gelu(x: SymbolicTensor): SymbolicTensor {
  return multiply(multiply(x, 0.5), add(erf(multiply(x, Math.SQRT1_2)), 1));
}

/** `x · tanh(softplus(x))`. */
export function mish(x: SymbolicTensor): SymbolicTensor {
  return multiply(x, tanh(softplus(x)));
}

/** `(x + √(x² + b)) / 2`. @param b default 4 */
export function squareplus(x: SymbolicTensor, b = 4): SymbolicTensor {
  return multiply(add(x, sqrt(add(square(x), b))), 0.5);
}

/** `log(sigmoid(x))`, which does not overflow. */
export function logSigmoid(x: SymbolicTensor): SymbolicTensor {
  return negative(softplus(negative(x)));
}

/** `x - tanh(x)`. */
export function tanhShrink(x: SymbolicTensor): SymbolicTensor {
  return subtract(x, tanh(x));
}

/** `x` where positive, else `negativeSlope · x`. @param negativeSlope default 0.2 */
export function leakyRelu(x: SymbolicTensor, negativeSlope = 0.2): SymbolicTensor {
  return where(greater(x, 0), x, multiply(x, negativeSlope));
}

/** `e ** x`, divided by its sum along `axis`. @param axis default -1 */
export function softmax(x: SymbolicTensor, axis = -1): SymbolicTensor {
  const at = normalizeAxis('ops.softmax', axis, x.shape);
  return applyOp('Softmax', [x], x, { attributes: { axis: { type: 'int', value: at } } });
}

/** The logarithm of `softmax`, which does not overflow. @param axis default -1 */
export function logSoftmax(x: SymbolicTensor, axis = -1): SymbolicTensor {
  const at = normalizeAxis('ops.logSoftmax', axis, x.shape);
  const shifted = subtract(x, stopGradient(largest(x, [at])));
  return subtract(shifted, log(sum(exp(shifted), at, true)));
}

/** The largest along axes of size 1. The operator itself: `ops.max` would look for NaN too, which comes out in any case. */
export function largest(x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  const shape = x.shape?.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const attributes = { keepdims: { type: 'int', value: 1 } } as const;
  return applyOp('ReduceMax', [x], { dtype: x.dtype, shape }, { axes, attributes });
}
