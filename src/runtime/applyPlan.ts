// Carries out a plan: projects the tensors that hold constrained variables, or judges them as they are.
// Must not import files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { constraintInLayout, toKerasOrder } from '../constraints/layout.js';
import { defaultTolerance, judge, unitIndex, type Verdict } from '../constraints/violations.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { PlacedTensor, Plan, PlanEntry } from '../resolve/plan.js';
import type { ConstraintRunner } from './constraintRunner.js';

export interface AppliedEntry extends PlanEntry {
  /** The largest absolute change of a weight; only for entries that were applied. */
  readonly moved?: number;
}

export interface CheckedEntry extends PlanEntry {
  /** Only for entries that could be judged. */
  readonly verdict?: Verdict;
}

/** Called before each entry with how many are done. */
export type Progress = (done: number, total: number, variable: string) => void;

/**
 * Projects every resolved variable of the plan in its model. Nothing is written before all have been projected.
 *
 * @returns the plan's entries, with how far each moved
 */
export async function applyPlan(
  plan: Plan,
  runner: ConstraintRunner,
  progress: Progress = () => {},
): Promise<readonly AppliedEntry[]> {
  const writes: { placed: PlacedTensor; value: TensorValue }[] = [];
  const entries: AppliedEntry[] = [];
  for (const [done, entry] of plan.entries.entries()) {
    progress(done, plan.entries.length, entry.variable.path);
    let moved = 0;
    for (const placed of entry.tensors) {
      const before = placed.tensor.read();
      const value = await runner.run(constraintInLayout(entry.constraint, placed.layout), before);
      moved = Math.max(moved, largestChange(before, value));
      writes.push({ placed, value });
    }
    entries.push(entry.status === 'resolved' ? { ...entry, moved } : entry);
  }
  progress(plan.entries.length, plan.entries.length, '');
  for (const { placed, value } of writes) placed.tensor.write(value);
  return entries;
}

/**
 * Judges every resolved variable of the plan.
 *
 * @param tolerance default: by dtype
 */
export async function checkPlan(
  plan: Plan,
  runner: ConstraintRunner,
  options: { readonly tolerance?: number; readonly progress?: Progress } = {},
): Promise<readonly CheckedEntry[]> {
  const { progress = () => {} } = options;
  const entries: CheckedEntry[] = [];
  for (const [done, entry] of plan.entries.entries()) {
    progress(done, plan.entries.length, entry.variable.path);
    const verdicts: Verdict[] = [];
    for (const placed of entry.tensors) {
      verdicts.push(await judgePlaced(entry.constraint, placed, runner, options.tolerance));
    }
    const verdict = verdicts.toSorted((a, b) => severity(b) - severity(a))[0];
    entries.push(verdict === undefined ? entry : { ...entry, verdict });
  }
  progress(plan.entries.length, plan.entries.length, '');
  return entries;
}

async function judgePlaced(
  constraint: Constraint,
  { tensor, layout }: PlacedTensor,
  runner: ConstraintRunner,
  tolerance = defaultTolerance(tensor.dtype),
): Promise<Verdict> {
  const stored = tensor.read();
  const values = toKerasOrder(toFloat64(stored), layout);
  const known = judge(constraint, values, layout.kerasShape, tolerance);
  if (known !== undefined) return known;
  const projected = await runner.run(constraintInLayout(constraint, layout), stored);
  const target = toKerasOrder(toFloat64(projected), layout);
  return judgeByChange(constraint, values, target, layout.kerasShape, tolerance);
}

/** A constraint whose set is not known holds where projecting moves nothing, relative to the largest weight. */
function judgeByChange(
  constraint: Constraint,
  values: Float64Array,
  projected: Float64Array,
  shape: readonly number[],
  tolerance: number,
): Verdict {
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const limit = tolerance * largest;
  let worst = 0;
  let outside = 0;
  const change = values.map((value, i) => Math.abs((projected[i] as number) - value));
  change.forEach((distance, i) => {
    if (distance <= limit) return;
    outside++;
    if (!(distance <= (change[worst] as number))) worst = i;
  });
  const notes = [`${classNameOf(constraint)} is judged by how far projecting still moves a weight`];
  if (outside === 0) return { status: 'satisfied', outside, units: values.length, notes };
  return {
    status: 'violated',
    worst: { unit: unitIndex(worst, shape), measure: 'change', found: change[worst] as number, limit },
    outside,
    units: values.length,
    notes,
  };
}

function largestChange(before: TensorValue, after: TensorValue): number {
  const old = toFloat64(before);
  let largest = 0;
  toFloat64(after).forEach((value, i) => {
    const change = Math.abs(value - (old[i] as number));
    // A weight that was NaN and still is has not moved.
    if (change > largest || (Number.isNaN(change) && !Number.isNaN(old[i] as number))) largest = change;
  });
  return largest;
}

function severity(verdict: Verdict): number {
  return ['satisfied', 'converging', 'violated'].indexOf(verdict.status);
}
