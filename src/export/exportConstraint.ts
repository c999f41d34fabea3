// A constraint as an ONNX file of its own, for any runtime.
// Must not touch ONNX Runtime or files.
import { type BuildGraphOptions, buildGraph } from '../constraints/buildGraph.js';
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { encodeGraph } from '../onnx/encodeGraph.js';

/**
 * The bytes of an ONNX model that projects one weight: input `w`, output `w_out`.
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
  return encodeGraph(buildGraph(getRequired(constraint), options));
}
