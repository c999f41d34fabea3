// Reading the arguments of the built-in constraints: from TypeScript calls and from Keras configs.
// Must not import anything above ops.
import { ConfigError } from '../graph/errors.js';
import type { Axis } from '../ops/axes.js';
import type { ConstraintConfig } from './constraint.js';

/** Keras's `keras.config.epsilon()`, added to every norm that is divided by. */
export const DEFAULT_EPSILON = 1e-7;

/** Arguments that all norm constraints share. */
export interface NormArgs {
  /**
   * The dimensions over which each norm is taken: one, several, or `null` for all. Default 0: for a Dense
   * kernel (input, output) the incoming weights of each unit. For a Conv2D kernel (rows, columns, input,
   * output) use `[0, 1, 2]` to take each filter.
   */
  readonly axis?: Axis;
  /** Added to each norm before dividing by it. Default 1e-7, as in Keras. */
  readonly epsilon?: number;
}

/** Which keys a config may hold, and the argument each one sets. */
export type ConfigKeys = Readonly<Record<string, string>>;

/**
 * The arguments behind a config.
 *
 * @throws {ConfigError} on a key that is not in `keys`, and on two keys for one argument
 */
export function readConfig(
  className: string,
  config: ConstraintConfig,
  keys: ConfigKeys,
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    // Keras 1 and 2 write the object's name among the arguments.
    if (key === 'name') continue;
    if (!Object.hasOwn(keys, key)) {
      throw new ConfigError(noArgument(className, key, Object.keys(keys)));
    }
    const name = keys[key] as string;
    if (Object.hasOwn(args, name)) {
      throw new ConfigError(`${className}: '${key}' sets ${name} a second time; give it once`);
    }
    args[name] = value;
  }
  return args;
}

/** Refuses what is no object of options, and options that the class does not have. */
export function checkKeys(className: string, args: unknown, accepted: readonly string[]): void {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw new ConfigError(
      `${className} takes an object of arguments (${accepted.join(', ')}), found ${describe(args)}`,
    );
  }
  for (const key of Object.keys(args)) {
    if (!accepted.includes(key)) {
      throw new ConfigError(noArgument(className, key, accepted));
    }
  }
}

function noArgument(className: string, key: string, accepted: readonly string[]): string {
  const choice = accepted.length === 0 ? 'it takes none' : `accepted are ${accepted.join(', ')}`;
  return `${className} has no argument '${key}'; ${choice}`;
}

/** A number argument. Infinity is accepted, NaN is not. */
export function readNumber(className: string, name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new ConfigError(`${className}: ${name} must be a number, found ${describe(value)}`);
  }
  return value;
}

/** An axis argument: an integer, a list, a tuple as Keras serializes it, or null. */
export function readAxis(className: string, value: unknown): Axis {
  if (value === undefined) return 0;
  if (value === null) return null;
  const list = tupleItems(value) ?? value;
  if (Number.isInteger(list)) return list as number;
  if (Array.isArray(list) && list.every((item) => Number.isInteger(item))) return [...(list as number[])];
  throw new ConfigError(
    `${className}: axis must be an integer, a list of integers or null, found ${describe(value)}`,
  );
}

/** The `epsilon` argument: a number that is not negative. */
export function readEpsilon(className: string, value: unknown): number {
  const epsilon = readNumber(className, 'epsilon', value, DEFAULT_EPSILON);
  if (epsilon < 0) throw new ConfigError(`${className}: epsilon must not be negative, found ${epsilon}`);
  return epsilon;
}

/** `epsilon` as a config holds it: only where it is not Keras's own, whose constructors do not take it. */
export function epsilonConfig(epsilon: number): ConstraintConfig {
  return epsilon === DEFAULT_EPSILON ? {} : { epsilon };
}

/** A value as messages show it; JSON has no NaN, infinities or bigints. */
function describe(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function tupleItems(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { class_name: className, items } = value as { class_name?: unknown; items?: unknown };
  return className === '__tuple__' ? items : undefined;
}
