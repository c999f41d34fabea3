// `apply`: projects the constrained weights of a model and writes the result.
import { resolve as absolute } from 'node:path';
import { checkTarget } from '../files/atomicWrite.js';
import { type AppliedEntry, applyPlan } from '../runtime/applyPlan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { readPlan, unresolvedFailure, withRunner } from './inputs.js';
import { formatNumber, type Output } from './output.js';
import type { PlanOptions } from './planOptions.js';
import { entryJson, showPlan } from './planTable.js';

export interface ApplyOptions extends PlanOptions {
  readonly out: string;
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function apply(modelFile: string, options: ApplyOptions, output: Output): Promise<number> {
  const inPlace = absolute(options.out) === absolute(modelFile);
  await checkTarget(options.out, inPlace || options.force === true);
  return withRunner(options, (runner) => applyWith(runner, modelFile, options, output));
}

async function applyWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: ApplyOptions,
  output: Output,
): Promise<number> {
  const { plan, write } = await readPlan(modelFile, options, runner, output);
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    showPlan(output, plan.entries, statusOf);
    output.failure(failure, { entries: plan.entries.map((entry) => entryJson(entry, statusOf(entry))) });
    return exitCodes.unresolved;
  }
  const progress = output.progress('projecting');
  const entries = await applyPlan(plan, runner, progress.update).finally(progress.stop);
  await write(options.out);
  report(entries, options.out, output);
  return exitCodes.done;
}

function statusOf({ status, moved }: AppliedEntry): string {
  return moved === undefined ? status : 'applied';
}

function report(entries: readonly AppliedEntry[], out: string, output: Output): void {
  showPlan(output, entries, statusOf, {
    title: 'moved by up to',
    cell: ({ moved }) => (moved === undefined ? '—' : formatNumber(moved)),
  });
  const applied = entries.filter(({ moved }) => moved !== undefined);
  const changed = applied.filter(({ moved }) => moved !== 0);
  output.line(`${applied.length} constraints applied, ${changed.length} of them moved weights; wrote ${out}`);
  output.result({ ok: true, out, entries: entries.map((entry) => entryJson(entry, statusOf(entry))) });
}
