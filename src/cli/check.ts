// `check`: tells whether the weights of an ONNX model satisfy their constraints.
import { type CheckedEntry, checkPlan } from '../runtime/applyPlan.js';
import { ConstraintRunner } from '../runtime/constraintRunner.js';
import { loadNodeOrt } from '../runtime/ort.js';
import { exitCodes } from './exitCodes.js';
import { countUnresolved, type PlanOptions, readPlan, unresolvedError } from './inputs.js';
import type { Output } from './output.js';
import { describeViolation, entryJson, planCells, planColumns } from './planTable.js';

export interface CheckOptions extends PlanOptions {
  readonly tolerance?: number;
  readonly strict?: boolean;
  readonly provider: readonly string[];
}

/** Runs the command and returns its exit code. */
export async function check(modelFile: string, options: CheckOptions, output: Output): Promise<number> {
  const { plan } = await readPlan(modelFile, options, output);
  const unresolved = countUnresolved(plan, output);
  const runner = new ConstraintRunner(await loadNodeOrt(), { executionProviders: options.provider });
  const progress = output.progress('checking');
  const { tolerance } = options;
  let entries: readonly CheckedEntry[];
  try {
    entries = await checkPlan(plan, runner, {
      progress: progress.update,
      ...(tolerance !== undefined && { tolerance }),
    });
  } finally {
    progress.stop();
    await runner.dispose();
  }
  const failing = entries.filter((entry) => fails(entry, options.strict === true));
  report(entries, output);
  const gaveUp = unresolved > 0 && options.allowUnresolved !== true;
  output.result({
    ok: failing.length === 0 && !gaveUp,
    entries: entries.map((entry) => entryJson(entry, statusOf(entry))),
  });
  if (gaveUp) {
    output.note(unresolvedError(unresolved, modelFile).message);
    return exitCodes.unresolved;
  }
  return failing.length === 0 ? exitCodes.done : exitCodes.violated;
}

function fails({ verdict }: CheckedEntry, strict: boolean): boolean {
  return verdict?.status === 'violated' || (strict && verdict?.status === 'converging');
}

function statusOf(entry: CheckedEntry): string {
  return entry.verdict?.status ?? entry.status;
}

function report(entries: readonly CheckedEntry[], output: Output): void {
  output.table(
    [...planColumns, 'status'],
    entries.map((entry) => [...planCells(entry), paintStatus(output, statusOf(entry))]),
  );
  output.line();
  for (const { variable, verdict } of entries) {
    if (verdict === undefined) continue;
    if (verdict.worst !== undefined) {
      const rest = verdict.outside > 1 ? ` (worst of ${verdict.outside} outside, of ${verdict.units})` : '';
      output.line(`${variable.path}: ${verdict.status}: ${describeViolation(verdict.worst)}${rest}`);
    }
    for (const note of verdict.notes) output.line(`${variable.path}: ${note}`);
  }
  const count = (status: string): number => entries.filter((entry) => statusOf(entry) === status).length;
  const counts = ['satisfied', 'violated', 'converging', 'frozen', 'unresolved']
    .map((status) => [count(status), status] as const)
    .filter(([number]) => number > 0);
  output.line(counts.map(([number, status]) => `${number} ${status}`).join(', '));
}

function paintStatus(output: Output, status: string): string {
  const colours = { satisfied: 'green', violated: 'red', unresolved: 'red', converging: 'yellow' } as const;
  return output.paint(colours[status as keyof typeof colours] ?? 'dim', status);
}
