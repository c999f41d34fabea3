// Vectors made one long.
// Must not import anything above graph; the pure entry point must not import it.
import { divide, maximum, sqrt, square } from './elementwise.js';
import { sum } from './reduction.js';
import type { SymbolicTensor } from './symbolicTensor.js';

/** `x / max(|x|, epsilon)` with the Euclidean norm along `axes`, as `keras.ops.normalize`; zeros stay zeros. */
export function unitLength(x: SymbolicTensor, axes: readonly number[], epsilon: number): SymbolicTensor {
  // The bound is beneath the root, whose derivative at zero would be infinite.
  return divide(x, sqrt(maximum(sum(square(x), axes, true), epsilon * epsilon)));
}
