// A step description from the pairs that were found and the rules of a rules file, which name the parameters.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';
import { resolveRules } from '../resolve/resolveRules.js';
import type { Rules } from '../resolve/rules.js';
import type { FoundPair } from './findPairs.js';
import { inputTensor } from './inputTensor.js';
import type { StepDescription } from './stepDescription.js';

/** The description, and which rules could not be followed. */
export interface RuledStep {
  readonly description: StepDescription;
  readonly unresolved: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
}

/** The found parameters under the names of their inputs, with the constraints that rules give them. */
export function describeByRules(model: OnnxModel, pairs: readonly FoundPair[], rules: Rules): RuledStep {
  const parameters = pairs.filter(({ role }) => role === 'parameter');
  const { graph } = new ModelStructure(model);
  const tensors = parameters.map(({ input: name, dtype, shape }) =>
    inputTensor({ name, dtype, shape }, graph),
  );
  const { entries, warnings } = resolveRules({ tensors: () => tensors }, rules);
  const constraints = new Map<string, Constraint>(
    entries.flatMap(({ status, variable, constraint }) =>
      status === 'resolved' ? [[variable.path, constraint] as const] : [],
    ),
  );
  const described = parameters.map(
    ({ input, output }) => [input, { input, output, constraint: constraints.get(input) ?? null }] as const,
  );
  return {
    description: { parameters: Object.fromEntries(described), file: rules.file },
    unresolved: entries.flatMap(({ status, variable, reason = '' }) =>
      status === 'unresolved' ? [{ name: variable.path, reason }] : [],
    ),
    warnings,
  };
}
