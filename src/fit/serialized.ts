// Arguments as users write them (camelCase, constraint objects) turned into what Keras serializes (snake_case, JSON).
// Must not import other folders of fit.
import { Constraint } from '../constraints/constraint.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import { serialize } from '../constraints/serialize.js';
import { UsageError } from '../graph/errors.js';

/** A class as Keras serializes it. */
export interface SerializedKeras {
  readonly module: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly registered_name: null;
}

/** The serialized form of a class with these arguments; those that are `undefined` are left to Keras's defaults. */
export function serializeClass(module: string, className: string, args: object): SerializedKeras {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const config = Object.fromEntries(
    given.map(([key, value]) => [configKey(key), serializeValue(key, value)]),
  );
  return { module, class_name: className, config, registered_name: null };
}

function serializeValue(key: string, value: unknown): unknown {
  if (value instanceof FunctionConstraint) return serialize(value, { [value.fn.name || key]: value.fn });
  if (value instanceof Constraint) return serialize(value);
  if (typeof value === 'function') {
    throw new UsageError(
      `${key}: a function cannot be written into a config; only constraints can be functions`,
    );
  }
  return value;
}

/** The key in a config of an argument. */
export function configKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/([a-z])(\d)$/, '$1_$2');
}
