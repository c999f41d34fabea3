// The inputs that plans are made of: the model, the constraints, the plan from the two, and what runs it.
import type { CustomObjects } from '../constraints/deserialize.js';
import { type Config, readConfigFile } from '../files/configFile.js';
import { readModel, writeModel } from '../files/modelFile.js';
import { readWeightFile } from '../files/weightFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import type { OnnxModel } from '../onnx/model.js';
import { axisAdvice } from '../resolve/axisAdvice.js';
import type { Plan } from '../resolve/plan.js';
import { carryOver } from '../resolve/reference.js';
import { resolveRules } from '../resolve/resolveRules.js';
import { ConstraintRunner } from '../runtime/constraintRunner.js';
import { loadNodeOrt, maySkipCopies } from '../runtime/nodeOrt.js';
import { planModel } from '../runtime/planModel.js';
import type { Output } from './output.js';
import type { MadePlan, PlannedModel, PlanOptions } from './planOptions.js';
import { loadPlugins } from './plugin.js';
import { planWeightFile } from './weightPlan.js';

/**
 * Runs a command's work with a runner on the providers the user named, tells where it did not run on the first of them,
 * and disposes of it.
 */
export async function withRunner<T>(
  { provider }: PlanOptions,
  output: Output,
  use: (runner: ConstraintRunner) => Promise<T>,
): Promise<T> {
  const runner = new ConstraintRunner(await loadNodeOrt(), {
    providers: provider,
    noCopy: maySkipCopies(),
  });
  try {
    // Found out here, not when some constraint happens to be run.
    await runner.probe();
    const result = await use(runner);
    for (const warning of providerWarnings(runner)) output.warn(warning);
    return result;
  } finally {
    await runner.dispose();
  }
}

/** A line for each reason why something ran elsewhere than on the first provider of the list. */
function providerWarnings(runner: ConstraintRunner): readonly string[] {
  const ran = new Map<string, Set<string>>();
  const note = (reason: string, what: string): void => {
    ran.set(reason, (ran.get(reason) ?? new Set()).add(what));
  };
  for (const { constraint, dtype, provider, cpuNodes, refusals } of runner.report()) {
    const what = `${constraint} (${dtype})`;
    for (const refusal of refusals) {
      if (refusal.provider === provider) continue;
      note(
        `ran on ${provider}, as ${refusal.provider} does not run it: ${refusal.cause}; to mend it, ${refusal.remedy}`,
        what,
      );
    }
    if (cpuNodes.length > 0) note(`ran on ${provider}, which hands ${cpuNodes.join(', ')} to the CPU`, what);
  }
  return [...ran].map(([reason, what]) => `${[...what].join(', ')} ${reason}`);
}

/** The providers that ran something. */
export function providersUsed(runner: ConstraintRunner): readonly string[] {
  return [...new Set(runner.report().map(({ provider }) => provider))];
}

/** Reads the model and its constraints and plans one on the other; warnings go to standard error. */
export async function readPlan(
  modelFile: string,
  options: PlanOptions,
  runner: ConstraintRunner,
  output: Output,
): Promise<PlannedModel> {
  const { config = modelFile, plugin = [] } = options;
  const customObjects = await loadPlugins(plugin);
  const weightFile = await readWeightFile(modelFile, { customObjects });
  const made =
    weightFile === undefined
      ? await planOnnx(modelFile, options, customObjects, runner)
      : await planWeightFile(modelFile, weightFile, options, customObjects);
  const { plan, write } = made;
  const warnings = [...made.found.map((warning) => `${config}: ${warning}`), ...planWarnings(plan)];
  for (const warning of warnings) output.warn(warning);
  const { entries, lost = [] } = plan;
  if (entries.length + lost.length === 0) {
    throw new UsageError('no variable has a constraint', { file: config });
  }
  return { plan, write, warnings };
}

async function planOnnx(
  modelFile: string,
  options: PlanOptions,
  customObjects: CustomObjects,
  runner: ConstraintRunner,
): Promise<MadePlan> {
  const { config } = options;
  if (config === undefined) {
    throw new UsageError('an ONNX model carries no constraints: --config must name the file that does', {
      file: modelFile,
    });
  }
  const source = await readConfigFile(config, { customObjects });
  const model = await readModel(modelFile, { scratch: options.scratch });
  const made = await planFrom(source, model, options, runner);
  return { ...made, write: (out) => writeModel(model, out) };
}

/** The plan from either kind of config, and what was found in it that may not be meant. */
async function planFrom(
  source: Config,
  model: OnnxModel,
  { reference, includeFrozen = false }: PlanOptions,
  runner: ConstraintRunner,
): Promise<Omit<MadePlan, 'write'>> {
  if (source.kind === 'rules') {
    if (reference !== undefined) {
      throw new UsageError('--reference goes with a Keras file; a rules file names the tensors itself');
    }
    const { entries, warnings } = resolveRules(model, source.rules);
    return { plan: { entries }, found: warnings };
  }
  const { keras } = source;
  if (reference === undefined) {
    return { plan: await planModel(model, keras, runner, { includeFrozen }), found: keras.warnings };
  }
  const plan = await planModel(await readModel(reference), keras, runner, { includeFrozen });
  return { plan: carryOver(plan, model), found: keras.warnings };
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
  { entries, lost = [] }: Plan,
  modelFile: string,
  { allowUnresolved = false }: Pick<PlanOptions, 'allowUnresolved'>,
): ResolveError | undefined {
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
