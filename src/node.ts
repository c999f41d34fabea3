// The entry point for Node: files, and weights projected by onnxruntime-node.

import { writeFileAtomic } from './files/atomicWrite.js';
import { readModel } from './files/modelFile.js';
import { readFile } from './files/readFile.js';
import { removeStaleTemporaries } from './files/temporaryFiles.js';
import type { OnnxModel } from './onnx/model.js';
import { loadNodeOrt, maySkipCopies } from './runtime/nodeOrt.js';
import { WorkerExecutor } from './runtime/nodeWorkerExecutor.js';
import { type RuntimeEntry, runtimeEntry } from './runtime/project.js';
import type { Projector as ProjectorClass } from './runtime/projector.js';
import { checkProviders, type ProviderStatus, type ProvidersOptions } from './runtime/providers.js';
import { showProgress } from './training/nodeProgress.js';
import { createStepLoop, resumeStepLoop, type StepLoopPlatform } from './training/openStepLoop.js';
import type { StepDescription } from './training/stepDescription.js';
import type { StepLoop as StepLoopClass } from './training/stepLoop.js';
import type { ResumeOptions, StepLoopOptions } from './training/stepLoopOptions.js';

// Beside this file once built: the script of a Projector's worker thread.
const workerScript = new URL('./projectorWorker.js', import.meta.url);

const entry: RuntimeEntry = runtimeEntry({
  platform: 'node',
  load: loadNodeOrt,
  provider: 'cpu',
  noCopy: maySkipCopies,
  executeInWorker: (setup) => WorkerExecutor.create(workerScript, setup),
});

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
 * Whether each execution provider of onnxruntime-node works here: cpu, webgpu, cuda, tensorrt, dml and coreml.
 *
 * Each is asked to run a graph of one node by itself, and those that refuse say why and how to mend it. ONNX Runtime
 * writes to standard error about libraries that it could not load, unless `ort.env.logLevel` is `'fatal'` before its
 * first session is made.
 *
 * @param options `ort`: your own module. Default: onnxruntime-node
 * @throws {ProviderError} when onnxruntime-node is not installed
 * @example
 * const working = (await providers()).filter(({ available }) => available).map(({ name }) => name);
 */
export async function providers(options: ProvidersOptions = {}): Promise<readonly ProviderStatus[]> {
  return checkProviders(options.ort ?? (await loadNodeOrt()), 'node');
}

async function openStep(step: string | OnnxModel | Uint8Array): Promise<OnnxModel | Uint8Array> {
  return typeof step === 'string' ? readModel(step) : step;
}

/** How a step loop runs in Node. */
const loops: StepLoopPlatform = {
  platform: 'node',
  load: loadNodeOrt,
  provider: 'cpu',
  maySkipCopies,
  writeFile: writeFileAtomic,
  showProgress,
};

/**
 * Runs a train step, one plain ONNX graph with forward, backward and optimizer, over batches. Parameters and optimizer
 * state stay where the step runs; the loss and what is asked for come back.
 *
 * Constraints of the description are put into the step (see `splice`), or applied between steps with `projector: true`.
 * The step is a file's name, an `OnnxModel` or its bytes, and is left as it is; data files beside it are read where it
 * came from a file. `resume` goes on from a checkpoint, as a file's name or bytes.
 *
 * @throws {ConfigError | ShapeError | ResolveError} where description and step do not fit
 * @throws {UsageError | ShapeError} where an initial value is missing, unknown, or does not fit
 * @throws {ProviderError} when no provider of the list runs the step
 * @example
 * const loop = await StepLoop.create('step.onnx', await readStepDescription('step.json'), {
 *   initial: { weight, bias },
 *   inputs: { lr: 0.1 },
 * });
 * await loop.run(batches, { checkpoint: { file: 'run.safetensors', every: 100 }, progress: true });
 * writeWeights(model, await loop.weights());
 * await loop.dispose();
 */
export const StepLoop: {
  create(
    step: string | OnnxModel | Uint8Array,
    description: StepDescription,
    options: StepLoopOptions,
  ): Promise<StepLoopClass>;
  resume(
    checkpoint: string | Uint8Array,
    step: string | OnnxModel | Uint8Array,
    description: StepDescription,
    options?: ResumeOptions,
  ): Promise<StepLoopClass>;
} = {
  create: async (step, description, options) =>
    createStepLoop(loops, await openStep(step), description, options),
  resume: async (checkpoint, step, description, options = {}) => {
    const isFile = typeof checkpoint === 'string';
    if (isFile) removeStaleTemporaries(checkpoint);
    const bytes = isFile ? await readFile(checkpoint) : checkpoint;
    const model = await openStep(step);
    return resumeStepLoop(loops, bytes, isFile ? checkpoint : undefined, model, description, options);
  },
};
export type StepLoop = StepLoopClass;

export { type Config, readConfigFile, readRulesFile } from './files/configFile.js';
export { readKerasFile } from './files/kerasFile.js';
export { type ReadModelOptions, readModel, writeModel } from './files/modelFile.js';
export { ScratchFile } from './files/scratchFile.js';
export { readStepDescription } from './files/stepFile.js';
export { type OpenedWeightFile, readWeightFile } from './files/weightFile.js';
export type { StoredWeight, WeightFile } from './graph/weightFile.js';
export { upgradeOpset } from './onnx/upgradeOpset.js';
export type { MatchOptions, ParameterEntry, ParameterHow, ParameterPlan } from './resolve/matchParameters.js';
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
export { loadNodeOrt };
