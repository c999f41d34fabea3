// What a constraint looks at in a weight, as numbers to draw: the norm of each unit, or each value, and the limits.
// Must not import runtime, files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { MaxNorm } from '../constraints/maxNorm.js';
import { MinMaxNorm } from '../constraints/minMaxNorm.js';
import { NonNeg } from '../constraints/nonNeg.js';
import { UnitNorm } from '../constraints/unitNorm.js';
import { unitNorms } from '../constraints/violations.js';
import { normAxis, reducedAxes } from '../resolve/axisAdvice.js';

/** The limits of a constraint; none where its set is not known. */
export interface Limits {
  readonly low?: number;
  readonly high?: number;
}

/** Numbers to draw. Of large weights a fine histogram stands for them, so that a report of any model is small. */
export interface Distribution {
  readonly measure: 'norm' | 'value';
  /** How many units, or values, there are. */
  readonly count: number;
  readonly values: Float64Array;
  /** How often each value occurs; without it each once. */
  readonly weights?: Float64Array;
  readonly min: number;
  readonly max: number;
  /** How many are NaN or infinite, and so in no picture. */
  readonly notFinite: number;
}

/** Beyond this many numbers a histogram of this many cells stands for them. */
const maxKept = 1 << 14;

/** The distribution of what the constraint looks at. @param values the weight in Keras's layout */
export function distributionOf(
  constraint: Constraint,
  values: Float64Array,
  shape: readonly number[],
): Distribution {
  const axes = reducedAxes(constraint, shape);
  return axes === undefined
    ? summarize('value', values)
    : summarize('norm', unitNorms(values, shape, axes).norms);
}

export function limitsOf(constraint: Constraint): Limits {
  const owner = constraint.constructor;
  if (owner === NonNeg) return { low: 0 };
  if (owner === UnitNorm) return { low: 1, high: 1 };
  if (owner === MaxNorm) return { high: (constraint as MaxNorm).maxValue };
  if (owner !== MinMaxNorm) return {};
  const { minValue, maxValue } = constraint as MinMaxNorm;
  return { low: Math.min(minValue, maxValue), high: maxValue };
}

/** What the numbers of a distribution are, as the axis of a picture says it. */
export function measureName(constraint: Constraint): string {
  if (normAxis(constraint) !== undefined) return 'norm of a unit';
  return constraint.constructor === NonNeg
    ? 'weight'
    : `weight (${classNameOf(constraint)} has no known limits)`;
}

function summarize(measure: Distribution['measure'], all: Float64Array): Distribution {
  const finite = all.filter(Number.isFinite);
  const min = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const max = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const common = { measure, count: all.length, min, max, notFinite: all.length - finite.length };
  if (finite.length <= maxKept) return { ...common, values: finite };
  const cells = new Float64Array(maxKept);
  // Divided first, so that the width of a very wide range stays finite.
  const width = max / maxKept - min / maxKept;
  for (const value of finite) {
    const cell = width > 0 ? Math.floor(value / width - min / width) : 0;
    const inside = Math.min(maxKept - 1, Math.max(0, cell));
    cells[inside] = (cells[inside] as number) + 1;
  }
  const values = Float64Array.from(cells, (_, i) => Math.min(max, min + (i + 0.5) * width));
  return { ...common, values, weights: cells };
}
