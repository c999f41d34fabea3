// The four constraints and the base class by every name that configs give them.
// Must not import anything above ops.
import { Constraint, type ConstraintClass } from './constraint.js';
import { MaxNorm } from './maxNorm.js';
import { MinMaxNorm } from './minMaxNorm.js';
import { NonNeg } from './nonNeg.js';
import { UnitNorm } from './unitNorm.js';

/** Constraint classes by class name. */
const builtins: ReadonlyMap<string, ConstraintClass> = new Map<string, ConstraintClass>([
  ['Constraint', Constraint],
  ['MaxNorm', MaxNorm],
  ['MinMaxNorm', MinMaxNorm],
  ['NonNeg', NonNeg],
  ['UnitNorm', UnitNorm],
]);

/** Other names: Keras 3's snake_case, the run-together ones of Keras 1 and 2, and tfjs's camelCase. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['max_norm', 'MaxNorm'],
  ['maxnorm', 'MaxNorm'],
  ['maxNorm', 'MaxNorm'],
  ['min_max_norm', 'MinMaxNorm'],
  ['minMaxNorm', 'MinMaxNorm'],
  ['non_neg', 'NonNeg'],
  ['nonneg', 'NonNeg'],
  ['nonNeg', 'NonNeg'],
  ['unit_norm', 'UnitNorm'],
  ['unitnorm', 'UnitNorm'],
  ['unitNorm', 'UnitNorm'],
]);

/** The built-in class behind a name or alias. */
export function builtinClass(name: string): ConstraintClass | undefined {
  return builtins.get(aliases.get(name) ?? name);
}

/** Whether a constraint is of exactly a built-in class, whose formula is therefore known. */
export function isBuiltin(constraint: Constraint): boolean {
  return [...builtins.values()].includes(constraint.constructor as ConstraintClass);
}

/** The class names that need no `customObjects`. */
export function builtinNames(): readonly string[] {
  return [...builtins.keys()];
}
