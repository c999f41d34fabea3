// The plan for a model that may have been projected before: resolved by the variables' own values, and where
// those are gone, by what their constraints make of them.
// Must not import files or cli.
import { defaultTolerance } from '../constraints/violations.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { KerasModel, KerasVariable } from '../keras/kerasModel.js';
import type { OnnxModel } from '../onnx/model.js';
import type { Plan, PlanEntry } from '../resolve/plan.js';
import { type ResolveOptions, resolve } from '../resolve/resolve.js';
import type { ConstraintRunner } from './constraintRunner.js';

/** How often a model may have been projected before with a constraint that takes it a part of the way each time. */
const MAX_ROUNDS = 16;

/**
 * As `resolve`, also for a model whose weights are already those that its constraints make of the Keras file's, applied
 * once or up to 16 times.
 *
 * @throws {ProviderError} when ONNX Runtime cannot run a constraint
 */
export async function planModel(
  model: OnnxModel,
  keras: KerasModel,
  runner: ConstraintRunner,
  options: Omit<ResolveOptions, 'projected'> = {},
): Promise<Plan> {
  let plan = resolve(model, keras, options);
  const projected = new Map<KerasVariable, TensorValue>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let moving = false;
    for (const { variable, constraint } of unresolved(plan)) {
      const before = projected.get(variable) ?? variable.value;
      if (before === undefined) continue;
      const after = await runner.run(constraint, before);
      moving ||= round === 0 || moves(before, after);
      projected.set(variable, after);
    }
    if (!moving) return plan;
    plan = resolve(model, keras, { ...options, projected });
  }
  return plan;
}

function unresolved(plan: Plan): readonly PlanEntry[] {
  return plan.entries.filter(({ status, fits }) => status === 'unresolved' && fits);
}

/** Whether projecting again changed more than rounding does. */
function moves(before: TensorValue, after: TensorValue): boolean {
  const old = toFloat64(before);
  const largest = old.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const tolerance = defaultTolerance(before.dtype) * largest;
  return toFloat64(after).some((x, i) => Math.abs(x - (old[i] as number)) > tolerance);
}
