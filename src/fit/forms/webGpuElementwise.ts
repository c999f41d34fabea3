// Elementwise operators of numbers that WebGPU computes right, and NaN as NaN.
// Must not import other folders of fit.
import { toFloat64 } from '../../graph/numbers.js';
import { equal, greater, greaterEqual, less, where } from '../../ops/comparison.js';
import { add, divide, exp, multiply, negative, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { FormCall } from './form.js';

/** Above this, the exponential minus one is summed as a series. */
const SMALL = -0.5;

/**
 * A power of a constant below one, `1 - s` with `s = 1 - e ** (x · log(base))` to its last digits, so that one minus the
 * power is `s` again, rounded as where the power itself is exact.
 */
export function powerOfConstant({ inputs: [base, exponent] }: FormCall): SymbolicTensor | undefined {
  if (base?.source.kind !== 'constant' || exponent === undefined || base.dtype !== 'float32')
    return undefined;
  const [value, ...others] = toFloat64(base.source.value);
  if (value === undefined || others.length > 0 || value <= 0 || value >= 1) return undefined;
  const u = multiply(exponent, Math.log(value));
  const missing = where(less(u, SMALL), subtract(1, exp(u)), negative(expMinusOne(u)));
  return subtract(1, missing);
}

/** `x + x² / 2! + …`, for `x` between -0.5 and 0 to float32's digits. */
function expMinusOne(x: SymbolicTensor): SymbolicTensor {
  let sum = add(divide(x, 9), 1);
  for (let n = 8; n > 1; n--) sum = add(multiply(divide(x, n), sum), 1);
  return multiply(x, sum);
}

export function NaNThroughRelu({ inputs: [x] }: FormCall): SymbolicTensor | undefined {
  return x && where(greaterEqual(0, x), 0, x);
}

export function greaterOf({ inputs }: FormCall): SymbolicTensor | undefined {
  return choice(greater, inputs);
}

export function smallerOf({ inputs }: FormCall): SymbolicTensor | undefined {
  return choice(less, inputs);
}

/** The one that wins, or whichever is NaN. */
function choice(wins: typeof greater, inputs: readonly SymbolicTensor[]): SymbolicTensor | undefined {
  const [a, b] = inputs;
  if (a === undefined || b === undefined || inputs.length > 2) return undefined;
  const [constant, x] = a.source.kind === 'constant' ? [a, b] : [b, a];
  if (constant.source.kind === 'constant') return where(wins(constant, x), constant, x);
  return where(wins(a, b), a, where(equal(a, a), b, a));
}
