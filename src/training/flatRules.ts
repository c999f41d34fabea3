// What the rules of a rules file mean for the parameters in a flat buffer.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { ResolveError } from '../graph/errors.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';
import { resolveRules } from '../resolve/resolveRules.js';
import type { Rules } from '../resolve/rules.js';
import { inputTensor } from './inputTensor.js';

export interface FlatRules {
  /** The constraints, by the names of the parameters. */
  readonly found: ReadonlyMap<string, Constraint>;
  readonly warnings: readonly string[];
}

/** The constraints that rules give to inputs of a training model. @throws {ResolveError} where one cannot be followed */
export function flatRules(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  trainingModel: OnnxModel,
  rules: Rules,
): FlatRules {
  const { graph } = new ModelStructure(trainingModel);
  const tensors = parameters.map(({ name, shape }) =>
    forwardOnly(inputTensor({ name, shape, dtype: 'float32' }, graph)),
  );
  const { entries, warnings } = resolveRules({ tensors: () => tensors }, rules);
  const failed = entries.filter(({ status }) => status !== 'resolved');
  if (failed.length > 0) {
    const reasons = failed.map(({ variable, reason = '' }) => `${variable.path}: ${reason}`);
    throw new ResolveError(reasons.join('; '), { file: rules.file });
  }
  return { found: new Map(entries.map(({ variable, constraint }) => [variable.path, constraint])), warnings };
}

/**
 * The backward pass reads weights too, the other way round, and would disagree on what their units are. ONNX Runtime
 * names its nodes after those of the forward pass: `/fc1/Gemm_Grad/Gemm_0`.
 */
function forwardOnly(tensor: ModelTensor): ModelTensor {
  return { ...tensor, consumers: tensor.consumers.filter(({ nodeName }) => !nodeName.includes('_Grad/')) };
}
