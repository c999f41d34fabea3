// What a file says of the constraint in it: class, arguments and formula.
// Must not import anything above ops.
import { isBuiltin } from './builtins.js';
import { type Constraint, classNameOf } from './constraint.js';
import { FunctionConstraint } from './functionConstraint.js';

/** The documentation of a constraint, as ONNX models carry it. */
export interface Documentation {
  /** `MaxNorm(max_value=2, axis=0): w * …`, the formula where the class is built in. */
  readonly doc?: string;
  /** Class and config as JSON, and epsilon where there is one. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The formulas of the built-in classes, by class name; the norm is the 2-norm over axis. */
const formulas: Readonly<Record<string, string>> = {
  Constraint: 'w',
  MaxNorm: 'w * clip(norm, 0, max_value) / (epsilon + norm)',
  MinMaxNorm: 'w * (rate * clip(norm, min_value, max_value) + (1 - rate) * norm) / (epsilon + norm)',
  NonNeg: 'max(w, 0)',
  UnitNorm: 'w / (epsilon + norm)',
};

/**
 * @param given the arguments that are not the graph's own but inputs of it; they are left out. Default: none
 */
export function documentationOf(constraint: Constraint, given: readonly string[] = []): Documentation {
  if (constraint instanceof FunctionConstraint) return { metadata: {} };
  const name = classNameOf(constraint);
  const entries = Object.entries(constraint.getConfig()).filter(([key]) => !given.includes(key));
  const call = `${name}(${entries.map(([key, value]) => `${key}=${toJson(value)}`).join(', ')})`;
  const config = toJson({ class_name: name, config: Object.fromEntries(entries) });
  if (!isBuiltin(constraint)) return { doc: call, metadata: { 'custom.constraint': config } };
  const { epsilon } = constraint as { epsilon?: number };
  const norm = epsilon === undefined ? '' : `, norm: the 2-norm of w over axis, epsilon: ${epsilon}`;
  return {
    doc: `${call}: ${formulas[name]}${norm}`,
    metadata: {
      'keras.constraints': config,
      ...(epsilon !== undefined && { 'keras.constraints.epsilon': String(epsilon) }),
    },
  };
}

/** JSON has no Infinity; writing null in its place would change the config. */
function toJson(value: unknown): string {
  const plain = (item: unknown): unknown =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item;
  return JSON.stringify(value, (_, item) => plain(item));
}
