// Activations of keras.ops.nn that are made of pieces of lines and parabolas.
// Must not import anything above graph; the pure entry point must not import it.
import { greater, less, where } from './comparison.js';
import {
  abs,
  add,
  clip,
  divide,
  minimum,
  multiply,
  relu as positive,
  square,
  subtract,
} from './elementwise.js';
import type { SymbolicTensor } from './symbolicTensor.js';

export interface ReluOptions {
  /** What comes out below the threshold: `negativeSlope · (x - threshold)`. Default 0. */
  readonly negativeSlope?: number;
  /** The largest that comes out. Default: no bound. */
  readonly maxValue?: number | undefined;
  /** From where on `x` comes out. Default 0. */
  readonly threshold?: number;
}

/** `x` above the threshold up to `maxValue`, a slope below it, as `keras.activations.relu`. */
export function slopedRelu(x: SymbolicTensor, options: ReluOptions = {}): SymbolicTensor {
  const { negativeSlope = 0, maxValue, threshold = 0 } = options;
  const above = threshold === 0 ? positive(x) : where(greater(x, threshold), x, 0);
  const bounded = maxValue === undefined ? above : minimum(above, maxValue);
  if (negativeSlope === 0) return bounded;
  return subtract(bounded, multiply(positive(subtract(threshold, x)), negativeSlope));
}

/** `min(max(x, 0), 6)`. */
export function relu6(x: SymbolicTensor): SymbolicTensor {
  return clip(x, 0, 6);
}

/** `min(max(x / 6 + 0.5, 0), 1)`. */
export function hardSigmoid(x: SymbolicTensor): SymbolicTensor {
  return clip(add(divide(x, 6), 0.5), 0, 1);
}

/** `x · hardSigmoid(x)`. */
export function hardSilu(x: SymbolicTensor): SymbolicTensor {
  return multiply(x, hardSigmoid(x));
}

/** `min(max(x, -1), 1)`. */
export function hardTanh(x: SymbolicTensor): SymbolicTensor {
  return clip(x, -1, 1);
}

/** `x` where `|x| > threshold`, else 0. @param threshold default 0.5 */
export function hardShrink(x: SymbolicTensor, threshold = 0.5): SymbolicTensor {
  return where(greater(abs(x), threshold), x, 0);
}

/** `x` nearer to 0 by `threshold`, and 0 where it is as near already. @param threshold default 0.5 */
export function softShrink(x: SymbolicTensor, threshold = 0.5): SymbolicTensor {
  return subtract(x, clip(x, -threshold, threshold));
}

/** 0 up to -1, `(x + 1)² / 4` up to 1, then `x`. */
export function sparsePlus(x: SymbolicTensor): SymbolicTensor {
  const bend = multiply(square(add(clip(x, -1, 1), 1)), 0.25);
  return where(less(x, 1), bend, x);
}

/** `min(max((x + 1) / 2, 0), 1)`. */
export function sparseSigmoid(x: SymbolicTensor): SymbolicTensor {
  return clip(multiply(add(x, 1), 0.5), 0, 1);
}
