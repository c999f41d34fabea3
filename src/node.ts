// The entry point for Node: files, and weights projected by onnxruntime-node.

import { loadNodeOrt } from './runtime/nodeOrt.js';
import { type RuntimeEntry, runtimeEntry } from './runtime/project.js';

const entry: RuntimeEntry = runtimeEntry(loadNodeOrt, { executionProviders: ['cpu'] });

/**
 * A runner on onnxruntime-node, to use again and again; dispose of it when done.
 *
 * @throws {ProviderError} when onnxruntime-node is not installed
 */
export const createRunner: RuntimeEntry['createRunner'] = entry.createRunner;

/**
 * The projected weight; the given one is left as it is.
 *
 * @throws {ShapeError} when the constraint does not fit the weight
 * @throws {ProviderError} when ONNX Runtime is missing or cannot run it
 * @example
 * const { data } = await project(maxNorm(2), { data: new Float32Array(12), dims: [4, 3] });
 */
export const project: RuntimeEntry['project'] = entry.project;

/**
 * Projects named weights in place. Nothing is written unless all could be projected.
 *
 * @throws {ShapeError} when a constraint does not fit its weight, or two names share an array
 * @throws {ProviderError} when ONNX Runtime is missing or cannot run one
 * @example
 * await projectInPlace({ 'fc1.weight': { data, dims: [784, 128], constraint: maxNorm(2) } });
 */
export const projectInPlace: RuntimeEntry['projectInPlace'] = entry.projectInPlace;

export { type Config, readConfigFile, readRulesFile } from './files/configFile.js';
export { readKerasFile } from './files/kerasFile.js';
export { type ReadModelOptions, readModel, writeModel } from './files/modelFile.js';
export { ScratchFile } from './files/scratchFile.js';
export { type OpenedWeightFile, readWeightFile } from './files/weightFile.js';
export type { StoredWeight, WeightFile } from './graph/weightFile.js';
export { openTensors, planWeights, type WeightTensors } from './resolve/planWeights.js';
export { carryOver } from './resolve/reference.js';
export { type RulesPlan, resolveRules } from './resolve/resolveRules.js';
export { parseRules, type Rule, type Rules, type RulesOptions } from './resolve/rules.js';
export {
  type AppliedEntry,
  applyPlan,
  type CheckedEntry,
  checkPlan,
  type Progress,
} from './runtime/applyPlan.js';
export { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
export type { OrtModule, OrtSession, OrtTensor } from './runtime/ort.js';
export { planModel } from './runtime/planModel.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export type { Weight } from './runtime/weight.js';
export { loadNodeOrt };
