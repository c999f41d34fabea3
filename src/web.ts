// The entry point for browsers: weights projected by onnxruntime-web.

import { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
import { type Projecting, projectingWith } from './runtime/project.js';
import { loadWebOrt } from './runtime/webOrt.js';

const defaults: RunnerOptions = { executionProviders: ['wasm'] };
const projecting: Projecting = projectingWith(loadWebOrt, defaults);

/**
 * A runner on onnxruntime-web, for `planModel`, `applyPlan` and `checkPlan`; dispose of it when done.
 *
 * @throws {ProviderError} when onnxruntime-web is not installed
 */
export async function createRunner(options: RunnerOptions = {}): Promise<ConstraintRunner> {
  return new ConstraintRunner(await loadWebOrt(), { ...defaults, ...options });
}

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
export type { OrtModule } from './runtime/ort.js';
export { planModel } from './runtime/planModel.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export { loadWebOrt } from './runtime/webOrt.js';
export type { Weight } from './runtime/weight.js';
export { ConstraintRunner, type RunnerOptions };
