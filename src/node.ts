// The entry point for Node: files, and weights projected by onnxruntime-node.
import { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
import { loadNodeOrt } from './runtime/nodeOrt.js';
import { type Projecting, projectingWith } from './runtime/project.js';

const defaults: RunnerOptions = { executionProviders: ['cpu'] };
const projecting: Projecting = projectingWith(loadNodeOrt, defaults);

/**
 * A runner on onnxruntime-node, for `planModel`, `applyPlan` and `checkPlan`; dispose of it when done.
 *
 * @throws {ProviderError} when onnxruntime-node is not installed
 */
export async function createRunner(options: RunnerOptions = {}): Promise<ConstraintRunner> {
  return new ConstraintRunner(await loadNodeOrt(), { ...defaults, ...options });
}

/**
 * The projected weight, computed by onnxruntime-node; the given one is left as it is.
 *
 * @example
 * const { data } = await project(maxNorm(2), { data: new Float32Array(12), dims: [4, 3] });
 */
export const project: Projecting['project'] = projecting.project;

/**
 * Projects named weights in place: `{ 'fc1.weight': { data, dims, constraint: maxNorm(2) } }`.
 *
 * Nothing is written unless all could be projected.
 */
export const projectInPlace: Projecting['projectInPlace'] = projecting.projectInPlace;

export { readKerasFile } from './files/kerasFile.js';
export { readModel, writeModel } from './files/modelFile.js';
export {
  type AppliedEntry,
  applyPlan,
  type CheckedEntry,
  checkPlan,
  type Progress,
} from './runtime/applyPlan.js';
export { loadNodeOrt } from './runtime/nodeOrt.js';
export type { OrtModule } from './runtime/ort.js';
export { planModel } from './runtime/planModel.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export type { Weight } from './runtime/weight.js';
export { ConstraintRunner, type RunnerOptions };
