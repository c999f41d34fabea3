// Carries out a plan: projects the tensors that hold constrained variables, or judges them as they are.
// Must not import files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { constraintInLayout } from '../constraints/layout.js';
import { defaultTolerance, judge, unitIndex, type Verdict } from '../constraints/violations.js';
import { ResolveError } from '../graph/errors.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { Placement } from '../resolve/placement.js';
import type { Plan, PlanEntry } from '../resolve/plan.js';
import type { ConstraintRunner } from './constraintRunner.js';

export interface AppliedEntry extends PlanEntry {
  /** The largest absolute change of a weight; only for entries that were applied. */
  readonly moved?: number;
}

export interface CheckedEntry extends PlanEntry {
  /** Only for entries that could be judged. */
  readonly verdict?: Verdict;
}

export interface ApplyPlanOptions {
  /** Leave out what is unresolved. Default false: it is an error. */
  readonly allowUnresolved?: boolean;
  readonly progress?: Progress;
}

/** Called before each entry with how many are done. */
export type Progress = (done: number, total: number, variable: string) => void;

/**
 * Projects every resolved variable of the plan in its model. Nothing is written before all have been projected.
 *
 * @returns the plan's entries, with how far each moved
 * @throws {ResolveError} when an entry is unresolved, unless `allowUnresolved`
 */
export async function applyPlan(
  plan: Plan,
  runner: ConstraintRunner,
  options: ApplyPlanOptions = {},
): Promise<readonly AppliedEntry[]> {
  const { allowUnresolved = false, progress = () => {} } = options;
  const unresolved = plan.entries.filter(({ status }) => status === 'unresolved');
  if (unresolved.length > 0 && !allowUnresolved) {
    const reasons = unresolved.map(({ variable, reason }) => `${variable.path}: ${reason}`);
    throw new ResolveError(`${unresolved.length} constraints could not be placed: ${reasons.join('; ')}`);
  }
  const results = new Map<Placement, Projected>();
  const entries: AppliedEntry[] = [];
  for (const [done, entry] of plan.entries.entries()) {
    progress(done, plan.entries.length, entry.variable.path);
    let moved = 0;
    for (const placement of entry.placements) {
      const result = results.get(placement) ?? (await project(entry.constraint, placement, runner));
      results.set(placement, result);
      moved = Math.max(moved, result.moved);
    }
    entries.push(entry.status === 'resolved' ? { ...entry, moved } : entry);
  }
  progress(plan.entries.length, plan.entries.length, '');
  for (const { write } of results.values()) write();
  return entries;
}

interface Projected {
  readonly moved: number;
  write(): void;
}

async function project(
  constraint: Constraint,
  placement: Placement,
  runner: ConstraintRunner,
): Promise<Projected> {
  const { layout, tensors } = placement;
  const [tensor] = tensors;
  if (layout !== undefined && tensor !== undefined) {
    const before = tensor.read();
    const after = await runner.run(constraintInLayout(constraint, layout), before);
    return { moved: largestChange(before, after), write: () => tensor.write(after) };
  }
  const before = placement.read();
  const after = await runner.run(constraint, before);
  return { moved: largestChange(before, after), write: () => placement.write(after) };
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
    for (const placement of entry.placements) {
      verdicts.push(await judgePlaced(entry.constraint, placement, runner, options.tolerance));
    }
    const verdict = verdicts.toSorted((a, b) => severity(b) - severity(a))[0];
    entries.push(verdict === undefined ? entry : { ...entry, verdict });
  }
  progress(plan.entries.length, plan.entries.length, '');
  return entries;
}

async function judgePlaced(
  constraint: Constraint,
  placement: Placement,
  runner: ConstraintRunner,
  tolerance?: number,
): Promise<Verdict> {
  const value = placement.read();
  const relative = tolerance ?? defaultTolerance(value.dtype);
  const values = toFloat64(value);
  const known = judge(constraint, values, value.dims, relative);
  if (known !== undefined) return known;
  const projected = toFloat64(await runner.run(constraint, value));
  return judgeByChange(constraint, values, projected, value.dims, relative);
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
