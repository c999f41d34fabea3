// The inputs that apply and check share: the model, the Keras file, the plan from the two, and what runs it.
import { type Config, readConfigFile } from '../files/configFile.js';
import { readModel } from '../files/modelFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import type { OnnxModel } from '../onnx/model.js';
import { axisAdvice } from '../resolve/axisAdvice.js';
import type { Plan } from '../resolve/plan.js';
import { resolveRules } from '../resolve/resolveRules.js';
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
}

export interface PlannedModel {
  readonly model: OnnxModel;
  readonly plan: Plan;
  /** What was told on standard error. */
  readonly warnings: readonly string[];
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
  const source = await readConfigFile(config, { customObjects });
  const model = await readModel(modelFile);
  const { plan, found } = await planFrom(source, model, runner, includeFrozen);
  const warnings = [...found.map((warning) => `${config}: ${warning}`), ...planWarnings(plan)];
  for (const warning of warnings) output.warn(warning);
  const { entries, lost = [] } = plan;
  if (entries.length + lost.length === 0)
    throw new UsageError('no variable has a constraint', { file: config });
  return { model, plan, warnings };
}

/** The plan from either kind of config, and what was found in it that may not be meant. */
async function planFrom(
  source: Config,
  model: OnnxModel,
  runner: ConstraintRunner,
  includeFrozen: boolean,
): Promise<{ plan: Plan; found: readonly string[] }> {
  if (source.kind === 'rules') {
    const { entries, warnings } = resolveRules(model, source.rules);
    return { plan: { entries }, found: warnings };
  }
  const { keras } = source;
  return { plan: await planModel(model, keras, runner, { includeFrozen }), found: keras.warnings };
}

function planWarnings({ entries }: Plan): readonly string[] {
  return entries.flatMap(({ variable, constraint, status }) => {
    const advice = status === 'frozen' ? undefined : axisAdvice(variable, constraint);
    const warnings = [...constraint.warnings(), ...(advice === undefined ? [] : [advice])];
    return warnings.map((warning) => `${variable.path}: ${warning}`);
  });
}

/** The failure of a plan with variables that could not be placed; none where there are none or the user goes on. */
export function unresolvedFailure(
  plan: Plan,
  modelFile: string,
  { allowUnresolved = false }: PlanOptions,
): ResolveError | undefined {
  const { entries, lost = [] } = plan;
  const count = entries.filter(({ status }) => status === 'unresolved').length + lost.length;
  const all = entries.length + lost.length;
  if (count > 0 && count === all) {
    return new ResolveError('none of the constraints could be placed', { file: modelFile });
  }
  if (count === 0 || allowUnresolved) return undefined;
  return new ResolveError(
    `${count} of ${all} constraints could not be placed; --allow-unresolved goes on with the others`,
    { file: modelFile },
  );
}
