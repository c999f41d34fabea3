// Constraints from configs: the forms of Keras 3, 2 and 1 and of TensorFlow.js.
// Must not import anything above ops.
import { ConfigError, ConstraintError, type ErrorPlace } from '../graph/errors.js';
import { builtinClass, builtinNames } from './builtins.js';
import {
  type Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  type ConstraintFunction,
  isConstraintClass,
  isForeignConstraintClass,
} from './constraint.js';
import { FunctionConstraint } from './functionConstraint.js';

/** Custom classes and functions under Keras's registered names (`package>Name`) or bare names. */
export type CustomObjects = Readonly<Record<string, ConstraintClass | ConstraintFunction>>;

/**
 * The constraint behind a config, or `null` for `null`.
 *
 * Accepted are Keras 3's `{module, class_name, config, registered_name}`, also for functions
 * (`class_name: "function"`), Keras 2's and tfjs's `{class_name, config}`, Keras 1's `{name, …arguments}`, and
 * names alone.
 *
 * @param customObjects classes and functions that are not built in
 * @param place the file and the place in it, for error messages
 * @throws {ConfigError} on an unknown class or argument
 */
export function deserialize(
  config: unknown,
  customObjects: CustomObjects = {},
  place: ErrorPlace = {},
): Constraint | null {
  if (config === null || config === undefined) return null;
  if (typeof config === 'string') return fromName(config, {}, customObjects, place);
  if (typeof config !== 'object' || Array.isArray(config)) {
    throw new ConfigError(
      `a constraint must be null, a name or an object, found ${Array.isArray(config) ? 'a list' : JSON.stringify(config)}`,
      place,
    );
  }
  const { name, args } = readForm(config as Record<string, unknown>, place);
  return fromName(name, args, customObjects, place);
}

/** The class name and arguments, whichever form they are written in. */
function readForm(
  config: Record<string, unknown>,
  place: ErrorPlace,
): { name: string; args: ConstraintConfig } {
  const registered = own(config, 'registered_name');
  const className = own(config, 'class_name') ?? own(config, 'className');
  const args = own(config, 'config') ?? {};
  if (className === 'function' && typeof args === 'string') return { name: args, args: {} };
  if (className === undefined) return readKeras1(config, place);
  if (typeof className !== 'string') {
    throw new ConfigError(`class_name must be a string, found ${JSON.stringify(className)}`, place);
  }
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw new ConfigError(`config of ${className} must be an object, found ${JSON.stringify(args)}`, place);
  }
  const isCustomName = typeof registered === 'string' && registered.includes('>');
  return { name: isCustomName ? registered : className, args: args as ConstraintConfig };
}

function readKeras1(
  config: Record<string, unknown>,
  place: ErrorPlace,
): { name: string; args: ConstraintConfig } {
  const name = own(config, 'name');
  if (typeof name !== 'string') {
    const keys = Object.keys(config).join(', ') || 'no keys';
    throw new ConfigError(`a constraint object needs class_name and config, found ${keys}`, place);
  }
  const args = Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'name'));
  return { name, args };
}

function fromName(
  name: string,
  args: ConstraintConfig,
  customObjects: CustomObjects,
  place: ErrorPlace,
): Constraint {
  const found =
    findCustom(name, customObjects) ?? builtinClass(name) ?? findInAnyPackage(name, customObjects, place);
  if (found === undefined) throw new ConfigError(unknownMessage(name, customObjects), place);
  if (!isConstraintClass(found)) return fromFunction(name, found, args, place);
  try {
    return found.fromConfig(args);
  } catch (error) {
    if (error instanceof ConstraintError) throw new ConfigError(error.detail, { ...place, cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${name}.fromConfig failed: ${reason}`, { ...place, cause: error });
  }
}

function fromFunction(
  name: string,
  found: ConstraintFunction,
  args: ConstraintConfig,
  place: ErrorPlace,
): Constraint {
  const keys = Object.keys(args);
  if (keys.length === 0) return new FunctionConstraint(found);
  throw new ConfigError(
    `'${name}' is given as a function, which takes no arguments; the config has ${keys.join(', ')}`,
    place,
  );
}

/** The custom object of that name, or of a registered name's part behind the package. */
function findCustom(
  name: string,
  customObjects: CustomObjects,
): ConstraintClass | ConstraintFunction | undefined {
  const bare = name.slice(name.lastIndexOf('>') + 1);
  return customObject(name, customObjects) ?? customObject(bare, customObjects);
}

/** The custom object of that name in some package, for configs that do not tell the package. */
function findInAnyPackage(
  name: string,
  customObjects: CustomObjects,
  place: ErrorPlace,
): ConstraintClass | ConstraintFunction | undefined {
  const keys = Object.keys(customObjects).filter((key) => key.endsWith(`>${name}`));
  const [first, second] = keys;
  if (first === undefined) return undefined;
  if (second !== undefined && keys.some((key) => customObjects[key] !== customObjects[first])) {
    throw new ConfigError(
      `'${name}' may be any of ${keys.join(', ')}; pass the one meant as '${name}'`,
      place,
    );
  }
  return customObject(first, customObjects);
}

function customObject(
  key: string,
  customObjects: CustomObjects,
): ConstraintClass | ConstraintFunction | undefined {
  const found: unknown = Object.hasOwn(customObjects, key) ? customObjects[key] : undefined;
  if (isForeignConstraintClass(found)) {
    throw new ConfigError(
      `customObjects['${key}'] extends the Constraint of another copy of onnx-constraints; import it from the one that runs, for a plugin the one installed beside the program`,
    );
  }
  if (found === undefined || typeof found === 'function') return found as ConstraintClass | undefined;
  throw new ConfigError(`customObjects['${key}'] must be a class or a function, found a ${typeof found}`);
}

function unknownMessage(name: string, customObjects: CustomObjects): string {
  const given = Object.keys(customObjects);
  const custom = given.length === 0 ? 'none given' : given.join(', ');
  return (
    `unknown constraint '${name}'; built in are ${builtinNames().join(', ')}, custom objects: ${custom}. ` +
    `Pass its class or function as customObjects: { '${name}': … } (command line: --plugin <module that exports customObjects>)`
  );
}

function own(config: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(config, key) ? config[key] : undefined;
}
