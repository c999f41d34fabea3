// Constraints as Keras 3 writes them in configs.
// Must not import anything above ops.
import { UnsupportedError } from '../graph/errors.js';
import { isBuiltin } from './builtins.js';
import {
  type Constraint,
  type ConstraintConfig,
  type ConstraintFunction,
  classNameOf,
  ownClassName,
} from './constraint.js';
import type { CustomObjects } from './deserialize.js';
import { FunctionConstraint } from './functionConstraint.js';

/** A constraint in Keras 3's serialized form. */
export interface SerializedConstraint {
  readonly module: string | null;
  readonly class_name: string;
  readonly config: ConstraintConfig | string;
  readonly registered_name: string | null;
}

/**
 * The constraint as Keras 3 serializes it, for `deserialize` here and in Keras.
 *
 * @param customObjects gives custom classes their registered names (`package>Name`), and functions a name at all
 * @throws {UnsupportedError} for a function, or a class without a name, that is not in `customObjects`
 */
export function serialize(
  constraint: Constraint | ConstraintFunction,
  customObjects: CustomObjects = {},
): SerializedConstraint {
  if (typeof constraint === 'function') return serializeFunction(constraint, customObjects);
  if (constraint instanceof FunctionConstraint) return serializeFunction(constraint.fn, customObjects);
  if (isBuiltin(constraint)) {
    return {
      module: 'keras.constraints',
      class_name: classNameOf(constraint),
      config: constraint.getConfig(),
      registered_name: null,
    };
  }
  const key = keyOf(constraint.constructor, customObjects);
  const className = ownClassName(constraint) ?? key?.slice(key.lastIndexOf('>') + 1);
  if (className === undefined) {
    throw new UnsupportedError(
      'an anonymous class cannot be serialized; name it, or pass it in customObjects',
    );
  }
  return {
    module: null,
    class_name: className,
    config: constraint.getConfig(),
    registered_name: key ?? className,
  };
}

function serializeFunction(fn: ConstraintFunction, customObjects: CustomObjects): SerializedConstraint {
  const key = keyOf(fn, customObjects);
  if (key === undefined) {
    const name = fn.name === '' ? 'an anonymous function' : `the function '${fn.name}'`;
    throw new UnsupportedError(
      `${name} cannot be serialized: its code would not travel, and nothing names it; pass it in customObjects, or write a subclass of Constraint with getConfig`,
    );
  }
  return { module: 'builtins', class_name: 'function', config: key, registered_name: 'function' };
}

function keyOf(value: unknown, customObjects: CustomObjects): string | undefined {
  return Object.keys(customObjects).find((key) => customObjects[key] === value);
}
