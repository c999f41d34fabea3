// Steps whose gradients are gathered, and the update that follows from several of them.
// Must not import other folders of fit.
import { equal, where } from '../../ops/comparison.js';
import { zerosLike } from '../../ops/creation.js';
import { add, divide, multiply, subtract } from '../../ops/elementwise.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo, constant } from '../../ops/tensorLike.js';

/** Where a step stands among those that go into one update. */
export class Accumulation {
  /** How many updates were made before the step, in int32. */
  readonly updatesBefore: SymbolicTensor;
  /** Whether the step ends in an update; `undefined` where each does. */
  readonly #ends: SymbolicTensor | undefined;

  /**
   * @param iteration how many steps were done before this one, in int32
   * @param steps how many go into one update
   */
  constructor(
    iteration: SymbolicTensor,
    private readonly steps: number,
  ) {
    this.updatesBefore = steps === 1 ? iteration : wholeQuotient(iteration, steps);
    this.#ends = steps === 1 ? undefined : isMultiple(add(iteration, 1), steps);
  }

  /** The number of the update under way as a float, 1 for the first. */
  get update(): SymbolicTensor {
    return castTo(add(this.updatesBefore, 1), 'float32');
  }

  /** The mean gradient where the step ends in an update, and the sum of those that wait for one. */
  gather(
    gradient: SymbolicTensor,
    waiting: SymbolicTensor,
  ): { readonly mean: SymbolicTensor; readonly waiting: SymbolicTensor } {
    const total = add(gradient, waiting);
    return { mean: divide(total, this.steps), waiting: this.choose(zerosLike(total), total) };
  }

  /** `after` where the step ends in an update, else `before`. */
  choose(after: SymbolicTensor, before: SymbolicTensor): SymbolicTensor {
    return this.#ends === undefined ? after : where(this.#ends, after, before);
  }
}

/** Whether a whole number is one of `0, size, 2 size, …`. */
export function isMultiple(count: SymbolicTensor, size: number): SymbolicTensor {
  return equal(subtract(count, multiply(wholeQuotient(count, size), size)), 0);
}

/** Division of whole numbers, which `divide` does in floats. */
function wholeQuotient(count: SymbolicTensor, size: number): SymbolicTensor {
  const divisor = constant({ dtype: 'int32', dims: [], data: Int32Array.of(size) });
  return applyOp('Div', [count, divisor], count);
}
