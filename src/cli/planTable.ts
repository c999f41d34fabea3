// How plans are told, to people and to programs, alike for every command that follows one.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import type { Violation } from '../constraints/violations.js';
import { formatShape } from '../graph/shape.js';
import type { Placement } from '../resolve/placement.js';
import type { Plan, PlanEntry } from '../resolve/plan.js';
import type { AppliedEntry, CheckedEntry } from '../runtime/applyPlan.js';
import { formatNumber, type Output, shorten } from './output.js';

/** An entry as `--json` prints it. */
export interface EntryJson {
  readonly variable: string;
  readonly tensors: readonly string[];
  readonly constraint: string;
  readonly how: readonly string[];
  readonly status: string;
  readonly moved?: number;
  readonly violation?: Violation;
  readonly outside?: number;
  readonly units?: number;
  readonly notes?: readonly string[];
  readonly reason?: string;
}

/** A constraint as it is written in Keras: `MaxNorm(max_value=2, axis=[0, 1, 2])`. */
export function describeConstraint(constraint: Constraint): string {
  return `${classNameOf(constraint)}(${constraintArguments(constraint).join(', ')})`;
}

function constraintArguments(constraint: Constraint): readonly string[] {
  if (constraint instanceof FunctionConstraint) return [constraint.fn.name || 'anonymous'];
  return Object.entries(constraint.getConfig()).map(([key, value]) => `${key}=${pythonLiteral(value)}`);
}

export function entryJson(entry: AppliedEntry & CheckedEntry, status: string): EntryJson {
  const { variable, constraint, placements, tensors, moved, verdict, reason } = entry;
  return {
    variable: variable.path,
    tensors: tensors.map(({ name }) => name),
    constraint: describeConstraint(constraint),
    how: [...new Set(placements.flatMap(({ how }) => how))],
    status,
    ...(moved !== undefined && { moved }),
    ...(verdict?.worst !== undefined && { violation: verdict.worst }),
    ...(verdict !== undefined && { outside: verdict.outside, units: verdict.units }),
    ...(verdict !== undefined && verdict.notes.length > 0 && { notes: verdict.notes }),
    ...(reason !== undefined && { reason }),
  };
}

/** The entries of a plan as `--json` prints them, those of lost constraints last. */
export function planJson<T extends PlanEntry>(
  entries: readonly T[],
  plan: Plan,
  statusOf: (entry: T) => string,
): readonly EntryJson[] {
  return [...entries.map((entry) => entryJson(entry, statusOf(entry))), ...lostJson(plan)];
}

/** The constraints of a plan that belong to no variable, as `--json` prints them. */
export function lostJson({ lost = [] }: Plan): readonly EntryJson[] {
  return lost.map(({ path, className, reason }) => ({
    variable: path,
    tensors: [],
    constraint: className,
    how: [],
    status: 'unresolved',
    reason,
  }));
}

/** A last column that only one command has. */
export interface ExtraColumn<T> {
  readonly title: string;
  cell(entry: T): string;
}

/** Prints the table of a plan, then the reasons for what could not be placed. */
export function showPlan<T extends PlanEntry>(
  output: Output,
  entries: readonly T[],
  { lost = [] }: Plan,
  statusOf: (entry: T) => string,
  extra?: ExtraColumn<T>,
): void {
  output.fittedTable(
    ['variable', 'constraint', 'tensor', 'status', ...(extra === undefined ? [] : [extra.title])],
    Math.max(0, ...entries.flatMap(({ tensors }) => tensors.map(({ name }) => name.length))),
    (nameWidth) =>
      entries.map((entry) => [
        ...planCells(entry, nameWidth),
        paintStatus(output, statusOf(entry)),
        ...(extra === undefined ? [] : [extra.cell(entry)]),
      ]),
  );
  output.line();
  for (const { variable, status, reason } of entries) {
    if (status === 'unresolved')
      output.note(`${output.paint('red', 'unresolved:')} ${variable.path}: ${reason}`);
  }
  for (const { path, className, reason } of lost) {
    output.note(`${output.paint('red', 'unresolved:')} ${path}: ${className}: ${reason}`);
  }
}

/** A constraint in a table's cell: its class, then its arguments, two a line. */
export function constraintCell(constraint: Constraint): string {
  return [classNameOf(constraint), ...inPairs(constraintArguments(constraint))].join('\n');
}

function planCells({ variable, constraint, placements }: PlanEntry, nameWidth: number): readonly string[] {
  return [
    `${variable.path}\n${formatShape(variable.shape)}`,
    constraintCell(constraint),
    placements.map((placement) => describePlacement(placement, nameWidth)).join('\n') || '—',
  ];
}

/** Two arguments a line, which keeps the column narrow. */
function inPairs(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, i) => (i % 2 === 0 ? [[arg, args[i + 1] ?? ''].join(' ').trimEnd()] : []));
}

function describePlacement({ tensors, how }: Placement, nameWidth: number): string {
  const lines = tensors.flatMap(({ name, dims }) => [shorten(name, nameWidth), formatShape(dims)]);
  return `${lines.join('\n')} ${how.join(', ')}`;
}

function paintStatus(output: Output, status: string): string {
  const colours = {
    applied: 'green',
    satisfied: 'green',
    violated: 'red',
    unresolved: 'red',
    converging: 'yellow',
  } as const;
  return output.paint(colours[status as keyof typeof colours] ?? 'dim', status);
}

/** A violation in the constraint's own terms: `unit 3: norm 2.31 over the limit 2`. */
export function describeViolation({ unit, measure, found, limit }: Violation): string {
  const place = Array.isArray(unit) ? `[${unit.join(', ')}]` : String(unit);
  const side = found > limit ? 'over' : 'under';
  const relation = Number.isNaN(found) ? 'against' : side;
  // As many digits as it takes to see the difference.
  const shown = formatNumber(found) === formatNumber(limit) ? String(found) : formatNumber(found);
  const subject = measure === 'norm' ? 'unit' : 'weight';
  const what = measure === 'change' ? 'projecting still moves it by' : measure;
  return `${subject} ${place}: ${what} ${shown} ${relation} the limit ${formatNumber(limit)}`;
}

/** What a verdict found, line by line: the worst unit, and what should be known beside it. */
export function describeVerdict({ verdict }: Pick<CheckedEntry, 'verdict'>): readonly string[] {
  if (verdict === undefined) return [];
  const { worst, outside, units, status, notes } = verdict;
  const rest = outside > 1 ? ` (the worst of ${outside} outside, of ${units})` : '';
  return [...(worst === undefined ? [] : [`${status}: ${describeViolation(worst)}${rest}`]), ...notes];
}

function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `float('${value}')`;
  return JSON.stringify(value);
}
