// A plan made for one model carried over to another of the same graph whose weights have changed since.
// Must not import runtime, files or cli.
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import type { Placement } from './placement.js';
import type { Plan, PlanEntry } from './plan.js';

/**
 * The plan for `model` where `plan` was made for a reference: the export made from the Keras file, before the model was
 * trained on. Tensors are found by name.
 *
 * What is folded cannot be carried over, since the factors it was folded with may have changed too: such entries become
 * `unresolved`, as do those whose tensor is missing or of another shape or dtype.
 */
export function carryOver(plan: Plan, model: OnnxModel): Plan {
  const byName = new Map(model.tensors().map((tensor) => [tensor.name, tensor]));
  const carried = new Map<Placement, Placement | string>();
  const entries = plan.entries.map((entry): PlanEntry => {
    const placements: Placement[] = [];
    for (const placement of entry.placements) {
      const moved = carried.get(placement) ?? carryPlacement(placement, byName);
      carried.set(placement, moved);
      if (typeof moved === 'string') {
        return { ...entry, status: 'unresolved', placements: [], tensors: [], reason: moved };
      }
      placements.push(moved);
    }
    return { ...entry, placements, tensors: placements.flatMap(({ tensors }) => tensors) };
  });
  return { entries };
}

function carryPlacement(placement: Placement, byName: ReadonlyMap<string, ModelTensor>): Placement | string {
  if (placement.how.includes('folded')) {
    return `${names(placement)} holds it folded with a batch normalization, whose factor may have changed since the reference was exported`;
  }
  const targets = new Map<ModelTensor, ModelTensor>();
  for (const tensor of placement.tensors) {
    const target = byName.get(tensor.name);
    if (target === undefined) return `the model has no tensor ${tensor.name}, which the reference has`;
    if (target.dtype !== tensor.dtype || target.dims.join() !== tensor.dims.join()) {
      return `${tensor.name} is ${describe(target)} in the model and ${describe(tensor)} in the reference`;
    }
    targets.set(tensor, target);
  }
  return placement.over((tensor) => targets.get(tensor) as ModelTensor);
}

function names({ tensors }: Placement): string {
  return tensors.map(({ name }) => name).join(', ');
}

function describe({ dtype, dims }: ModelTensor): string {
  return `${dtype} [${dims.join(', ')}]`;
}
