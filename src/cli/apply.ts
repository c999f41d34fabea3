// `apply`: projects the constrained weights of an ONNX model and writes the result.
import { resolve as absolute } from 'node:path';
import { checkTarget } from '../files/atomicWrite.js';
import { writeModel } from '../files/modelFile.js';
import { ScratchFile } from '../files/scratchFile.js';
import { type AppliedEntry, applyPlan } from '../runtime/applyPlan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { type PlanOptions, readPlan, unresolvedFailure, withRunner } from './inputs.js';
import { formatNumber, type Output } from './output.js';
import { entryJson, showPlan } from './planTable.js';

export interface ApplyOptions extends PlanOptions {
  readonly out: string;
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function apply(modelFile: string, options: ApplyOptions, output: Output): Promise<number> {
  const inPlace = absolute(options.out) === absolute(modelFile);
  await checkTarget(options.out, inPlace || options.force === true);
  const scratch = new ScratchFile(options.out);
  return withRunner(options, (runner) =>
    applyWith(runner, modelFile, { ...options, scratch }, output),
  ).finally(() => scratch.close());
}

async function applyWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: ApplyOptions,
  output: Output,
): Promise<number> {
  const { model, plan } = await readPlan(modelFile, options, runner, output);
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    showPlan(output, plan.entries, statusOf);
    output.failure(failure, { entries: plan.entries.map((entry) => entryJson(entry, statusOf(entry))) });
    return exitCodes.unresolved;
  }
  const progress = output.progress('projecting');
  const entries = await applyPlan(plan, runner, progress.update).finally(progress.stop);
  await writeModel(model, options.out);
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
