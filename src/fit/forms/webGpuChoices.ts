// Choices between numbers whose operands broadcast.
// Must not import other folders of fit.
import { greater } from '../../ops/comparison.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import type { FormCall } from './form.js';

/**
 * A choice whose operands broadcast, with a condition of another rank: browsers keep its program by the ranks alone, and
 * take one that broadcasts and one that does not for the same, whichever came first, in all sessions of a page.
 */
export function ranksApart({ tensor, inputs }: FormCall): SymbolicTensor | undefined {
  const [condition, a, b] = inputs;
  const { dtype, shape } = tensor;
  if (condition === undefined || a === undefined || b === undefined || shape === undefined) return undefined;
  const shapes = inputs.map((input) => input.shape ?? []);
  const isOneRank = shapes.every((each) => each.length === shape.length);
  const isAlike = shapes.every((each) => each.every((dim, i) => dim !== null && dim === shapes[0]?.[i]));
  if (!isOneRank || isAlike) return undefined;
  // As numbers, since browsers hand the permutation of booleans, which the layout of channels asks for, to the CPU.
  const numbers = reshapeTo(castTo(condition, 'float32'), [1, ...dimsOf('where', condition)]);
  return reshapeTo(applyOp('Where', [greater(numbers, 0), a, b], { dtype, shape: [1, ...shape] }), shape);
}
