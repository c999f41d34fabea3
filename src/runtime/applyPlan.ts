// Carries out a plan: projects the tensors that hold constrained variables, or judges them as they are.
// Must not import files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { constraintInLayout } from '../constraints/layout.js';
import { defaultTolerance, judge, unitIndex, type Verdict } from '../constraints/violations.js';
import { ProviderError, ResolveError } from '../graph/errors.js';
import { type NumberArray, toNumbers } from '../graph/numbers.js';
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
 * Projects every resolved variable of the plan in its model, one after another, so that few are in memory at once.
 * When one fails, all tensors get back what they held.
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
  const reasons = unresolvedReasons(plan);
  if (reasons.length > 0 && !allowUnresolved) {
    throw new ResolveError(`${reasons.length} constraints could not be placed: ${reasons.join('; ')}`);
  }
  const restore: (() => void)[] = [];
  try {
    return await projectAll(plan, runner, progress, restore);
  } catch (error) {
    for (const bringBack of restore.reverse()) bringBack();
    throw error;
  }
}

async function projectAll(
  plan: Plan,
  runner: ConstraintRunner,
  progress: Progress,
  restore: (() => void)[],
): Promise<readonly AppliedEntry[]> {
  const changes = new Map<Placement, number>();
  const entries: AppliedEntry[] = [];
  for (const [done, entry] of plan.entries.entries()) {
    progress(done, plan.entries.length, entry.variable.path);
    let moved = 0;
    for (const placement of entry.placements) {
      let change = changes.get(placement);
      if (change === undefined) {
        for (const tensor of placement.tensors) restore.push(tensor.checkpoint());
        change = await project(entry.constraint, placement, runner).catch((error: unknown) => {
          throw naming(entry, error);
        });
        changes.set(placement, change);
      }
      moved = Math.max(moved, change);
    }
    entries.push(entry.status === 'resolved' ? { ...entry, moved } : entry);
  }
  progress(plan.entries.length, plan.entries.length, '');
  return entries;
}

/** The error with the variable it arose at. */
function naming({ variable }: PlanEntry, error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error;
  return new ProviderError(error.detail, { path: variable.path, cause: error });
}

function unresolvedReasons({ entries, lost = [] }: Plan): readonly string[] {
  return [
    ...entries.flatMap(({ variable, status, reason }) =>
      status === 'unresolved' ? [`${variable.path}: ${reason}`] : [],
    ),
    ...lost.map(({ path, className, reason }) => `${path}: ${className}: ${reason}`),
  ];
}

/** Projects the variable where it is placed, and returns how far it moved. */
async function project(
  constraint: Constraint,
  placement: Placement,
  runner: ConstraintRunner,
): Promise<number> {
  const { layout, tensors } = placement;
  const [tensor] = tensors;
  if (layout !== undefined && tensor !== undefined) {
    const before = tensor.read();
    const after = await runner.run(constraintInLayout(constraint, layout), before);
    tensor.write(after);
    return largestChange(before, after);
  }
  const before = placement.read();
  const after = await runner.run(constraint, before);
  placement.write(after);
  return largestChange(before, after);
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
  const values = toNumbers(value);
  const known = judge(constraint, values, value.dims, relative);
  if (known !== undefined) return known;
  const projected = toNumbers(await runner.run(constraint, value));
  return judgeByChange(constraint, values, projected, value.dims, relative);
}

/** A constraint whose set is not known holds where projecting moves nothing, relative to the largest weight. */
function judgeByChange(
  constraint: Constraint,
  values: NumberArray,
  projected: NumberArray,
  shape: readonly number[],
  tolerance: number,
): Verdict {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const limit = tolerance * largest;
  let worst = 0;
  let found = Number.NEGATIVE_INFINITY;
  let outside = 0;
  for (let i = 0; i < values.length; i++) {
    const distance = Math.abs((projected[i] as number) - (values[i] as number));
    if (distance <= limit) continue;
    outside++;
    if (distance > found || Number.isNaN(distance)) [worst, found] = [i, distance];
  }
  const notes = [`${classNameOf(constraint)} is judged by how far projecting still moves a weight`];
  if (outside === 0) return { status: 'satisfied', outside, units: values.length, notes };
  return {
    status: 'violated',
    worst: { unit: unitIndex(worst, shape), measure: 'change', found, limit },
    outside,
    units: values.length,
    notes,
  };
}

function largestChange(before: TensorValue, after: TensorValue): number {
  const old = toNumbers(before);
  const values = toNumbers(after);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const change = Math.abs((values[i] as number) - (old[i] as number));
    // A weight that was NaN and still is has not moved.
    if (change > largest || (Number.isNaN(change) && !Number.isNaN(old[i] as number))) largest = change;
  }
  return largest;
}

function severity(verdict: Verdict): number {
  return ['satisfied', 'converging', 'violated'].indexOf(verdict.status);
}
