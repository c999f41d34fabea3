// A plain function in the place of a constraint.
// Must not import anything above ops.
import { UnsupportedError } from '../graph/errors.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { Constraint, type ConstraintConfig, type ConstraintFunction } from './constraint.js';

/** Wraps a function so that it works wherever a constraint does, but for serialization. */
export class FunctionConstraint extends Constraint {
  static override readonly className: string = 'function';

  constructor(readonly fn: ConstraintFunction) {
    super();
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    return this.fn(w);
  }

  /** @throws {UnsupportedError} always: a function has no config */
  override getConfig(): ConstraintConfig {
    const name = this.fn.name === '' ? 'an anonymous function' : `the function '${this.fn.name}'`;
    throw new UnsupportedError(
      `${name} has no config; write a subclass of Constraint, or pass the function in customObjects to serialize it by name`,
    );
  }
}
