// What a plan says of each constrained variable: where the model holds it, how, or why that is not known.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';
import type { Placement } from './placement.js';

export interface PlanEntry {
  readonly variable: KerasVariable;
  readonly constraint: Constraint;
  /** `satisfied`: the model does not hold the variable, which is zero and stays so under its constraint. */
  readonly status: 'resolved' | 'satisfied' | 'frozen' | 'unresolved';
  /**
   * Where the model holds the variable: more than one place where the exporter stored copies. Entries of variables
   * that share a tensor and a constraint have the same placement, which is to be projected once.
   */
  readonly placements: readonly Placement[];
  /** The tensors of all placements. */
  readonly tensors: readonly ModelTensor[];
  /** Whether the constraint fits the variable's shape and dtype. */
  readonly fits: boolean;
  /** Why the variable is not resolved, or is satisfied without being found. */
  readonly reason?: string;
}

export interface Plan {
  readonly entries: readonly PlanEntry[];
}
