// Powers of decay rates, as Keras computes them: in float32, rounded once. What is left of 1 - 0.999 ** t shows each lost
// digit a thousand times larger, so that the table of forms has one for providers whose Pow loses some.
// Must not import other folders of fit.
import { fromFloat64 } from '../../graph/numbers.js';
import { power } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { constant } from '../../ops/tensorLike.js';

/** `base ** exponent` for `0 < base < 1`. */
export function wholePower(base: number, exponent: SymbolicTensor): SymbolicTensor {
  return power(constant(fromFloat64([base], exponent.dtype, [])), exponent);
}
