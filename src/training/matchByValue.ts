// Which bound initializer of a model with `training_info` each Keras variable is: such a model holds values, and those
// tell more than names.
// Must not change the model, and must not import runtime, files or cli.
import type { KerasModel } from '../keras/kerasModel.js';
import type { OnnxModel } from '../onnx/model.js';
import type { MatchOptions, ParameterEntry, ParameterPlan } from '../resolve/matchParameters.js';
import { resolve } from '../resolve/resolve.js';

/**
 * The plan `byName` with the variables whose values are found in a parameter placed there. Of two variables that are in
 * one parameter only the first has it.
 */
export function preferValues(
  byName: ParameterPlan,
  model: OnnxModel,
  keras: KerasModel,
  parameters: ReadonlySet<string>,
  options: MatchOptions,
): ParameterPlan {
  const byValue = resolve(model, keras, options);
  const merged = byName.entries.map((entry, i): ParameterEntry => {
    const found = byValue.entries[i];
    const [placement, ...more] = found?.placements ?? [];
    const [tensor, ...others] = placement?.tensors ?? [];
    const isOne = placement?.layout !== undefined && more.length + others.length === 0;
    if (found?.status !== 'resolved' || !isOne || !parameters.has(tensor?.name ?? '')) return entry;
    return { ...found, toldBy: 'value' };
  });
  return { ...byName, entries: refuseShared(merged) };
}

function refuseShared(entries: readonly ParameterEntry[]): readonly ParameterEntry[] {
  const owners = new Map<string, string>();
  return entries.map((entry) => {
    const [tensor] = entry.tensors;
    if (entry.status !== 'resolved' || tensor === undefined) return entry;
    const owner = owners.get(tensor.name);
    if (owner === undefined) {
      owners.set(tensor.name, entry.variable.path);
      return entry;
    }
    const { toldBy: _, ...rest } = entry;
    const reason = `${tensor.name} is ${owner} already`;
    return { ...rest, status: 'unresolved', placements: [], tensors: [], reason };
  });
}
