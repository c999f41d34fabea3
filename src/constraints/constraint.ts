// The base class of all constraints, and what may stand in for one.
// Must not import anything above ops.
import { ConfigError } from '../graph/errors.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';

const brand: unique symbol = Symbol.for('onnx-constraints.Constraint') as never;

/** A constraint's arguments under Keras's snake_case keys, as JSON. */
export type ConstraintConfig = Readonly<Record<string, unknown>>;

/** Any function from a weight to a projected weight of the same shape and dtype. */
export type ConstraintFunction = (w: SymbolicTensor) => SymbolicTensor;

/** A class of constraints: `Constraint` itself or a subclass. */
export interface ConstraintClass<T extends Constraint = Constraint> {
  // biome-ignore lint/suspicious/noExplicitAny: constructors of subclasses take whatever they like
  new (...args: any[]): T;
  readonly className?: string;
  fromConfig(config: ConstraintConfig): Constraint;
}

/**
 * Base class of weight constraints. By itself it leaves weights unchanged: `w ↦ w`.
 *
 * Subclasses override `call`, which is traced once into ONNX nodes: it takes a symbolic weight and
 * returns one of the same shape and dtype, made with `ops`. Half-precision weights arrive as float32 and
 * the result is rounded once. Override `getConfig` to make a subclass serializable.
 *
 * Source: `keras.constraints.Constraint`.
 *
 * @example
 * class CenterAround extends Constraint {
 *   constructor(readonly refValue: number) { super(); }
 *   override call(w: SymbolicTensor) { return ops.add(ops.subtract(w, ops.mean(w)), this.refValue); }
 *   override getConfig() { return { ref_value: this.refValue }; }
 * }
 */
export class Constraint {
  /** The name in configs; set it in subclasses that are minified. */
  static readonly className: string = 'Constraint';

  /** The projected weight. */
  call(w: SymbolicTensor): SymbolicTensor {
    return w;
  }

  /** The constructor's arguments under Keras's snake_case keys, so that Keras reads them back. */
  getConfig(): ConstraintConfig {
    return {};
  }

  /** Arguments that are accepted, as Keras accepts them, but probably not meant. */
  warnings(): readonly string[] {
    return [];
  }

  /**
   * The constraint with these arguments: of `new this(...values)` and `new this({camelCaseKeys})` the one
   * whose `getConfig` gives `config` back. Override it where neither fits.
   *
   * @throws {ConfigError} when neither does
   */
  static fromConfig(config: ConstraintConfig): Constraint {
    // biome-ignore lint/complexity/noThisInStatic: the subclass it is called on is what it constructs
    return constructFromConfig(this, config);
  }
}

// Tells constraints of another copy of this package, whose classes are not these.
Reflect.defineProperty(Constraint, brand, { value: true });

/** The name of a constraint's class, as configs and messages show it. */
export function classNameOf(constraint: Constraint | ConstraintClass): string {
  return ownClassName(constraint) ?? 'AnonymousConstraint';
}

/** As `classNameOf`, where the class has a name. */
export function ownClassName(constraint: Constraint | ConstraintClass): string | undefined {
  const owner = (constraint instanceof Constraint ? constraint.constructor : constraint) as ConstraintClass;
  const own = Object.hasOwn(owner, 'className') ? owner.className : undefined;
  return own ?? (owner.name === '' ? undefined : owner.name);
}

/** Whether a value is a constraint class of another copy of this package, which cannot be used with this one. */
export function isForeignConstraintClass(value: unknown): boolean {
  return (
    typeof value === 'function' && !isConstraintClass(value) && (value as { [brand]?: true })[brand] === true
  );
}

export function isConstraintClass(value: unknown): value is ConstraintClass {
  return typeof value === 'function' && (value === Constraint || value.prototype instanceof Constraint);
}

/** What `Constraint.fromConfig` does, for a given class. @throws {ConfigError} when no constructor call fits */
export function constructFromConfig(owner: ConstraintClass, config: ConstraintConfig): Constraint {
  const camel = Object.fromEntries(Object.entries(config).map(([key, value]) => [camelCase(key), value]));
  const candidates = [() => new owner(...Object.values(config)), () => new owner(camel)];
  const reasons: string[] = [];
  for (const construct of candidates) {
    try {
      const constraint = construct();
      // The object of arguments comes back itself where the constructor takes its arguments by position.
      const isMissing = (value: unknown): boolean => value === undefined || value === camel;
      const missing = Object.entries(constraint.getConfig()).find(([, value]) => isMissing(value));
      if (missing !== undefined) throw new ConfigError(`the argument ${missing[0]} is missing`);
      if (givesBack(constraint.getConfig(), config)) return constraint;
      reasons.push(`getConfig() gave ${JSON.stringify(constraint.getConfig())}`);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const name = classNameOf(owner);
  throw new ConfigError(
    `${name}: no constructor call gives the config ${JSON.stringify(config)} back (positional arguments: ${reasons[0]}; an object of arguments: ${reasons[1]}); define static fromConfig(config) on ${name}`,
  );
}

function givesBack(found: ConstraintConfig, wanted: ConstraintConfig): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(found, key) && JSON.stringify(found[key]) === JSON.stringify(value),
  );
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
