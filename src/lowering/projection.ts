// A constraint as the expression that goes into a train step or a file: the form that is fast on a provider, or the
// readable one.
// Must not import anything above constraints.
import { traceConstraint } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import type { Shape } from '../graph/shape.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';
import { chooseLowering } from './lowerings.js';
import { computeDType, type WeightDType } from './storage.js';

/** The projected value of an updated one, and the form it is computed in. */
export interface Projection {
  readonly result: SymbolicTensor;
  /** `canonical`, or the name of a faster form. */
  readonly form: string;
}

/**
 * The projection of an updated value.
 *
 * @param provider the execution provider that will run the step; without one, and where the shape is not known in
 *   numbers, the canonical form
 * @throws {ShapeError} when the constraint does not fit the shape
 */
export function projectionOf(
  constraint: Constraint,
  updated: SymbolicTensor,
  provider: string | undefined,
): Projection {
  const dims = sizesOf(updated.shape);
  if (provider === undefined || dims === undefined) {
    return { result: traceConstraint(constraint, updated), form: 'canonical' };
  }
  // The form for half types that travel as bits is for what JavaScript feeds; inside a graph a cast does.
  const dtype = computeDType(updated.dtype as WeightDType);
  const w = castTo(updated, dtype);
  const lowering = chooseLowering({ constraint, dtype, dims, provider });
  return { result: castTo(lowering.projectWhole(w), updated.dtype), form: lowering.name };
}

function sizesOf(shape: Shape): readonly number[] | undefined {
  return shape?.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}
