// Trains a model epoch after epoch, as Keras's `fit`: puts together what a training needs.
// Must not import files or cli.
import { checkOptions } from '../../graph/knownKeys.js';
import { providerName } from '../../runtime/providerTable.js';
import { createStepLoop } from '../../training/openStepLoop.js';
import type { StepLoop } from '../../training/stepLoop.js';
import type { Batches } from '../data/batchStream.js';
import type { TrainingData } from '../data/dataset.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { buildTrainStep } from '../step/buildTrainStep.js';
import { optimizerOf } from '../step/compileOptions.js';
import { traceLoss } from '../step/tracedLoss.js';
import type { TrainStep } from '../step/trainStep.js';
import { compileOf, Evaluator, groundOf } from './evaluate.js';
import { type FitOptions, fitOptionNames, type History } from './fitOptions.js';
import { openSamples } from './openSamples.js';
import { Training } from './training.js';
import type { TrainingPlatform } from './trainingPlatform.js';

/**
 * Trains the model, whose weights and optimizer state are those of the last step afterwards, also where it was stopped.
 *
 * @param data samples in memory, or batches one after another
 */
export async function fitModel(
  on: TrainingPlatform,
  model: TrainableModel,
  data: TrainingData | Batches<TrainingData>,
  options: FitOptions = {},
): Promise<History> {
  checkOptions(options, fitOptionNames);
  // What is wrong with the options is told before any batch is asked for.
  optimizerOf(model, options);
  const { labels, metrics } = traceLoss(model, { ...compileOf(options), training: false });
  const { training: samples, validation, batchSize } = await openSamples(model, labels, data, options);
  let loop: StepLoop | undefined;
  const evaluator =
    validation &&
    new Evaluator(model, validation, metrics, {
      ...compileOf(options),
      sampleWeights: validation.isWeighted,
    });
  try {
    const step = buildStep(on, model, options, samples.isWeighted, batchSize);
    const rate = { value: step.learningRate };
    loop = await openLoop(on, step, rate, options);
    const ground = { ...options, provider: loop.report().provider };
    const validate =
      evaluator && (async () => evaluator.run(await groundOf(on, ground), 'val_', options.signal));
    const history = await new Training({ model, options, step, loop, samples, validate, rate, on }).run();
    await samples.close();
    await validation?.close();
    return history;
  } finally {
    // Where something went wrong, that is what is told, and not what else does on the way out.
    await samples.close().catch(() => {});
    await validation?.close().catch(() => {});
    await loop?.dispose();
    await evaluator?.release();
  }
}

function buildStep(
  on: TrainingPlatform,
  model: TrainableModel,
  options: FitOptions,
  sampleWeights: boolean,
  batchSize: number | undefined,
): TrainStep {
  const { providers = [on.provider], seed = 0, constraints = true, excludeFromWeightDecay } = options;
  return buildTrainStep(model, {
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
  on: TrainingPlatform,
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
