// `apply`: projects the constrained weights of a model and writes the result.
import { resolve as absolute } from 'node:path';
import { checkTarget } from '../files/atomicWrite.js';
import { ScratchFile } from '../files/scratchFile.js';
import { UsageError } from '../graph/errors.js';
import type { Plan } from '../resolve/plan.js';
import { type AppliedEntry, applyPlan } from '../runtime/applyPlan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { providersUsed, readPlan, unresolvedFailure, withRunner } from './inputs.js';
import { formatNumber, type Output } from './output.js';
import type { PlanOptions } from './planOptions.js';
import { planJson, showPlan } from './planTable.js';
import { checkReport, countStatuses, reportEntry, takeMoments, writeWithReport } from './report.js';

export interface ApplyOptions extends PlanOptions {
  readonly out: string;
  readonly force?: boolean;
  readonly report?: string;
}

/** Projecting a weight that satisfies its constraint still moves it by a unit in the last place or so. */
const ROUNDING = 1e-6;

/** Runs the command and returns its exit code. */
export async function apply(modelFile: string, options: ApplyOptions, output: Output): Promise<number> {
  const { config = modelFile } = options;
  if (options.config !== undefined && absolute(options.out) === absolute(options.config)) {
    throw new UsageError('is the file of the constraints; it would be overwritten', { file: options.out });
  }
  const inPlace = absolute(options.out) === absolute(modelFile);
  await checkTarget(options.out, inPlace || options.force === true);
  await checkReport(options.report, [modelFile, config, options.out], options.force === true);
  const scratch = new ScratchFile(options.out);
  return withRunner(options, output, (runner) =>
    applyWith(runner, modelFile, { ...options, scratch }, output),
  ).finally(() => scratch.close());
}

async function applyWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: ApplyOptions,
  output: Output,
): Promise<number> {
  const { plan, write, warnings } = await readPlan(modelFile, options, runner, output);
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    showPlan(output, plan.entries, plan, statusOf);
    output.failure(failure, { entries: planJson(plan.entries, plan, statusOf) });
    return exitCodes.unresolved;
  }
  const before = options.report === undefined ? [] : takeMoments(plan);
  const progress = output.progress('projecting');
  const entries = await applyPlan(plan, runner, {
    allowUnresolved: true,
    progress: progress.update,
  }).finally(progress.stop);
  const now = options.report === undefined ? [] : takeMoments(plan);
  await writeWithReport(
    options.report,
    () => ({
      command: 'apply',
      model: modelFile,
      config: options.config ?? modelFile,
      out: options.out,
      summary: countStatuses(entries, statusOf),
      warnings,
      entries: entries.map((entry, i) =>
        reportEntry(entry, statusOf(entry), { before: before[i], now: now[i] }),
      ),
    }),
    () => write(options.out),
  );
  report(entries, plan, providersUsed(runner), options, output);
  if (options.report !== undefined) output.line(`wrote ${options.report}`);
  return exitCodes.done;
}

function statusOf({ status, moved }: AppliedEntry): string {
  return moved === undefined ? status : 'applied';
}

function report(
  entries: readonly AppliedEntry[],
  plan: Plan,
  providers: readonly string[],
  { out, report: page }: ApplyOptions,
  output: Output,
): void {
  showPlan(output, entries, plan, statusOf, {
    title: 'moved by up to',
    cell: ({ moved }) => (moved === undefined ? '—' : formatNumber(moved)),
  });
  const applied = entries.filter(({ moved }) => moved !== undefined);
  const changed = applied.filter(({ moved = 0 }) => moved > ROUNDING);
  const count = applied.length === 1 ? '1 constraint' : `${applied.length} constraints`;
  output.line(`${count} applied, of which ${changed.length} moved weights; wrote ${out}`);
  output.result({
    ok: true,
    out,
    ...(page !== undefined && { report: page }),
    providers,
    entries: planJson(entries, plan, statusOf),
  });
}
