// A constraint as an ONNX file of its own, for any runtime.
// Must not import lowering, nor touch ONNX Runtime or files: the pure entry point carries it.
import { type BuildGraphOptions, buildGraph } from '../constraints/buildGraph.js';
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { withRank } from './rank.js';

/**
 * The bytes of an ONNX model that projects one weight: input `w`, output `w_out`.
 *
 * Without `shape` or `rank` the sizes are open and there are as many dimensions as the kernel has whose units the
 * axis takes: 2 for axis 0 (Dense), 4 for axis `[0, 1, 2]` (Conv2D), at least 2. ONNX's checker accepts no input
 * whose rank is open. The function of the same name in `onnx-constraints/export` has more options, such as opsets
 * from 7 on.
 *
 * @param constraint an instance, a class, a function, a name or a config
 * @throws {ConfigError} when that is no constraint
 * @throws {ShapeError} when the constraint does not fit the shape, or changes shape or dtype
 * @throws {UsageError} on an opset, shape or rank that is not supported
 *
 * @example
 * await writeFile('max_norm.onnx', exportConstraint(maxNorm(2), { opset: 18 }));
 */
export function exportPlain(constraint: ConstraintIdentifier, options: BuildGraphOptions = {}): Uint8Array {
  const instance = getRequired(constraint);
  return encodeGraph(buildGraph(instance, withRank(instance, options)));
}
