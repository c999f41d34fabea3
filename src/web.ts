// The entry point for browsers: weights projected by onnxruntime-web.

import { type Projecting, projectingWith } from './runtime/project.js';
import { loadWebOrt } from './runtime/webOrt.js';

const projecting: Projecting = projectingWith(loadWebOrt, { executionProviders: ['wasm'] });

/**
 * The projected weight, computed by onnxruntime-web; the given one is left as it is.
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

export {
  type AppliedEntry,
  applyPlan,
  type CheckedEntry,
  checkPlan,
  type Progress,
} from './runtime/applyPlan.js';
export { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
export type { OrtModule } from './runtime/ort.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export { loadWebOrt } from './runtime/webOrt.js';
export type { Weight } from './runtime/weight.js';
