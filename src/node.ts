// The entry point for Node: files, and weights projected by onnxruntime-node.
import { loadNodeOrt } from './runtime/nodeOrt.js';
import { type Projecting, projectingWith } from './runtime/project.js';

const projecting: Projecting = projectingWith(loadNodeOrt, { executionProviders: ['cpu'] });

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
export { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
export { loadNodeOrt } from './runtime/nodeOrt.js';
export type { OrtModule } from './runtime/ort.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export type { Weight } from './runtime/weight.js';
