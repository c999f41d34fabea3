// `--report`: gathers what the report shows of a plan, and writes the page beside a command's result.
import { resolve as absolute } from 'node:path';
import { defaultTolerance, judge, type Verdict } from '../constraints/violations.js';
import { AtomicFiles, checkTarget } from '../files/atomicWrite.js';
import { UsageError } from '../graph/errors.js';
import { toFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { type Distribution, distributionOf, limitsOf, measureName } from '../report/distribution.js';
import { type Report, type ReportEntry, renderReport, type Tone } from '../report/reportPage.js';
import { describeUnits } from '../resolve/describeUnits.js';
import type { Plan, PlanEntry } from '../resolve/plan.js';
import type { AppliedEntry, CheckedEntry } from '../runtime/applyPlan.js';
import { formatNumber } from './output.js';
import { describeConstraint, describeVerdict } from './planTable.js';

/** What a constraint looks at in a weight at one moment, and whether it holds there. */
export interface Moment {
  readonly distribution: Distribution;
  /** Only where the constraint's set is known. */
  readonly verdict?: Verdict;
}

/** Refuses a report that would overwrite an input or the result, or without leave another file. @throws {UsageError} */
export async function checkReport(
  report: string | undefined,
  others: readonly string[],
  force: boolean,
): Promise<void> {
  if (report === undefined) return;
  if (others.some((other) => absolute(other) === absolute(report))) {
    throw new UsageError('is an input or the result; give the report a name of its own', { file: report });
  }
  await checkTarget(report, force);
}

/** What the constraints look at in the weights as they are now, entry by entry; one weight is in memory at a time. */
export function takeMoments({ entries }: Plan): readonly (Moment | undefined)[] {
  return entries.map(({ constraint, placements, status }) => {
    // Copies of a variable hold the same values.
    const [placement] = placements;
    if (status !== 'resolved' || placement === undefined) return undefined;
    const value = placement.read();
    const values = toFloat64(value);
    const verdict = judge(constraint, values, value.dims, defaultTolerance(value.dtype));
    const distribution = distributionOf(constraint, values, value.dims);
    return { distribution, ...(verdict !== undefined && { verdict }) };
  });
}

/** An entry as the report shows it. */
export function reportEntry(
  entry: AppliedEntry & CheckedEntry,
  status: string,
  { before, now }: { readonly before?: Moment | undefined; readonly now?: Moment | undefined },
): ReportEntry {
  const { variable, constraint, placements, moved, reason } = entry;
  const units = describeUnits(entry);
  return {
    variable: variable.path,
    shape: variable.shape === undefined ? '' : formatShape(variable.shape),
    constraint: describeConstraint(constraint),
    tensors: placements.flatMap(({ tensors, how }) =>
      tensors.map(({ name, dims }) => ({ name, shape: formatShape(dims), how: how.join(', ') })),
    ),
    status,
    tone: tones[status] ?? 'plain',
    findings: [
      ...describeVerdict(entry),
      ...describeMoment('before', before),
      ...(before === undefined ? [] : describeMoment('after', now)),
    ],
    measure: measureName(constraint),
    limits: limitsOf(constraint),
    ...(units !== undefined && { units: units.text }),
    ...(moved !== undefined && { moved: formatNumber(moved) }),
    ...(reason !== undefined && { reason }),
    ...(before !== undefined && { before: before.distribution }),
    ...(now !== undefined && { now: now.distribution }),
  };
}

function describeMoment(when: string, moment: Moment | undefined): readonly string[] {
  const verdict = moment?.verdict;
  if (verdict === undefined) return [];
  const lines = describeVerdict({ verdict });
  return (lines.length === 0 ? [verdict.status] : lines).map((line) => `${when}: ${line}`);
}

const tones: Readonly<Record<string, Tone>> = {
  applied: 'good',
  satisfied: 'good',
  violated: 'bad',
  unresolved: 'bad',
  converging: 'fair',
};

/** Writes the report once `result` is in place; where that fails, there is no report. */
export async function writeWithReport(
  file: string | undefined,
  report: () => Report,
  result: () => Promise<void> = async () => {},
): Promise<void> {
  if (file === undefined) return result();
  const files = new AtomicFiles();
  // Written before the result, so that a full disk is found before anything has changed.
  await files.write(file, [new TextEncoder().encode(renderReport(report()))]);
  try {
    await result();
  } catch (error) {
    await files.discard();
    throw error;
  }
  await files.commit();
}

/** How many entries have each status, in words: `5 satisfied, 1 converging`. */
export function countStatuses<T extends PlanEntry>(
  entries: readonly T[],
  statusOf: (entry: T) => string,
): string {
  const statuses = ['applied', 'resolved', 'satisfied', 'violated', 'converging', 'frozen', 'unresolved'];
  return statuses
    .map((status) => [entries.filter((entry) => statusOf(entry) === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(', ');
}
