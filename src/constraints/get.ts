// Whatever users write for a constraint, as a constraint.
// Must not import anything above ops.
import { ConfigError } from '../graph/errors.js';
import {
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  type ConstraintFunction,
  isConstraintClass,
} from './constraint.js';
import { type CustomObjects, deserialize } from './deserialize.js';
import { FunctionConstraint } from './functionConstraint.js';

/** What stands for a constraint: an instance, a class, a function, a name, a config, or null for none. */
export type ConstraintIdentifier =
  | Constraint
  | ConstraintClass
  | ConstraintFunction
  | string
  | ConstraintConfig
  | null
  | undefined;

/**
 * The constraint an identifier stands for, as `keras.constraints.get`: a class is constructed with its
 * defaults, a function is wrapped, names and configs are looked up.
 *
 * Unlike Keras 3 it also takes the names of Keras 1 and 2 (`maxnorm`, `nonneg`, `unitnorm`).
 *
 * @throws {ConfigError} when it stands for none
 */
export function get(identifier: ConstraintIdentifier, customObjects: CustomObjects = {}): Constraint | null {
  if (identifier === null || identifier === undefined) return null;
  if (identifier instanceof Constraint) return identifier;
  if (isConstraintClass(identifier)) return new identifier();
  if (typeof identifier === 'function') return new FunctionConstraint(identifier as ConstraintFunction);
  if (typeof identifier === 'string' || typeof identifier === 'object') {
    return deserialize(identifier, customObjects);
  }
  throw new ConfigError(
    `a ${typeof identifier} is not a constraint; accepted are constraints, their classes, functions, names and configs`,
  );
}

/** As `get`, where null is not accepted. @throws {ConfigError} */
export function getRequired(identifier: ConstraintIdentifier, customObjects: CustomObjects = {}): Constraint {
  const constraint = get(identifier, customObjects);
  if (constraint === null) throw new ConfigError('a constraint is needed, found null');
  return constraint;
}
