// Gradients cut to a limit before they are applied, as Keras cuts them.
// Must not import other folders of fit but settings.
import { add, clip, divide, maximum, multiply, sqrt, square } from '../../ops/elementwise.js';
import { sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { Clipping } from './commonSettings.js';

/** `g · limit / max(norm, limit)` with the norm of each or of all, or each number within `±limit`. */
export function clipGradients(
  clipping: Clipping | undefined,
  gradients: readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  if (clipping === undefined || gradients.length === 0) return gradients;
  const { by, limit } = clipping;
  if (by === 'clipvalue') return gradients.map((gradient) => clip(gradient, -limit, limit));
  const squares = gradients.map((gradient) => sum(square(gradient)));
  const all = squares.reduce((total, each) => add(total, each));
  const scaleFor = (squared: SymbolicTensor): SymbolicTensor => divide(limit, maximum(sqrt(squared), limit));
  if (by === 'global_clipnorm') {
    const scale = scaleFor(all);
    return gradients.map((gradient) => multiply(gradient, scale));
  }
  return gradients.map((gradient, i) => multiply(gradient, scaleFor(squares[i] as SymbolicTensor)));
}
