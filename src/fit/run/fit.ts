// Trains a model epoch after epoch, as Keras's `fit`: puts together what a training needs.
// Must not import files or cli.
import { UsageError } from '../../graph/errors.js';
import { checkOptions } from '../../graph/knownKeys.js';
import { providerName } from '../../runtime/providerTable.js';
import { createStepLoop, type StepLoopPlatform } from '../../training/openStepLoop.js';
import type { StepLoop } from '../../training/stepLoop.js';
import { Dataset, type TrainingData } from '../data/dataset.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { buildTrainStep } from '../step/buildTrainStep.js';
import type { TrainStep } from '../step/trainStep.js';
import { compileOf, Evaluator, groundOf } from './evaluate.js';
import { type FitOptions, fitOptionNames, type History } from './fitOptions.js';
import { Training } from './training.js';

/** Trains the model, whose weights and optimizer state are those of the last step afterwards, also where it was stopped. */
export async function fitModel(
  on: StepLoopPlatform,
  model: TrainableModel,
  data: TrainingData,
  options: FitOptions = {},
): Promise<History> {
  checkOptions(options, fitOptionNames);
  checkCounts(options);
  const { batchSize = 32, validationData, classWeight } = options;
  const stepFor = stepBuilder(on, model, options);
  // The weights of samples are an input of the step.
  const weighed = data.sampleWeight !== undefined || classWeight !== undefined;
  const open = stepFor(weighed);
  const all = Dataset.read(model, open.labels, data);
  const [part, kept] = split(all, options.validationSplit ?? 0);
  const samples = classWeight === undefined ? part : part.weighted(classWeight, open.labels);
  // A step that knows the size of its batches is the faster one.
  const step = samples.size % batchSize === 0 ? stepFor(weighed, batchSize) : open;
  const validation = validationData === undefined ? kept : Dataset.read(model, open.labels, validationData);
  const evaluator =
    validation &&
    new Evaluator(model, validation, step.metrics, {
      ...compileOf(options),
      sampleWeights: validation.isWeighted,
    });
  const rate = { value: step.learningRate };
  const loop = await openLoop(on, step, rate, options);
  const ground = { ...options, provider: loop.report().provider };
  const validate = evaluator && (async () => evaluator.run(await groundOf(on, ground), batchSize, 'val_'));
  const training = new Training({ model, options, step, loop, samples, validate, rate, on });
  try {
    return await training.run();
  } finally {
    await loop.dispose();
    await evaluator?.release();
  }
}

/** Builds the step with weights of samples or without, for batches of an open or a given size. */
function stepBuilder(
  on: StepLoopPlatform,
  model: TrainableModel,
  options: FitOptions,
): (sampleWeights: boolean, batchSize?: number) => TrainStep {
  const { providers = [on.provider], seed = 0, constraints = true, excludeFromWeightDecay } = options;
  return (sampleWeights, batchSize) =>
    buildTrainStep(model, {
      ...compileOf(options),
      ...(batchSize !== undefined && { batchSize }),
      ...(excludeFromWeightDecay !== undefined && { excludeFromWeightDecay }),
      sampleWeights,
      seed,
      constraints,
      provider: providerName(providers[0]),
    });
}

function openLoop(
  on: StepLoopPlatform,
  step: TrainStep,
  rate: { readonly value: number | undefined },
  { providers = [on.provider], ort, sessionOptions }: FitOptions,
): Promise<StepLoop> {
  const isScheduled = step.learningRate === undefined;
  // The constraints are in the graph, so that the loop has none to put in.
  const parameters = Object.entries(step.parameters).map(
    ([name, pair]) => [name, { ...pair, constraint: null }] as const,
  );
  return createStepLoop(
    on,
    step.model,
    { parameters: Object.fromEntries(parameters) },
    {
      initial: step.initial,
      state: step.state,
      inputs: isScheduled ? {} : { learning_rate: () => rate.value as number },
      fetch: [...step.metrics.map(({ name }) => name), ...(isScheduled ? ['learning_rate'] : [])],
      providers,
      ...(ort !== undefined && { ort }),
      ...(sessionOptions !== undefined && { sessionOptions }),
    },
  );
}

/** As Keras splits: the last samples are kept, before any shuffling. */
function split(all: Dataset, share: number): readonly [Dataset, Dataset | undefined] {
  if (share === 0) return [all, undefined];
  const at = Math.floor(all.size * (1 - share));
  if (share > 0 && share < 1 && at > 0 && at < all.size) return [all.part(0, at), all.part(at, all.size)];
  throw new UsageError(`validationSplit must leave samples on both sides, found ${share} of ${all.size}`);
}

function checkCounts({ batchSize = 32, epochs = 1, initialEpoch = 0 }: FitOptions): void {
  for (const [name, count] of Object.entries({ batchSize, epochs })) {
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new UsageError(`${name} must be a whole number from 1, found ${count}`);
  }
  if (Number.isSafeInteger(initialEpoch) && initialEpoch >= 0 && initialEpoch < epochs) return;
  throw new UsageError(
    `initialEpoch must be a whole number from 0 and below epochs, which is ${epochs}; found ${initialEpoch}`,
  );
}
