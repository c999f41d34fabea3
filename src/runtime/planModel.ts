// The plan for a model that may have been projected before: resolved by the variables' own values, and where
// those are gone, by what their constraints make of them.
// Must not import files or cli.
import type { TensorValue } from '../graph/tensorValue.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { OnnxModel } from '../onnx/model.js';
import type { Plan } from '../resolve/plan.js';
import { type ResolveOptions, resolve } from '../resolve/resolve.js';
import type { ConstraintRunner } from './constraintRunner.js';

/**
 * As `resolve`, also for a model whose weights are already those that its constraints make of the Keras file's.
 *
 * @throws {ProviderError} when ONNX Runtime cannot run a constraint
 */
export async function planModel(
  model: OnnxModel,
  keras: KerasModel,
  runner: ConstraintRunner,
  options: Omit<ResolveOptions, 'projected'> = {},
): Promise<Plan> {
  const plan = resolve(model, keras, options);
  const open = plan.entries.filter(({ status, fits }) => status === 'unresolved' && fits);
  if (open.length === 0) return plan;
  const projected = new Map<KerasVariable, TensorValue>();
  for (const { variable, constraint } of open) {
    if (variable.value !== undefined) projected.set(variable, await runner.run(constraint, variable.value));
  }
  return resolve(model, keras, { ...options, projected });
}
