// The inputs that apply and check share: the model, the Keras file, and the plan from the two.
import { readKerasFile } from '../files/kerasFile.js';
import { readModel } from '../files/modelFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import type { OnnxModel } from '../onnx/model.js';
import type { Plan } from '../resolve/plan.js';
import { resolve } from '../resolve/resolve.js';
import type { Output } from './output.js';
import { reportUnresolved } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface PlanOptions {
  readonly config: string;
  readonly plugin?: readonly string[];
  readonly includeFrozen?: boolean;
  readonly allowUnresolved?: boolean;
}

export interface PlannedModel {
  readonly model: OnnxModel;
  readonly plan: Plan;
}

/** Reads both files and resolves one against the other; warnings go to standard error. */
export async function readPlan(
  modelFile: string,
  options: PlanOptions,
  output: Output,
): Promise<PlannedModel> {
  const customObjects = await loadPlugins(options.plugin ?? []);
  const keras = await readKerasFile(options.config, { customObjects });
  const model = await readModel(modelFile);
  for (const warning of keras.warnings) output.warn(`${options.config}: ${warning}`);
  const plan = resolve(model, keras, { includeFrozen: options.includeFrozen ?? false });
  if (plan.entries.length === 0) {
    throw new UsageError('no variable of this model has a constraint', { file: options.config });
  }
  for (const { variable, constraint } of plan.entries) {
    for (const warning of constraint.warnings()) output.warn(`${variable.path}: ${warning}`);
  }
  return { model, plan };
}

/** The variables that could not be placed; reported, and unless the user goes on without them, refused. */
export function countUnresolved(plan: Plan, output: Output): number {
  reportUnresolved(output, plan.entries);
  return plan.entries.filter(({ status }) => status === 'unresolved').length;
}

export function unresolvedError(count: number, file: string): ResolveError {
  return new ResolveError(
    `${count} of the constrained variables could not be placed; --allow-unresolved goes on with the others`,
    { file },
  );
}
