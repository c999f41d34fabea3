// The inputs that apply and check share: the model, the constraints, the plan from the two, and what runs it.
import type { CustomObjects } from '../constraints/deserialize.js';
import { readKerasFile } from '../files/kerasFile.js';
import { readModel, writeModel } from '../files/modelFile.js';
import { readWeightFile } from '../files/weightFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import type { Plan } from '../resolve/plan.js';
import { ConstraintRunner } from '../runtime/constraintRunner.js';
import { loadNodeOrt } from '../runtime/nodeOrt.js';
import { planModel } from '../runtime/planModel.js';
import type { Output } from './output.js';
import type { PlannedModel, PlanOptions } from './planOptions.js';
import { loadPlugins } from './plugin.js';
import { planWeightFile } from './weightPlan.js';

/** Runs a command's work with a runner on the providers the user named, and disposes of it. */
export async function withRunner<T>(
  { provider }: PlanOptions,
  use: (runner: ConstraintRunner) => Promise<T>,
): Promise<T> {
  const runner = new ConstraintRunner(await loadNodeOrt(), { executionProviders: provider });
  try {
    return await use(runner);
  } finally {
    await runner.dispose();
  }
}

/** Reads the model and its constraints and plans one on the other; warnings go to standard error. */
export async function readPlan(
  modelFile: string,
  options: PlanOptions,
  runner: ConstraintRunner,
  output: Output,
): Promise<PlannedModel> {
  const customObjects = await loadPlugins(options.plugin ?? []);
  const weightFile = await readWeightFile(modelFile, { customObjects });
  const planned =
    weightFile === undefined
      ? await planOnnx(modelFile, options, customObjects, runner, output)
      : await planWeightFile(modelFile, weightFile, options, customObjects, output);
  const { entries } = planned.plan;
  if (entries.length === 0) {
    throw new UsageError('no variable has a constraint', { file: options.config ?? modelFile });
  }
  for (const { variable, constraint } of entries) {
    for (const warning of constraint.warnings()) output.warn(`${variable.path}: ${warning}`);
  }
  return planned;
}

async function planOnnx(
  modelFile: string,
  { config, includeFrozen = false }: PlanOptions,
  customObjects: CustomObjects,
  runner: ConstraintRunner,
  output: Output,
): Promise<PlannedModel> {
  if (config === undefined) {
    throw new UsageError('an ONNX model carries no constraints: --config must name the file that does', {
      file: modelFile,
    });
  }
  const keras = await readKerasFile(config, { customObjects });
  const model = await readModel(modelFile);
  for (const warning of keras.warnings) output.warn(`${config}: ${warning}`);
  const plan = await planModel(model, keras, runner, { includeFrozen });
  return { plan, write: (out) => writeModel(model, out) };
}

/** The failure of a plan with variables that could not be placed; none where there are none or the user goes on. */
export function unresolvedFailure(
  plan: Plan,
  modelFile: string,
  { allowUnresolved = false }: PlanOptions,
): ResolveError | undefined {
  const count = plan.entries.filter(({ status }) => status === 'unresolved').length;
  if (count === 0 || allowUnresolved) return undefined;
  return new ResolveError(
    `${count} of ${plan.entries.length} constraints could not be placed; --allow-unresolved goes on with the others`,
    { file: modelFile },
  );
}
