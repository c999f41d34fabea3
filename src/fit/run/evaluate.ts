// Loss and metrics of a model on samples, and its predictions.
// Must not import files or cli.
import { checkOptions } from '../../graph/knownKeys.js';
import { toFloat64 } from '../../graph/numbers.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import type { OrtModule } from '../../runtime/ort.js';
import { type ProviderEntry, providerName } from '../../runtime/providerTable.js';
import type { StepLoopPlatform } from '../../training/openStepLoop.js';
import { type DataArray, Dataset, type TrainingData } from '../data/dataset.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { CompileOptions } from '../step/compileOptions.js';
import { traceLoss } from '../step/tracedLoss.js';
import type { MetricSpec } from '../step/trainStep.js';
import { Means } from './means.js';
import { evaluationModel, ModelSession, predictionModel, type SessionGround } from './modelSession.js';

export interface RunModelOptions {
  /** How many samples are run at once. Default 32. */
  readonly batchSize?: number;
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
  /** The execution provider. Default `cpu`, in browsers `wasm`. */
  readonly provider?: ProviderEntry;
  /** More options of `InferenceSession.create`. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

export type EvaluateOptions = RunModelOptions & Pick<CompileOptions, 'loss' | 'metrics' | 'weightedMetrics'>;

/** Loss and metrics over all samples, by name. */
export async function evaluateModel(
  on: StepLoopPlatform,
  model: TrainableModel,
  data: TrainingData,
  options: EvaluateOptions = {},
): Promise<Record<string, number>> {
  checkOptions(options, [
    'batchSize',
    'ort',
    'provider',
    'sessionOptions',
    'loss',
    'metrics',
    'weightedMetrics',
  ]);
  const compiled = compileOf(options);
  const { labels, metrics } = traceLoss(model, { ...compiled, training: false });
  const dataset = Dataset.read(model, labels, data);
  const evaluator = new Evaluator(model, dataset, metrics, {
    ...compiled,
    sampleWeights: data.sampleWeight !== undefined,
  });
  try {
    return await evaluator.run(await groundOf(on, options), options.batchSize ?? 32);
  } finally {
    await evaluator.release();
  }
}

/** Evaluates a model again and again while its weights change. */
export class Evaluator {
  #session: ModelSession | undefined;

  constructor(
    readonly model: TrainableModel,
    readonly dataset: Dataset,
    readonly metrics: readonly MetricSpec[],
    readonly options: CompileOptions & { readonly sampleWeights: boolean },
  ) {}

  /** @param prefix put in front of each name */
  async run(ground: SessionGround, batchSize: number, prefix = ''): Promise<Record<string, number>> {
    this.#session ??= await ModelSession.open(
      evaluationModel(this.model, this.options, providerName(ground.provider)),
      ground,
    );
    this.#session.load(this.model.weights);
    const means = new Means(this.metrics);
    for (const { batch, ...size } of this.dataset.batches(batchSize)) {
      means.add(numbersOf(await this.#session.run(batch)), size);
    }
    return means.result(prefix);
  }

  async release(): Promise<void> {
    await this.#session?.release();
  }
}

/** What the model gives for each sample, as one tensor. */
export async function predictModel(
  on: StepLoopPlatform,
  model: TrainableModel,
  x: DataArray | Readonly<Record<string, DataArray>>,
  options: RunModelOptions = {},
): Promise<TensorValue> {
  checkOptions(options, ['batchSize', 'ort', 'provider', 'sessionOptions']);
  const dataset = Dataset.read(model, undefined, { x });
  const ground = await groundOf(on, options);
  const session = await ModelSession.open(predictionModel(model, providerName(ground.provider)), ground);
  try {
    session.load(model.weights);
    const parts: TensorValue[] = [];
    for (const { batch } of dataset.batches(options.batchSize ?? 32)) {
      parts.push((await session.run(batch)).predictions as TensorValue);
    }
    return joined(parts, dataset.size);
  } finally {
    await session.release();
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
export function compileOf({ optimizer, loss, metrics, weightedMetrics }: CompileOptions): CompileOptions {
  return { optimizer, loss, metrics, weightedMetrics };
}

function joined(parts: readonly TensorValue[], size: number): TensorValue {
  const each = (parts[0] as TensorValue).dims.slice(1);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { dtype: 'float32', dims: [size, ...each], data };
}
