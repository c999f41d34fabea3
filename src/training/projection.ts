// A constraint as the expression that goes into a train step: the form that is fast on a provider, or the readable one.
// Must not import onnx, runtime, files or cli.
import { traceConstraint } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import type { Shape } from '../graph/shape.js';
import { chooseLowering } from '../lowering/lowerings.js';
import type { WeightDType } from '../lowering/storage.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';

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
  // ONNX Runtime's own form of bfloat16 weights is for what JavaScript feeds; inside a step a cast does.
  const isBrain = updated.dtype === 'bfloat16';
  const w = isBrain ? castTo(updated, 'float32') : updated;
  const dtype = w.dtype as WeightDType;
  const lowering = chooseLowering({ constraint, dtype, dims, provider });
  return { result: castTo(lowering.projectWhole(w), updated.dtype), form: lowering.name };
}

function sizesOf(shape: Shape): readonly number[] | undefined {
  return shape?.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}
