// NonNeg: no weight below zero.
// Must not import anything above ops.
import { relu } from '../ops/elementwise.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { readConfig } from './arguments.js';
import {
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  constructFromConfig,
} from './constraint.js';

/**
 * Sets negative weights to zero: `max(w, 0)`.
 *
 * NaN stays NaN. Any shape and floating dtype.
 *
 * Source: `keras.constraints.NonNeg`.
 *
 * @example
 * new NonNeg()
 */
export class NonNeg extends Constraint {
  static override readonly className: string = 'NonNeg';

  override call(w: SymbolicTensor): SymbolicTensor {
    return relu(w);
  }

  /** From Keras's empty config. @throws {ConfigError} when it is not empty */
  static override fromConfig(config: ConstraintConfig): NonNeg {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is constructed as itself, with its own arguments
    return construct(this, config);
  }
}

// Beside the class, which bundlers rename where it names itself.
function construct(owner: ConstraintClass, config: ConstraintConfig): NonNeg {
  if (owner !== NonNeg) return constructFromConfig(owner, config) as NonNeg;
  readConfig('NonNeg', config, {});
  return new NonNeg();
}

/** `new NonNeg()`, under Keras's shortcut name. */
export function nonNeg(): NonNeg {
  return new NonNeg();
}
