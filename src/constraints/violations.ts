// Whether a weight satisfies a constraint, judged by the constraint's set and told in its own terms.
// Must not import anything above ops.
import type { DType } from '../graph/dtype.js';
import type { NumberArray } from '../graph/numbers.js';
import { stridesOf, walk } from '../graph/strides.js';
import { elementCount } from '../graph/tensorValue.js';
import { normalizeAxes } from '../ops/axes.js';
import { Constraint, classNameOf } from './constraint.js';
import { MaxNorm } from './maxNorm.js';
import { MinMaxNorm } from './minMaxNorm.js';
import { NonNeg } from './nonNeg.js';
import { UnitNorm } from './unitNorm.js';

/** One unit (or, for NonNeg, one weight) outside the set. */
export interface Violation {
  /** The unit's index in the dimensions that are kept, or the weight's index in all of them. */
  readonly unit: number | readonly number[];
  readonly measure: 'norm' | 'value' | 'change';
  readonly found: number;
  readonly limit: number;
}

export interface Verdict {
  readonly status: 'satisfied' | 'violated' | 'converging';
  /** The unit farthest outside, where there is one. */
  readonly worst?: Violation;
  /** How many units are outside. */
  readonly outside: number;
  /** How many units there are. */
  readonly units: number;
  /** What does not decide the verdict but should be known, such as units of norm zero. */
  readonly notes: readonly string[];
}

/** A small allowance for limits near zero, where a relative tolerance says nothing. */
const ABSOLUTE_TOLERANCE = 1e-7;

const tolerances: Readonly<Partial<Record<DType, number>>> = {
  float32: 1e-5,
  float64: 1e-10,
  float16: 2e-3,
  bfloat16: 1.6e-2,
};

/** The relative tolerance for weights of a dtype. */
export function defaultTolerance(dtype: DType): number {
  return tolerances[dtype] ?? 1e-5;
}

/**
 * The verdict on a weight for a constraint whose set is known; `undefined` for any other constraint.
 *
 * MaxNorm: `‖w‖ ≤ maxValue · (1 + tolerance) + 1e-7` for each unit. MinMaxNorm: likewise between both bounds;
 * outside with `rate` below 1 it is `converging`. UnitNorm: `|‖w‖ - 1| ≤ tolerance + 1e-7`. NonNeg: no weight
 * below 0. A unit of norm zero passes where Keras cannot move it, with a note. NaN never passes.
 *
 * @param values the weight in Keras's layout, row-major
 */
export function judge(
  constraint: Constraint,
  values: NumberArray,
  shape: readonly number[],
  tolerance: number,
): Verdict | undefined {
  const owner = constraint.constructor;
  if (owner === Constraint) return { status: 'satisfied', outside: 0, units: values.length, notes: [] };
  if (owner === NonNeg) return judgeValues(values, shape);
  const bounds = boundsOf(constraint);
  if (bounds === undefined) return undefined;
  const axes = normalizeAxes(classNameOf(constraint), bounds.axis, shape);
  return judgeNorms(unitNorms(values, shape, axes), bounds, tolerance);
}

interface Bounds {
  readonly axis: MaxNorm['axis'];
  readonly low: number;
  readonly high: number;
  readonly rate: number;
}

function boundsOf(constraint: Constraint): Bounds | undefined {
  const owner = constraint.constructor;
  if (owner === MaxNorm) {
    const { axis, maxValue } = constraint as MaxNorm;
    return { axis, low: 0, high: maxValue, rate: 1 };
  }
  if (owner === UnitNorm) return { axis: (constraint as UnitNorm).axis, low: 1, high: 1, rate: 1 };
  if (owner !== MinMaxNorm) return undefined;
  const { axis, minValue, maxValue, rate } = constraint as MinMaxNorm;
  return { axis, low: Math.min(minValue, maxValue), high: maxValue, rate };
}

/** The norm of each unit, and how the units are indexed. */
export interface UnitNorms {
  readonly norms: Float64Array;
  /** The sizes of the dimensions that are kept. */
  readonly keptShape: readonly number[];
}

/** The 2-norm of each unit in float64: over `axes`, or over everything for `null`. */
export function unitNorms(
  values: NumberArray,
  shape: readonly number[],
  axes: readonly number[] | null,
): UnitNorms {
  const kept = shape.map((_, axis) => axis).filter((axis) => axes !== null && !axes.includes(axis));
  const keptShape = kept.map((axis) => shape[axis] as number);
  const strides = stridesOf(shape, kept);
  // Scaled as in BLAS's nrm2, so that neither large nor tiny weights overflow.
  const scale = new Float64Array(elementCount(keptShape));
  walk(shape, strides, values.length, (i, unit) => {
    // Math.max keeps a NaN once there is one.
    scale[unit] = Math.max(scale[unit] as number, Math.abs(values[i] as number));
  });
  const sums = new Float64Array(scale.length);
  walk(shape, strides, values.length, (i, unit) => {
    const largest = scale[unit] as number;
    if (largest !== 0 && Number.isFinite(largest)) {
      sums[unit] = (sums[unit] as number) + ((values[i] as number) / largest) ** 2;
    }
  });
  const norms = scale.map((largest, unit) =>
    Number.isFinite(largest) ? largest * Math.sqrt(sums[unit] as number) : largest,
  );
  return { norms, keptShape };
}

function judgeNorms({ norms, keptShape }: UnitNorms, bounds: Bounds, tolerance: number): Verdict {
  const { low, high, rate } = bounds;
  let worst: { unit: number; excess: number; limit: number } | undefined;
  let outside = 0;
  let zeros = 0;
  norms.forEach((norm, unit) => {
    if (norm === 0) {
      if (low > 0) zeros++;
      return;
    }
    const limit = norm < low ? low : high;
    // NaN must count as outside, so the comparison is for being inside.
    const inside =
      norm <= high * (1 + tolerance) + ABSOLUTE_TOLERANCE &&
      norm >= low * (1 - tolerance) - ABSOLUTE_TOLERANCE;
    if (inside) return;
    outside++;
    const excess = Number.isNaN(norm) ? Number.POSITIVE_INFINITY : Math.abs(norm - limit);
    if (worst === undefined || excess > worst.excess) worst = { unit, excess, limit };
  });
  const notes =
    zeros === 0 ? [] : [`${zeros} of ${norms.length} units have norm 0, which no scaling brings to ${low}`];
  const common = { outside, units: norms.length, notes };
  if (worst === undefined) return { status: 'satisfied', ...common };
  return {
    status: rate < 1 ? 'converging' : 'violated',
    worst: {
      unit: unitIndex(worst.unit, keptShape),
      measure: 'norm',
      found: norms[worst.unit] as number,
      limit: worst.limit,
    },
    ...common,
  };
}

function judgeValues(values: NumberArray, shape: readonly number[]): Verdict {
  let outside = 0;
  let worst: number | undefined;
  values.forEach((value, i) => {
    if (value >= 0) return;
    outside++;
    const lowest = worst === undefined ? 0 : (values[worst] as number);
    if (worst === undefined || Number.isNaN(value) || value < lowest) worst = i;
  });
  const common = { outside, units: values.length, notes: [] };
  if (worst === undefined) return { status: 'satisfied', ...common };
  const violation: Violation = {
    unit: unitIndex(worst, shape),
    measure: 'value',
    found: values[worst] as number,
    limit: 0,
  };
  return { status: 'violated', worst: violation, ...common };
}

/** A flat index as one number for one dimension, else as an index in each dimension. */
export function unitIndex(flat: number, shape: readonly number[]): number | readonly number[] {
  if (shape.length <= 1) return flat;
  const index: number[] = [];
  let rest = flat;
  for (const dim of shape.toReversed()) {
    index.push(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return index.reverse();
}
