// A step description from the pairs that are found in a step and a file that names constraints: Keras's or rules.
// Must not change the model, and must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { axisInLayout, constraintInLayout, isIdentity, type Layout } from '../constraints/layout.js';
import { NonNeg } from '../constraints/nonNeg.js';
import { checkOptions } from '../graph/knownKeys.js';
import type { KerasModel } from '../keras/kerasModel.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';
import { type MatchOptions, matchParameters, type ParameterPlan } from '../resolve/matchParameters.js';
import type { Parameter } from '../resolve/parameterLayouts.js';
import { resolveRules } from '../resolve/resolveRules.js';
import type { Rules } from '../resolve/rules.js';
import { type FoundPair, type FoundPairs, findPairs } from './findPairs.js';
import { ForwardUses } from './forwardUses.js';
import { inputTensor } from './inputTensor.js';
import { preferValues } from './matchByValue.js';
import type { StepDescription, StepParameter } from './stepDescription.js';
import { updatingTrainings } from './trainingInfo.js';

/** What was found in a step, and what each constraint of a file became there. */
export interface DescribedStep extends FoundPairs {
  /** For `splice`: every parameter that was found, under the name of its input; those without a constraint have null. */
  readonly description: StepDescription;
  /** Each constraint of the file: the parameter that has it, or why none does. */
  readonly plan: ParameterPlan;
  /** What in the file may not be meant. */
  readonly warnings: readonly string[];
}

/**
 * Describes a train step by what is found in it (see `findPairs`) and the constraints of a Keras model or of rules.
 *
 * Rules name the parameters by the names of their inputs, and count axes in their layout. A Keras model's variables are
 * found by name and shape (see `matchParameters`), and each constraint is carried over to the parameter's layout. What
 * is found is to be looked at: constraints that could not be placed are `unresolved` in the plan, and in no parameter.
 *
 * @param options `includeFrozen`: frozen variables of a Keras model too
 * @example
 * const { plan, description } = describeStep(step, await readKerasFile('model.keras'));
 * if (plan.entries.every(({ status }) => status !== 'unresolved')) splice(step, description);
 */
export function describeStep(
  model: OnnxModel,
  config: KerasModel | Rules,
  options: MatchOptions = {},
): DescribedStep {
  checkOptions(options, ['includeFrozen']);
  const found = findPairs(model);
  const pairs = found.pairs.filter(({ role }) => role === 'parameter');
  const parameters = findParameters(model, found, pairs);
  const { plan, warnings } = planFor(model, parameters, config, options);
  const file = 'rules' in config ? config.file : undefined;
  const constrained = new Map(constraintsOf(plan));
  const described = pairs.map(({ input, output }) => {
    const own = constrained.get(input) ?? { constraint: null };
    return [input, { input, output, ...own }] as const;
  });
  return {
    ...found,
    plan,
    warnings,
    description: { parameters: Object.fromEntries(described), ...(file !== undefined && { file }) },
  };
}

function findParameters(
  model: OnnxModel,
  { pairs }: FoundPairs,
  parameters: readonly FoundPair[],
): readonly Parameter[] {
  const { graph } = new ModelStructure(model);
  const uses = new ForwardUses(graph, new Set(pairs.map(({ output }) => output)));
  return parameters.map(({ input: name, dtype, shape }) => {
    const tensor = inputTensor({ name, dtype, shape }, graph);
    return { tensor, uses: uses.of(name, tensor.dims.length) };
  });
}

function planFor(
  model: OnnxModel,
  parameters: readonly Parameter[],
  config: KerasModel | Rules,
  options: MatchOptions,
): Pick<DescribedStep, 'plan' | 'warnings'> {
  if (!('rules' in config)) {
    const byName = matchParameters(parameters, config, options);
    const names = new Set(parameters.map(({ tensor }) => tensor.name));
    const holdsValues = updatingTrainings(new ModelStructure(model)).length > 0;
    const plan = holdsValues ? preferValues(byName, model, config, names, options) : byName;
    return { plan, warnings: config.warnings };
  }
  const tensors = parameters.map(({ tensor }) => tensor);
  const { entries, warnings } = resolveRules({ tensors: () => tensors }, config);
  return { plan: { entries }, warnings };
}

type Constrained = Pick<StepParameter, 'constraint' | 'layout'>;

/** The constraints by the input that has each. */
function constraintsOf({ entries }: ParameterPlan): readonly (readonly [string, Constrained])[] {
  return entries.flatMap(({ constraint, placements }) =>
    placements.map(
      ({ tensors: [tensor], layout }) =>
        [tensor?.name ?? '', onTensor(constraint, layout as Layout)] as const,
    ),
  );
}

/** The constraint in the tensor's own axes, where some say the same. */
function onTensor(constraint: Constraint, layout: Layout): Constrained {
  const isPlain = isIdentity(layout) || constraint.constructor === NonNeg;
  if (isPlain || axisInLayout(constraint, layout) !== undefined) {
    return { constraint: constraintInLayout(constraint, layout) };
  }
  return { constraint, layout: { shape: layout.kerasShape, order: layout.perm } };
}
