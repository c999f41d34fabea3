// Whether a constraint fits a weight at all.
// Must not import runtime, files or cli.
import { buildGraph } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import type { DType } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';

/** Why the constraint cannot be traced on a weight: an axis out of range, a dtype without norms, a changed shape or dtype. */
export function whyMisfit(
  { dtype, shape }: { readonly dtype: DType; readonly shape: Shape },
  constraint: Constraint,
): string | undefined {
  try {
    buildGraph(constraint, { dtype, shape });
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.detail;
    throw error;
  }
}
