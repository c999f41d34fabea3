// The entry point for browsers: weights projected by onnxruntime-web.
import type { OnnxModel } from './onnx/model.js';
import { type RuntimeEntry, runtimeEntry } from './runtime/project.js';
import type { Projector as ProjectorClass } from './runtime/projector.js';
import { checkProviders, type ProviderStatus, type ProvidersOptions } from './runtime/providers.js';
import { loadWebOrt } from './runtime/webOrt.js';
import { createStepLoop, resumeStepLoop, type StepLoopPlatform } from './training/openStepLoop.js';
import type { StepDescription } from './training/stepDescription.js';
import type { StepLoop as StepLoopClass } from './training/stepLoop.js';
import type { ResumeOptions, StepLoopOptions } from './training/stepLoopOptions.js';

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

/** How a step loop runs in a browser. */
const loops: StepLoopPlatform = {
  platform: 'web',
  load: loadWebOrt,
  provider: 'wasm',
  maySkipCopies: () => false,
  writeFile: undefined,
  showProgress: undefined,
};

/**
 * Runs a train step, one plain ONNX graph with forward, backward and optimizer, over batches. Parameters and optimizer
 * state stay where the step runs; the loss and what is asked for come back.
 *
 * Constraints of the description are put into the step (see `splice`), or applied between steps with `projector: true`.
 * The step is an `OnnxModel` or its bytes, and is left as it is. `resume` goes on from the bytes of a checkpoint.
 *
 * @throws {ConfigError | ShapeError | ResolveError} where description and step do not fit
 * @throws {UsageError | ShapeError} where an initial value is missing, unknown, or does not fit
 * @throws {ProviderError} when no provider of the list runs the step
 * @example
 * const loop = await StepLoop.create(bytes, parseStepDescription(text), {
 *   initial: { weight, bias },
 *   inputs: { lr: 0.1 },
 *   providers: ['webgpu', 'wasm'],
 * });
 * await loop.run(batches, { onStep: ({ step, loss }) => show(step, loss) });
 * writeWeights(model, await loop.weights());
 * await loop.dispose();
 */
export const StepLoop: {
  create(
    step: OnnxModel | Uint8Array,
    description: StepDescription,
    options: StepLoopOptions,
  ): Promise<StepLoopClass>;
  resume(
    checkpoint: Uint8Array,
    step: OnnxModel | Uint8Array,
    description: StepDescription,
    options?: ResumeOptions,
  ): Promise<StepLoopClass>;
} = {
  create: (step, description, options) => createStepLoop(loops, step, description, options),
  resume: (checkpoint, step, description, options = {}) =>
    resumeStepLoop(loops, checkpoint, undefined, step, description, options),
};
export type StepLoop = StepLoopClass;

export { upgradeOpset } from './onnx/upgradeOpset.js';
export type { MatchOptions, ParameterEntry, ParameterHow, ParameterPlan } from './resolve/matchParameters.js';
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
export type { StatePair } from './training/carriedValues.js';
export { type DescribedStep, describeStep } from './training/describeStep.js';
export { type FoundPair, type FoundPairs, findPairs, type PairHow } from './training/findPairs.js';
export {
  type FlatConstraints,
  type FlatOptions,
  type FlatParameter,
  type FlatPlan,
  planFlatParameters,
  projectFlatParameters,
} from './training/flatParameters.js';
export { NonFiniteError } from './training/nonFinite.js';
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
export type { StepBatch, StepConstants, StepInput } from './training/stepInputs.js';
export type { CheckpointOptions, RunOptions, StepResult } from './training/stepLoop.js';
export type {
  InitialValue,
  ResumeOptions,
  StepLoopOptions,
  StepLoopReport,
} from './training/stepLoopOptions.js';
export type { StoredLayout } from './training/storedLayout.js';
export { writeWeights } from './training/writeWeights.js';
export { loadWebOrt };
