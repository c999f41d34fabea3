// `check`: tells whether the weights of a model satisfy their constraints.
import { type CheckedEntry, checkPlan } from '../runtime/applyPlan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { readPlan, unresolvedFailure, withRunner } from './inputs.js';
import type { Output } from './output.js';
import type { PlanOptions } from './planOptions.js';
import { describeViolation, entryJson, showPlan } from './planTable.js';

export interface CheckOptions extends PlanOptions {
  readonly tolerance?: number;
  readonly strict?: boolean;
}

/** Runs the command and returns its exit code. */
export async function check(modelFile: string, options: CheckOptions, output: Output): Promise<number> {
  return withRunner(options, (runner) => checkWith(runner, modelFile, options, output));
}

async function checkWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: CheckOptions,
  output: Output,
): Promise<number> {
  const { plan } = await readPlan(modelFile, options, runner, output);
  const { tolerance, strict = false } = options;
  const progress = output.progress('checking');
  const entries = await checkPlan(plan, runner, {
    progress: progress.update,
    ...(tolerance !== undefined && { tolerance }),
  }).finally(progress.stop);
  report(entries, output);
  const json = entries.map((entry) => entryJson(entry, statusOf(entry)));
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    output.failure(failure, { entries: json });
    return exitCodes.unresolved;
  }
  const ok = !entries.some((entry) => fails(entry, strict));
  output.result({ ok, entries: json });
  return ok ? exitCodes.done : exitCodes.violated;
}

function fails({ verdict }: CheckedEntry, strict: boolean): boolean {
  return verdict?.status === 'violated' || (strict && verdict?.status === 'converging');
}

function statusOf({ verdict, status }: CheckedEntry): string {
  return verdict?.status ?? status;
}

function report(entries: readonly CheckedEntry[], output: Output): void {
  showPlan(output, entries, statusOf);
  for (const { variable, verdict } of entries) {
    if (verdict?.worst !== undefined) {
      const rest =
        verdict.outside > 1 ? ` (the worst of ${verdict.outside} outside, of ${verdict.units})` : '';
      output.line(`${variable.path}: ${verdict.status}: ${describeViolation(verdict.worst)}${rest}`);
    }
    for (const note of verdict?.notes ?? []) output.line(`${variable.path}: ${note}`);
  }
  const statuses = ['satisfied', 'violated', 'converging', 'frozen', 'unresolved'];
  const counts = statuses
    .map((status) => [entries.filter((entry) => statusOf(entry) === status).length, status] as const)
    .filter(([count]) => count > 0);
  output.line(counts.map(([count, status]) => `${count} ${status}`).join(', '));
}
