// The step loop: runs a train step on batch after batch, with parameters and optimizer state held where it runs.
// Must not import files or cli.
import { ProviderError, UsageError } from '../graph/errors.js';
import { checkOptions } from '../graph/knownKeys.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { inTurn, type Queue } from '../runtime/bufferQueue.js';
import type { Carrier } from '../runtime/carried.js';
import type { StepRoute } from '../runtime/stepSession.js';
import { takeBatches } from './batches.js';
import type { BetweenSteps } from './betweenSteps.js';
import type { CarriedValue } from './carriedValues.js';
import { encodeCheckpoint } from './checkpoint.js';
import { checkFinite, explainLoss } from './nonFinite.js';
import { Pace } from './pace.js';
import type { StepBatch, StepInputs } from './stepInputs.js';
import type { StepLoopReport } from './stepLoopOptions.js';

/** What a step gave. */
export interface StepResult {
  /** The number of the step, 1 for the first; after a resumed one it goes on. */
  readonly step: number;
  readonly loss: number;
  /** The outputs that were asked for as `fetch`. */
  readonly outputs: Readonly<Record<string, TensorValue>>;
  /** Of late, all included. */
  readonly stepsPerSecond: number;
}

export interface RunOptions {
  /** Stop after so many steps. Default: when there are no more batches. */
  readonly steps?: number;
  /** Stops the run between two steps, by throwing the signal's reason; the loop can go on afterwards. */
  readonly signal?: AbortSignal;
  /** Called after each step, and waited for. */
  readonly onStep?: (result: StepResult) => void | Promise<void>;
  /** Keep a checkpoint after every so many steps and after the last: in a file (Node), or wherever `write` puts it. */
  readonly checkpoint?: CheckpointOptions;
  /** Show a line with the loss and the steps per second on standard error, where that is a terminal. Node only. Default false. */
  readonly progress?: boolean;
}

export interface CheckpointOptions {
  /** Default: after the last step alone. */
  readonly every?: number;
  /** Written whole or not at all. Node only. */
  readonly file?: string;
  readonly write?: (bytes: Uint8Array) => void | Promise<void>;
}

/** A line that tells how far a run is. */
export interface ProgressLine {
  update(result: StepResult): void;
  stop(): void;
}

/** What a loop stands on. */
export interface StepLoopGround {
  readonly carrier: Carrier;
  readonly route: StepRoute;
  readonly values: readonly CarriedValue[];
  readonly inputs: StepInputs;
  readonly loss: string;
  readonly between: BetweenSteps | undefined;
  readonly report: StepLoopReport;
  readonly writeFile: ((file: string, bytes: Uint8Array) => Promise<void>) | undefined;
  readonly showProgress: ((steps: number | undefined) => ProgressLine) | undefined;
}

/** Runs a train step again and again; made by `StepLoop.create` and `StepLoop.resume`. */
export class StepLoop {
  readonly #ground: StepLoopGround;
  readonly #runs: Queue = { tail: undefined };
  /** Steps and readers take turns of their own, so that callbacks between steps may read. */
  readonly #turns: Queue = { tail: undefined };
  #step: number;
  #disposal: Promise<void> | undefined;

  /** @internal */
  constructor(ground: StepLoopGround, step: number) {
    this.#ground = ground;
    this.#step = step;
  }

  /** How many steps were done, those before a resumed checkpoint included. */
  get step(): number {
    return this.#step;
  }

  /** Which provider runs the step, how its values are held, and what became of each constraint. */
  report(): StepLoopReport {
    return this.#ground.report;
  }

  /**
   * Runs a step for each batch. Runs of one loop follow one another.
   *
   * @returns the result of the last step; undefined without any
   * @throws {NonFiniteError} when the loss is NaN or infinite, with the parameter and the step that made it so; and when
   *   a checkpoint, or the end of the run, finds a parameter that is
   * @throws {UsageError | ShapeError} when a batch does not fit the step
   * @throws the reason of the signal
   */
  run(
    batches: AsyncIterable<StepBatch> | Iterable<StepBatch>,
    options: RunOptions = {},
  ): Promise<StepResult | undefined> {
    this.#checkAlive();
    const plan = this.#readOptions(options);
    return inTurn([this.#runs], () => this.#run(batches, options, plan));
  }

  /** The parameters as they are now, each under its name (several in one tensor under that of its input). */
  weights(): Promise<Record<string, TensorValue>> {
    return this.#read('parameter');
  }

  /** The optimizer state as it is now. */
  state(): Promise<Record<string, TensorValue>> {
    return this.#read('state');
  }

  /**
   * The bytes of a checkpoint: a safetensors file with parameters, state and the number of the step.
   *
   * @throws {NonFiniteError} when a value is NaN or infinite
   */
  checkpoint(): Promise<Uint8Array> {
    this.#checkAlive();
    return inTurn([this.#turns], () => this.#checkpoint());
  }

  /**
   * Ends a run under way after its step, which is refused as later calls are, and releases sessions and device memory.
   * From `onStep`, call it without waiting for it.
   */
  dispose(): Promise<void> {
    // Turn by turn: to hold those of steps while a run still takes some would stop both.
    this.#disposal ??= inTurn([this.#runs], () => inTurn([this.#turns], () => this.#release()));
    return this.#disposal;
  }

  async #release(): Promise<void> {
    await this.#ground.between?.projector.dispose();
    await this.#ground.carrier.release();
  }

  async #run(
    batches: AsyncIterable<StepBatch> | Iterable<StepBatch>,
    { steps, signal, onStep, checkpoint }: RunOptions,
    { write, line }: RunPlan,
  ): Promise<StepResult | undefined> {
    const pace = new Pace();
    const every = checkpoint?.every ?? Number.POSITIVE_INFINITY;
    let last: StepResult | undefined;
    let kept = this.#step;
    try {
      for await (const batch of takeBatches(batches, steps ?? Number.POSITIVE_INFINITY, signal)) {
        this.#checkAlive();
        const done = await inTurn([this.#turns], () => this.#once(batch));
        last = { ...done, stepsPerSecond: pace.step() };
        line?.update(last);
        await onStep?.(last);
        if (this.#step % every !== 0) continue;
        await write?.(await inTurn([this.#turns], () => this.#checkpoint()));
        kept = this.#step;
      }
      if (last !== undefined && kept !== this.#step) await this.#finish(write);
    } finally {
      line?.stop();
    }
    return last;
  }

  /** The loss tells only of what the step before made, so the last step's values are looked at themselves. */
  async #finish(write: RunPlan['write']): Promise<void> {
    if (write === undefined) await inTurn([this.#turns], () => this.#finiteValues());
    else await write(await inTurn([this.#turns], () => this.#checkpoint()));
  }

  async #once(batch: StepBatch): Promise<Omit<StepResult, 'stepsPerSecond'>> {
    const { carrier, inputs, between, values, loss: lossName } = this.#ground;
    const step = this.#step + 1;
    const fetched = await carrier.step(inputs.feeds(batch, step));
    // Counted before anything else can fail: the values are those after this step.
    this.#step = step;
    const { [lossName]: lossValue, ...outputs } = Object.fromEntries(fetched);
    const loss = toFloat64(lossValue as TensorValue)[0] as number;
    if (!Number.isFinite(loss)) throw await explainLoss(loss, step, carrier, values);
    await between?.after(step, carrier);
    return { step, loss, outputs };
  }

  async #checkpoint(): Promise<Uint8Array> {
    return encodeCheckpoint({ step: this.#step, values: await this.#finiteValues() });
  }

  async #finiteValues(): Promise<ReadonlyMap<string, TensorValue>> {
    const { values, carrier } = this.#ground;
    const tensors = new Map<string, TensorValue>();
    for (const { name } of values) tensors.set(name, await carrier.read(name));
    checkFinite(this.#step, values, tensors);
    return tensors;
  }

  #read(role: CarriedValue['role']): Promise<Record<string, TensorValue>> {
    this.#checkAlive();
    const { values, carrier } = this.#ground;
    return inTurn([this.#turns], async () => {
      const found: [string, TensorValue][] = [];
      for (const own of values) if (own.role === role) found.push([own.name, await carrier.read(own.name)]);
      return Object.fromEntries(found);
    });
  }

  #readOptions(options: RunOptions): RunPlan {
    checkOptions(options, ['steps', 'signal', 'onStep', 'checkpoint', 'progress']);
    const { steps, checkpoint, progress = false } = options;
    checkOptions(checkpoint ?? {}, ['every', 'file', 'write']);
    checkCount('steps', steps);
    checkCount('checkpoint.every', checkpoint?.every);
    const { writeFile, showProgress } = this.#ground;
    const { file, write } = checkpoint ?? {};
    if (checkpoint !== undefined && (file === undefined) === (write === undefined)) {
      throw new UsageError('checkpoint takes file or write, one of them');
    }
    if (file !== undefined && writeFile === undefined) {
      throw new UsageError('checkpoint.file: only Node has files; give checkpoint.write');
    }
    const toFile = file === undefined ? undefined : (bytes: Uint8Array) => writeFile?.(file, bytes);
    return { write: toFile ?? write, line: progress ? showProgress?.(steps) : undefined };
  }

  #checkAlive(): void {
    if (this.#disposal === undefined) return;
    throw new ProviderError('this StepLoop is disposed; make a new one with StepLoop.create');
  }
}

interface RunPlan {
  readonly write: ((bytes: Uint8Array) => void | Promise<void> | undefined) | undefined;
  readonly line: ProgressLine | undefined;
}

function checkCount(what: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 1)) return;
  throw new UsageError(`${what} must be a whole number from 1, found ${count}`);
}
