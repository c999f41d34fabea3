// How plans are told, to people and to programs, alike for every command that follows one.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import type { Violation } from '../constraints/violations.js';
import { formatShape } from '../graph/shape.js';
import type { PlanEntry } from '../resolve/plan.js';
import type { AppliedEntry, CheckedEntry } from '../runtime/applyPlan.js';
import { formatNumber, type Output } from './output.js';

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
  if (constraint instanceof FunctionConstraint) return `${constraint.fn.name || 'function'}()`;
  const args = Object.entries(constraint.getConfig()).map(([key, value]) => `${key}=${pythonLiteral(value)}`);
  return `${classNameOf(constraint)}(${args.join(', ')})`;
}

export function entryJson(entry: AppliedEntry & CheckedEntry, status: string): EntryJson {
  const { variable, constraint, tensors, moved, verdict, reason } = entry;
  return {
    variable: variable.path,
    tensors: tensors.map(({ tensor }) => tensor.name),
    constraint: describeConstraint(constraint),
    how: [...new Set(tensors.flatMap(({ how }) => how))],
    status,
    ...(moved !== undefined && { moved }),
    ...(verdict?.worst !== undefined && { violation: verdict.worst }),
    ...(verdict !== undefined && { outside: verdict.outside, units: verdict.units }),
    ...(verdict !== undefined && verdict.notes.length > 0 && { notes: verdict.notes }),
    ...(reason !== undefined && { reason }),
  };
}

/** The columns every plan table starts with. */
export const planColumns: readonly string[] = ['variable', 'constraint', 'tensor', 'how'];

export function planCells({ variable, constraint, tensors }: PlanEntry): readonly string[] {
  const how = [...new Set(tensors.flatMap((placed) => placed.how))].join(', ');
  return [
    `${variable.path} ${formatShape(variable.shape)}`,
    describeConstraint(constraint),
    tensors.map(({ tensor }) => `${tensor.name} ${formatShape(tensor.dims)}`).join('\n') || '—',
    how || '—',
  ];
}

/** A violation in the constraint's own terms: `unit 3: norm 2.31 over the limit 2`. */
export function describeViolation({ unit, measure, found, limit }: Violation): string {
  const place = Array.isArray(unit) ? `[${unit.join(', ')}]` : String(unit);
  const side = found > limit ? 'over' : 'under';
  const relation = Number.isNaN(found) ? 'against' : side;
  const subject = measure === 'norm' ? 'unit' : 'weight';
  const what = measure === 'change' ? 'projecting still moves it by' : measure;
  return `${subject} ${place}: ${what} ${formatNumber(found)} ${relation} the limit ${formatNumber(limit)}`;
}

/** Lists what could not be placed, with the reasons. */
export function reportUnresolved(output: Output, entries: readonly PlanEntry[]): void {
  for (const { variable, constraint, status, reason } of entries) {
    if (status === 'unresolved') {
      output.note(
        `${output.paint('red', 'unresolved:')} ${variable.path}, ${describeConstraint(constraint)}: ${reason}`,
      );
    }
  }
}

function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `float('${value}')`;
  return JSON.stringify(value);
}
