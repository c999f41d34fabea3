// A constraint as an ONNX file for other runtimes, in every form there is.
// Must not touch ONNX Runtime or files.
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { buildExport } from './buildExport.js';
import type { ExportOptions } from './exportOptions.js';
import { printModel } from './printModel.js';

/**
 * The bytes of an ONNX model that projects one weight: input `w`, output `w_out`; with `axisInput`, `limitInputs` and
 * `phase` further inputs.
 *
 * float16 and bfloat16 are computed in float32 and rounded once. Without `shape` or `rank` the sizes are open and there
 * are as many dimensions as the kernel has whose units the axis takes, at least 2. The same arguments give the same
 * bytes.
 *
 * @param constraint an instance, a class, a function, a name or a config
 * @throws {ConfigError} when that is no constraint
 * @throws {ShapeError} when the constraint does not fit the shape, or changes shape or dtype
 * @throws {UsageError} on options that are not accepted, and on what the opset cannot express, with the lowest that can
 *
 * @example
 * await writeFile('max_norm.onnx', exportConstraint(maxNorm(2), { opset: 11, axisInput: false }));
 */
export function exportConstraint(constraint: ConstraintIdentifier, options: ExportOptions = {}): Uint8Array {
  return encodeGraph(buildExport(getRequired(constraint), options));
}

/**
 * The model that `exportConstraint` gives, in ONNX's text form, as `onnx.parser.parse_model` of ONNX's Python package
 * reads it.
 *
 * @throws as `exportConstraint`
 *
 * @example
 * console.log(exportText(maxNorm(2), { shape: [784, 128] }));
 */
export function exportText(constraint: ConstraintIdentifier, options: ExportOptions = {}): string {
  return printModel(buildExport(getRequired(constraint), options));
}
