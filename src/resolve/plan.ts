// What a plan says of each constrained variable: the tensors that hold it, how, or why none does.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import type { Layout } from '../constraints/layout.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';
import { keepsDims } from './match.js';

/** How a tensor holds a variable: as it is, with its dimensions in another order, with other dims. */
export type How = 'exact' | 'permuted' | 'reshaped';

export interface PlacedTensor {
  readonly tensor: ModelTensor;
  readonly layout: Layout;
  readonly how: readonly How[];
}

export interface PlanEntry {
  readonly variable: KerasVariable;
  readonly constraint: Constraint;
  readonly status: 'resolved' | 'frozen' | 'unresolved';
  /** The tensors that hold the variable: more than one where the exporter stored copies. */
  readonly tensors: readonly PlacedTensor[];
  /** Whether the constraint fits the variable's shape and dtype. */
  readonly fits: boolean;
  /** Why the variable is not resolved. */
  readonly reason?: string;
}

export interface Plan {
  readonly entries: readonly PlanEntry[];
}

export function placeTensor(tensor: ModelTensor, layout: Layout): PlacedTensor {
  return { tensor, layout, how: describeLayout(layout) };
}

function describeLayout(layout: Layout): readonly How[] {
  const wide = layout.perm.filter((axis) => layout.kerasShape[axis] !== 1);
  const permuted = wide.some((axis, i) => i > 0 && axis < (wide[i - 1] as number));
  const sameDims =
    layout.kerasShape.length === layout.tensorShape.length &&
    (permuted ? keepsDims(layout) : layout.kerasShape.every((dim, i) => dim === layout.tensorShape[i]));
  const how: How[] = [];
  if (permuted) how.push('permuted');
  if (!sameDims) how.push('reshaped');
  return how.length === 0 ? ['exact'] : how;
}
