// Loss and metrics of a model on samples, and its predictions.
// Must not import files or cli.
import { checkOptions } from '../../graph/knownKeys.js';
import { toFloat64 } from '../../graph/numbers.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import { providerName } from '../../runtime/providerTable.js';
import { takeBatches } from '../../training/batches.js';
import type { StepLoopPlatform } from '../../training/openStepLoop.js';
import { type Batches, isBatches } from '../data/batchStream.js';
import type { TrainingData } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { CompileOptions } from '../step/compileOptions.js';
import { traceLoss } from '../step/tracedLoss.js';
import type { MetricSpec } from '../step/trainStep.js';
import { Means } from './means.js';
import {
  evaluationModel,
  ModelSession,
  predictionModel,
  predictionNames,
  type SessionGround,
} from './modelSession.js';
import { openAll } from './openSamples.js';
import {
  type EvaluateOptions,
  type PredictionBatch,
  type PredictionData,
  type Predictions,
  type RunModelOptions,
  runOptionNames,
} from './runOptions.js';

/** Loss and metrics over all samples, by name. */
export async function evaluateModel(
  on: StepLoopPlatform,
  model: TrainableModel,
  data: TrainingData | Batches<TrainingData>,
  options: EvaluateOptions = {},
): Promise<Record<string, number>> {
  checkOptions(options, [...runOptionNames, 'loss', 'lossWeights', 'metrics', 'weightedMetrics']);
  const compiled = compileOf(options);
  const { labels, metrics } = traceLoss(model, { ...compiled, training: false });
  const samples = await openAll(model, labels, data, options);
  const evaluator = new Evaluator(model, samples, metrics, {
    ...compiled,
    sampleWeights: samples.isWeighted,
  });
  try {
    const found = await evaluator.run(await groundOf(on, options));
    await samples.close();
    return found;
  } finally {
    await samples.close().catch(() => {});
    await evaluator.release();
  }
}

/** Evaluates a model again and again while its weights change. */
export class Evaluator {
  #session: ModelSession | undefined;

  constructor(
    readonly model: TrainableModel,
    readonly samples: Samples,
    readonly metrics: readonly MetricSpec[],
    readonly options: CompileOptions & { readonly sampleWeights: boolean },
  ) {}

  /**
   * @param prefix put in front of each name
   * @throws the reason of the signal, between two batches
   */
  async run(ground: SessionGround, prefix = '', signal?: AbortSignal): Promise<Record<string, number>> {
    this.#session ??= await ModelSession.open(
      evaluationModel(this.model, this.options, providerName(ground.provider)),
      ground,
    );
    this.#session.load(this.model.weights);
    const means = new Means(this.metrics);
    for await (const { batch, ...size } of takeBatches(
      this.samples.epoch(),
      Number.POSITIVE_INFINITY,
      signal,
    )) {
      means.add(numbersOf(await this.#session.run(batch)), size);
    }
    return means.result(prefix);
  }

  async release(): Promise<void> {
    await this.#session?.release();
  }
}

/** What the model gives for each sample, as one tensor; of several outputs that of each by its name. */
export async function predictModel(
  on: StepLoopPlatform,
  model: TrainableModel,
  x: PredictionData | Batches<PredictionBatch>,
  options: RunModelOptions = {},
): Promise<Predictions> {
  checkOptions(options, runOptionNames);
  const given = isBatches(x) ? (x as Batches<PredictionBatch>) : { x: x as PredictionData };
  const samples = await openAll(model, undefined, given, options);
  let session: ModelSession | undefined;
  try {
    const ground = await groundOf(on, options);
    session = await ModelSession.open(predictionModel(model, providerName(ground.provider)), ground);
    session.load(model.weights);
    const parts: Readonly<Record<string, TensorValue>>[] = [];
    for await (const { batch } of samples.epoch()) parts.push(await session.run(batch));
    await samples.close();
    const [only, ...others] = predictionNames(model).map((name) =>
      joined(parts.map((part) => part[name] as TensorValue)),
    );
    if (only !== undefined && others.length === 0) return only;
    return Object.fromEntries(
      model.outputNames.map((name, i) => [name, [only, ...others][i] as TensorValue]),
    );
  } finally {
    await samples.close().catch(() => {});
    await session?.release();
  }
}

/** Numbers of one element by name. */
export function numbersOf(values: Readonly<Record<string, TensorValue>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, toFloat64(value)[0] as number]),
  );
}

export async function groundOf(
  on: Pick<StepLoopPlatform, 'load' | 'provider'>,
  { ort, provider, sessionOptions }: RunModelOptions,
): Promise<SessionGround> {
  return { ort: ort ?? (await on.load()), provider: provider ?? on.provider, sessionOptions };
}

/** Those options that say with what a model is compiled. */
export function compileOf(options: CompileOptions): CompileOptions {
  const { optimizer, loss, lossWeights, metrics, weightedMetrics } = options;
  return { optimizer, loss, lossWeights, metrics, weightedMetrics };
}

function joined(parts: readonly TensorValue[]): TensorValue {
  const size = parts.reduce((sum, { dims }) => sum + (dims[0] as number), 0);
  const each = (parts[0] as TensorValue).dims.slice(1);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { dtype: 'float32', dims: [size, ...each], data };
}
