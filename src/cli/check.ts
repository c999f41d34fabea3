// `check`: tells whether the weights of a model satisfy their constraints.
import type { Plan } from '../resolve/plan.js';
import { type CheckedEntry, checkPlan } from '../runtime/applyPlan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { providersUsed, readPlan, unresolvedFailure, withRunner } from './inputs.js';
import type { Output } from './output.js';
import type { PlanOptions } from './planOptions.js';
import { describeVerdict, planJson, showPlan } from './planTable.js';
import { checkReport, countStatuses, reportEntry, takeMoments, writeWithReport } from './report.js';

export interface CheckOptions extends PlanOptions {
  readonly tolerance?: number;
  readonly strict?: boolean;
  readonly report?: string;
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function check(modelFile: string, options: CheckOptions, output: Output): Promise<number> {
  await checkReport(options.report, [modelFile, options.config ?? modelFile], options.force === true);
  return withRunner(options, output, (runner) => checkWith(runner, modelFile, options, output));
}

async function checkWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: CheckOptions,
  output: Output,
): Promise<number> {
  const { plan, warnings } = await readPlan(modelFile, options, runner, output);
  const { tolerance, strict = false } = options;
  const progress = output.progress('checking');
  const entries = await checkPlan(plan, runner, {
    progress: progress.update,
    ...(tolerance !== undefined && { tolerance }),
  }).finally(progress.stop);
  report(entries, plan, output);
  if (options.report !== undefined) {
    const now = takeMoments(plan);
    await writeWithReport(options.report, () => ({
      command: 'check',
      model: modelFile,
      config: options.config ?? modelFile,
      summary: countStatuses(entries, statusOf),
      warnings,
      entries: entries.map((entry, i) => reportEntry(entry, statusOf(entry), { now: now[i] })),
    }));
    output.line(`wrote ${options.report}`);
  }
  const json = planJson(entries, plan, statusOf);
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    output.failure(failure, { entries: json });
    return exitCodes.unresolved;
  }
  const ok = !entries.some((entry) => fails(entry, strict));
  const { report: page } = options;
  output.result({
    ok,
    ...(page !== undefined && { report: page }),
    providers: providersUsed(runner),
    entries: json,
  });
  return ok ? exitCodes.done : exitCodes.violated;
}

function fails({ verdict }: CheckedEntry, strict: boolean): boolean {
  return verdict?.status === 'violated' || (strict && verdict?.status === 'converging');
}

function statusOf({ verdict, status }: CheckedEntry): string {
  return verdict?.status ?? status;
}

function report(entries: readonly CheckedEntry[], plan: Plan, output: Output): void {
  showPlan(output, entries, plan, statusOf);
  for (const entry of entries) {
    for (const line of describeVerdict(entry)) output.line(`${entry.variable.path}: ${line}`);
  }
  output.line(countStatuses(entries, statusOf));
}
