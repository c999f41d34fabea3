// `apply`: projects the constrained weights of an ONNX model and writes the result.
import { resolve as absolute } from 'node:path';
import { checkTarget } from '../files/atomicWrite.js';
import { writeModel } from '../files/modelFile.js';
import { type AppliedEntry, applyPlan } from '../runtime/applyPlan.js';
import { ConstraintRunner } from '../runtime/constraintRunner.js';
import { loadNodeOrt } from '../runtime/ort.js';
import { exitCodes } from './exitCodes.js';
import { countUnresolved, type PlanOptions, readPlan, unresolvedError } from './inputs.js';
import { formatNumber, type Output } from './output.js';
import { entryJson, planCells, planColumns } from './planTable.js';

export interface ApplyOptions extends PlanOptions {
  readonly out: string;
  readonly force?: boolean;
  readonly provider: readonly string[];
}

/** Runs the command and returns its exit code. */
export async function apply(modelFile: string, options: ApplyOptions, output: Output): Promise<number> {
  const inPlace = absolute(options.out) === absolute(modelFile);
  await checkTarget(options.out, inPlace || options.force === true);
  const { model, plan } = await readPlan(modelFile, options, output);
  const unresolved = countUnresolved(plan, output);
  if (unresolved > 0 && options.allowUnresolved !== true) {
    output.table(planColumns, plan.entries.map(planCells));
    throw unresolvedError(unresolved, modelFile);
  }
  const runner = new ConstraintRunner(await loadNodeOrt(), { executionProviders: options.provider });
  const progress = output.progress('projecting');
  let entries: readonly AppliedEntry[];
  try {
    entries = await applyPlan(plan, runner, progress.update);
  } finally {
    progress.stop();
    await runner.dispose();
  }
  await writeModel(model, options.out, modelFile);
  report(entries, options.out, output);
  return exitCodes.done;
}

function report(entries: readonly AppliedEntry[], out: string, output: Output): void {
  const status = (entry: AppliedEntry): string => (entry.status === 'resolved' ? 'applied' : entry.status);
  output.table(
    [...planColumns, 'status', 'moved by up to'],
    entries.map((entry) => [
      ...planCells(entry),
      paintStatus(output, status(entry)),
      entry.moved === undefined ? '—' : formatNumber(entry.moved),
    ]),
  );
  const applied = entries.filter((entry) => entry.moved !== undefined);
  const moved = applied.filter((entry) => entry.moved !== 0);
  output.line();
  output.line(`${applied.length} constraints applied, ${moved.length} of them moved weights; wrote ${out}`);
  output.result({ ok: true, out, entries: entries.map((entry) => entryJson(entry, status(entry))) });
}

function paintStatus(output: Output, status: string): string {
  if (status === 'applied') return output.paint('green', status);
  return status === 'unresolved' ? output.paint('red', status) : output.paint('dim', status);
}
