// The inputs that apply and check share: the model, the Keras file, the plan from the two, and what runs it.
import { readKerasFile } from '../files/kerasFile.js';
import { readModel } from '../files/modelFile.js';
import type { ScratchFile } from '../files/scratchFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import type { OnnxModel } from '../onnx/model.js';
import type { Plan } from '../resolve/plan.js';
import { ConstraintRunner } from '../runtime/constraintRunner.js';
import { loadNodeOrt } from '../runtime/nodeOrt.js';
import { planModel } from '../runtime/planModel.js';
import type { Output } from './output.js';
import { loadPlugins } from './plugin.js';

/** The options of every command that follows a plan. */
export interface PlanOptions {
  readonly config: string;
  readonly plugin?: readonly string[];
  readonly provider: readonly string[];
  readonly includeFrozen?: boolean;
  readonly allowUnresolved?: boolean;
  /** Where tensors in data files stay between being projected and being written. */
  readonly scratch?: ScratchFile;
}

export interface PlannedModel {
  readonly model: OnnxModel;
  readonly plan: Plan;
}

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

/** Reads both files and resolves one against the other; warnings go to standard error. */
export async function readPlan(
  modelFile: string,
  options: PlanOptions,
  runner: ConstraintRunner,
  output: Output,
): Promise<PlannedModel> {
  const { config, plugin = [], includeFrozen = false } = options;
  const customObjects = await loadPlugins(plugin);
  const keras = await readKerasFile(config, { customObjects });
  const model = await readModel(modelFile, { scratch: options.scratch });
  for (const warning of keras.warnings) output.warn(`${config}: ${warning}`);
  const plan = await planModel(model, keras, runner, { includeFrozen });
  if (plan.entries.length === 0) throw new UsageError('no variable has a constraint', { file: config });
  for (const { variable, constraint } of plan.entries) {
    for (const warning of constraint.warnings()) output.warn(`${variable.path}: ${warning}`);
  }
  return { model, plan };
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
