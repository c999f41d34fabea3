// The entry point for browsers: weights projected by onnxruntime-web.
import { type RuntimeEntry, runtimeEntry } from './runtime/project.js';
import type { Projector as ProjectorClass } from './runtime/projector.js';
import { checkProviders, type ProviderStatus, type ProvidersOptions } from './runtime/providers.js';
import { loadWebOrt } from './runtime/webOrt.js';

const entry: RuntimeEntry = runtimeEntry({
  platform: 'web',
  load: loadWebOrt,
  provider: 'wasm',
});

/**
 * A runner on onnxruntime-web, to use again and again; dispose of it when done.
 *
 * @throws {ProviderError} when onnxruntime-web is not installed
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

/**
 * Projects the weights of a model in place, step after step: planned and compiled once by `Projector.create`.
 *
 * Formulas and answers are those of the constraints; which graph is run depends on provider, shape, axis and dtype, and
 * `report()` tells it.
 *
 * @throws {ProviderError} when no provider of the list runs a parameter, each with its reason
 * @example
 * const projector = await Projector.create({ 'fc1.weight': { shape: [784, 128], constraint: maxNorm(2) } });
 * await projector.project({ 'fc1.weight': weight }); // a Float32Array of 784 · 128, projected in place
 * await projector.dispose();
 */
export const Projector: { readonly create: RuntimeEntry['createProjector'] } = {
  create: entry.createProjector,
};
export type Projector = ProjectorClass;

/**
 * Whether each execution provider of onnxruntime-web works here: webgpu, wasm and webnn.
 *
 * Each is asked to run a graph of one node by itself, and those that refuse say why and how to mend it.
 *
 * @param options `ort`: your own module. Default: onnxruntime-web
 * @throws {ProviderError} when onnxruntime-web is not installed
 * @example
 * const working = (await providers()).filter(({ available }) => available).map(({ name }) => name);
 */
export async function providers(options: ProvidersOptions = {}): Promise<readonly ProviderStatus[]> {
  return checkProviders(options.ort ?? (await loadWebOrt()), 'web');
}

export { upgradeOpset } from './onnx/upgradeOpset.js';
export {
  type AppliedEntry,
  applyPlan,
  type CheckedEntry,
  checkPlan,
  type Progress,
} from './runtime/applyPlan.js';
export { ConstraintRunner, type RunnerOptions } from './runtime/constraintRunner.js';
export type { InPlaceWeight } from './runtime/inPlaceWeights.js';
export type { OrtModule, OrtSession, OrtTensor } from './runtime/ort.js';
export type { ParameterSpec } from './runtime/parameterSpec.js';
export { planModel } from './runtime/planModel.js';
export type { ConstrainedWeight, ProjectOptions } from './runtime/project.js';
export { ProjectionError } from './runtime/projectionError.js';
export type { ParameterRefusal, ParameterReport } from './runtime/projectionPlan.js';
export type { ProjectorOptions } from './runtime/projector.js';
export type { ProviderStatus, ProvidersOptions, Refusal, RefusalCode } from './runtime/providers.js';
export type { OrtTrainingSession } from './runtime/trainingSession.js';
export type { Weight } from './runtime/weight.js';
export { type FoundPair, type FoundPairs, findPairs, type PairHow } from './training/findPairs.js';
export {
  type FlatConstraints,
  type FlatOptions,
  type FlatParameter,
  type FlatPlan,
  planFlatParameters,
  projectFlatParameters,
} from './training/flatParameters.js';
export { type OrtCheckpoint, type OrtParameter, readOrtCheckpoint } from './training/ortCheckpoint.js';
export { OrtTrainingAdapter, type OrtTrainingOptions } from './training/ortTrainingAdapter.js';
export type { Part } from './training/parts.js';
export type { Schedule } from './training/schedule.js';
export { type SplicedParameter, type SpliceOptions, splice } from './training/splice.js';
export {
  type Others,
  parseStepDescription,
  type StepDescription,
  type StepDescriptionOptions,
  type StepParameter,
} from './training/stepDescription.js';
export { loadWebOrt };
