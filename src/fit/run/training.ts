// A training under way: epochs, batches, callbacks, and what the model gets of it.
// Must not import files or cli.
import { UsageError } from '../../graph/errors.js';
import { toFloat64 } from '../../graph/numbers.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import { NonFiniteError } from '../../training/nonFinite.js';
import type { StepBatch } from '../../training/stepInputs.js';
import type { StepLoop, StepResult } from '../../training/stepLoop.js';
import type { Callback, FitContext } from '../callbacks/callback.js';
import type { BatchSize } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { storedState } from '../step/optimizerState.js';
import type { TrainStep } from '../step/trainStep.js';
import { numbersOf } from './evaluate.js';
import type { FitOptions, History } from './fitOptions.js';
import { Means } from './means.js';
import type { TrainingPlatform } from './trainingPlatform.js';

/** What a training stands on. */
export interface TrainingGround {
  readonly model: TrainableModel;
  readonly options: FitOptions;
  readonly step: TrainStep;
  readonly loop: StepLoop;
  readonly samples: Samples;
  readonly validate: (() => Promise<Record<string, number>>) | undefined;
  /** What the step is fed with as its learning rate; `undefined` where a schedule gives it. */
  readonly rate: { value: number | undefined };
  readonly on: Pick<TrainingPlatform, 'writeFile' | 'readFile'>;
}

export class Training implements FitContext {
  readonly model: TrainableModel;
  readonly epochs: number;
  readonly writeFile: FitContext['writeFile'];
  readonly readFile: FitContext['readFile'];
  readonly #ground: TrainingGround;
  readonly #callbacks: readonly Callback[];
  readonly #seen: number[] = [];
  readonly #history = new Map<string, number[]>();
  #stopped = false;
  /** The rate of the last step, where a schedule gives it. */
  #scheduledRate = Number.NaN;

  constructor(ground: TrainingGround) {
    const { options } = ground;
    this.#ground = ground;
    this.model = ground.model;
    this.epochs = options.epochs ?? 1;
    this.writeFile = ground.on.writeFile;
    this.readFile = ground.on.readFile;
    this.#callbacks = options.callbacks ?? [];
  }

  get learningRate(): number {
    return this.#ground.rate.value ?? this.#scheduledRate;
  }

  set learningRate(value: number) {
    const { rate } = this.#ground;
    if (rate.value === undefined) {
      throw new UsageError('the learning rate follows a schedule and cannot be set');
    }
    rate.value = value;
  }

  stop(): void {
    this.#stopped = true;
  }

  rises(name: string): boolean | undefined {
    const bare = name.replace(/^val_/, '');
    if (bare === 'loss') return false;
    return this.#ground.step.metrics.find((metric) => metric.name === bare)?.rises;
  }

  async run(): Promise<History> {
    const { initialEpoch = 0 } = this.#ground.options;
    await this.#tell((callback) => callback.onTrainBegin?.(this));
    for (let epoch = initialEpoch; epoch < this.epochs && !this.#stopped; epoch++) {
      await this.#tell((callback) => callback.onEpochBegin?.(epoch, this));
      const logs = await this.#epoch();
      await this.#tell((callback) => callback.onEpochEnd?.(epoch, logs, this));
      this.#note(epoch, logs);
    }
    await this.#takeAverages();
    await this.#tell((callback) => callback.onTrainEnd?.(this));
    return { epoch: this.#seen, history: Object.fromEntries(this.#history) };
  }

  async update(): Promise<void> {
    const { loop, step, options, rate } = this.#ground;
    const [weights, state] = [await loop.weights(), await loop.state()];
    for (const { path } of this.model.variables) {
      const value = weights[path] ?? state[path];
      if (value !== undefined) this.model.weights.set(path, value);
    }
    this.model.optimizerState = storedState(step.slots, state, rate.value);
    const { optimizer, loss, lossWeights, metrics, weightedMetrics } = options;
    this.model.compile({
      optimizer,
      loss,
      // Weights go with the losses that they are given with.
      loss_weights: loss === undefined ? lossWeights : (lossWeights ?? null),
      metrics,
      weighted_metrics: weightedMetrics,
    });
  }

  async #epoch(): Promise<Record<string, number>> {
    const { step, validate } = this.#ground;
    const means = new Means(step.metrics);
    try {
      await this.#batches(means);
    } catch (error) {
      if (!(error instanceof NonFiniteError) || !this.#callbacks.some((own) => own.onNonFinite)) throw error;
      means.add({ loss: Number.NaN }, { size: 1, weights: {} });
      await this.#tell((callback) => callback.onNonFinite?.(error, this));
    } finally {
      await this.update();
    }
    return { ...means.result(), ...(await validate?.()) };
  }

  async #batches(means: Means): Promise<void> {
    const { loop, samples, options } = this.#ground;
    const { signal, progress = false } = options;
    const sizes: BatchSize[] = [];
    await loop.run(this.#feed(sizes), {
      progress,
      ...(samples.steps !== undefined && { steps: samples.steps }),
      ...(signal !== undefined && { signal }),
      onStep: async (result) => {
        const logs = this.#logsOf(result);
        const batch = sizes.length - 1;
        means.add(logs, sizes[batch] as BatchSize);
        await this.#tell((callback) => callback.onBatchEnd?.(batch, logs, this));
      },
    });
  }

  /** @param sizes gets that of each batch as it is given */
  async *#feed(sizes: BatchSize[]): AsyncGenerator<StepBatch> {
    for await (const { batch, ...size } of this.#ground.samples.epoch()) {
      if (this.#stopped) return;
      await this.#tell((callback) => callback.onBatchBegin?.(sizes.length, this));
      sizes.push(size);
      yield batch;
    }
  }

  #logsOf({ loss, outputs }: StepResult): Record<string, number> {
    const { learning_rate: rate, ...metrics } = outputs;
    if (rate !== undefined) this.#scheduledRate = toFloat64(rate)[0] as number;
    return { loss, ...numbersOf(metrics) };
  }

  /** As Keras, gives each variable its average in the end. */
  async #takeAverages(): Promise<void> {
    const averages = Object.entries(this.#ground.step.averages);
    if (averages.length === 0) return;
    const state = await this.#ground.loop.state();
    for (const [path, slot] of averages) this.model.weights.set(path, state[slot] as TensorValue);
  }

  async #tell(call: (callback: Callback) => void | Promise<void>): Promise<void> {
    for (const callback of this.#callbacks) await call(callback);
  }

  #note(epoch: number, logs: Readonly<Record<string, number>>): void {
    this.#seen.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.#history.set(name, [...(this.#history.get(name) ?? []), value]);
    }
  }
}
