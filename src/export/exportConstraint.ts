// A constraint as an ONNX file of its own, for any runtime.
// Must not touch ONNX Runtime or files.
import { type BuildGraphOptions, buildGraph } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { encodeGraph } from '../onnx/encodeGraph.js';

/**
 * The bytes of an ONNX model that projects one weight: input `w`, output `w_out`.
 *
 * Without `shape` or `rank` the sizes are open and there are as many dimensions as the kernel has whose units the
 * axis takes: 2 for axis 0 (Dense), 4 for axis `[0, 1, 2]` (Conv2D), at least 2. ONNX's checker accepts no input
 * whose rank is open.
 *
 * @param constraint an instance, a class, a function, a name or a config
 * @throws {ConfigError} when that is no constraint
 * @throws {ShapeError} when the constraint does not fit the shape, or changes shape or dtype
 * @throws {UsageError} on an opset, shape or rank that is not supported
 *
 * @example
 * await writeFile('max_norm.onnx', exportConstraint(maxNorm(2), { opset: 18 }));
 */
export function exportConstraint(
  constraint: ConstraintIdentifier,
  options: BuildGraphOptions = {},
): Uint8Array {
  const instance = getRequired(constraint);
  const open = options.shape === undefined && options.rank === undefined;
  return encodeGraph(buildGraph(instance, open ? { ...options, rank: rankFor(instance) } : options));
}

/** The rank of the kernel whose units the constraint's axis takes: one dimension more than those that are reduced. */
export function rankFor(constraint: Constraint): number {
  const { axis } = constraint as { axis?: unknown };
  const axes = (Array.isArray(axis) ? axis : [axis]).filter((item) => typeof item === 'number');
  return Math.max(2, ...axes.map((item) => (item < 0 ? -item : item + 2)));
}
