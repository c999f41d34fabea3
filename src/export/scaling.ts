// Constraints that multiply each unit by what depends on its norm alone, taken apart: which axes, and which factor.
// Must not touch ONNX Runtime or files.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { MaxNorm, maxNormFactor } from '../constraints/maxNorm.js';
import { MinMaxNorm, minMaxNormFactor } from '../constraints/minMaxNorm.js';
import type { DType } from '../graph/dtype.js';
import { UsageError } from '../graph/errors.js';
import { factorOfNorms } from '../lowering/lowerings.js';
import { structureOf } from '../lowering/structure.js';
import { type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';

/** A constraint as `w · factor(‖w‖)` or `w / factor(‖w‖)`. */
export interface Scaling {
  readonly axes: readonly number[];
  readonly operator: 'Mul' | 'Div';
  readonly factorOf: (norms: SymbolicTensor) => SymbolicTensor;
}

/**
 * @param limits what takes the place of the limits, as `limitInputsOf` gives it; none to leave them as they are
 * @throws {UsageError} when the constraint is of another form
 * @throws {ShapeError} when the constraint does not fit the shape
 */
export function scalingOf(
  constraint: Constraint,
  w: SymbolicTensor,
  limits: readonly SymbolicTensor[],
): Scaling {
  const structure = structureOf(constraint, w.dtype as 'float32' | 'float64', w.shape ?? []);
  if (structure.kind !== 'scaled')
    throw new UsageError(`${classNameOf(constraint)} ${reasons[structure.kind]}`);
  const { axes, operator } = structure;
  if (limits.length === 0) return { axes, operator, factorOf: (norms) => factorOfNorms(structure, norms) };
  return { axes, operator, factorOf: (norms) => limitedFactor(constraint, norms, limits) };
}

const reasons = {
  identity: 'leaves weights as they are: it has no axis, no limits and no phases',
  elementwise:
    'looks at each weight by itself: it has no axis and no limits, and needs no phases, as each shard can be projected alone',
  opaque:
    'does not scale units by a factor of their one 2-norm with its dimensions kept, so that axis, limits and phases cannot be told apart in it',
} as const;

/**
 * Scalar inputs for the limits of a constraint.
 *
 * @param dtype what it is computed in
 * @throws {UsageError} when it has none
 */
export function limitInputsOf(constraint: Constraint, dtype: DType): readonly SymbolicTensor[] {
  return limitNames(constraint).map((name) => symbolicInput(name, dtype, []));
}

function limitNames(constraint: Constraint): readonly string[] {
  if (isMaxNorm(constraint)) return ['max_value'];
  if (isMinMaxNorm(constraint)) return ['min_value', 'max_value', 'rate'];
  throw new UsageError(
    `${classNameOf(constraint)} has no limits that could be inputs; MaxNorm has max_value, MinMaxNorm min_value, max_value and rate`,
  );
}

function limitedFactor(
  constraint: Constraint,
  norms: SymbolicTensor,
  limits: readonly SymbolicTensor[],
): SymbolicTensor {
  const { epsilon } = constraint as MaxNorm | MinMaxNorm;
  const [first, second, rate] = limits as [SymbolicTensor, SymbolicTensor, SymbolicTensor];
  return isMaxNorm(constraint)
    ? maxNormFactor(norms, { maxValue: first, epsilon })
    : minMaxNormFactor(norms, { minValue: first, maxValue: second, rate, epsilon });
}

/** Subclasses with a formula of their own have none of the limits' places. */
function isMaxNorm({ call }: Constraint): boolean {
  return call === MaxNorm.prototype.call;
}

function isMinMaxNorm({ call }: Constraint): boolean {
  return call === MinMaxNorm.prototype.call;
}
