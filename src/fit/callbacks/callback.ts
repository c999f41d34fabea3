// What is told of a training under way, and what may be done to it. To add a callback: a file here that makes one.
// Must not import other folders of fit but models.
import type { ConstraintError } from '../../graph/errors.js';
import type { TrainableModel } from '../models/trainableModel.js';

/** Numbers by name: `loss`, metrics, and the same of the validation data with `val_` in front. */
export type Logs = Readonly<Record<string, number>>;

/** A training under way. */
export interface FitContext {
  /** Its weights are those of the last step whenever a callback is called at the end of an epoch. */
  readonly model: TrainableModel;
  readonly epochs: number;
  /**
   * That of the steps to come; may be set. Where a schedule gives it, that of the last step, NaN before the first.
   *
   * @throws {UsageError} when it is set and a schedule gives it
   */
  learningRate: number;
  /** Ends the training behind the step under way. */
  stop(): void;
  /** Gives the model the weights and the optimizer state of the last step, for callbacks within an epoch. */
  update(): Promise<void>;
  /** Whether more of a number of the logs is better; `undefined` where it is not known. */
  rises(name: string): boolean | undefined;
  /** Writes a file, whole or not at all; `undefined` where there are none, as in browsers. */
  readonly writeFile: ((file: string, bytes: Uint8Array) => Promise<void>) | undefined;
  /** The bytes of a file, `undefined` where it is not there; itself `undefined` where there are no files. */
  readonly readFile: ((file: string) => Promise<Uint8Array | undefined>) | undefined;
}

type Told = void | Promise<void>;

/** Each of these is waited for. */
export interface Callback {
  onTrainBegin?(context: FitContext): Told;
  /** @param epoch 0 for the first */
  onEpochBegin?(epoch: number, context: FitContext): Told;
  /** @param batch 0 for the first of the epoch */
  onBatchBegin?(batch: number, context: FitContext): Told;
  /** @param batch 0 for the first of the epoch; its logs are the batch's own */
  onBatchEnd?(batch: number, logs: Logs, context: FitContext): Told;
  /** @param logs of the whole epoch; what is added to them gets into the history */
  onEpochEnd?(epoch: number, logs: Record<string, number>, context: FitContext): Told;
  /** Called where the loss or a weight is no finite number, which otherwise is thrown. */
  onNonFinite?(error: ConstraintError, context: FitContext): Told;
  onTrainEnd?(context: FitContext): Told;
}
