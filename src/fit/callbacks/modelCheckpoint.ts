// Keeps the model as a `.keras` file, or its weights, while it is trained, as keras.callbacks.ModelCheckpoint.
// Must not import other folders of fit but models and save.
import { UsageError } from '../../graph/errors.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { encodeKeras, encodeKerasWeights } from '../save/encodeKeras.js';
import type { Callback, FitContext, Logs } from './callback.js';
import { Monitor, type MonitorArgs } from './monitor.js';

export interface ModelCheckpointArgs extends Omit<MonitorArgs, 'minDelta'> {
  /**
   * The file, which ends in `.keras` (of weights alone in `.weights.h5`), written whole or not at all. Node only. `{epoch}` (1 for the first), `{batch}` and
   * numbers of the logs by their names stand for themselves; `{epoch:02d}` pads, `{val_loss:.2f}` rounds.
   */
  readonly file?: string;
  /** Takes the model in place of a file. */
  readonly write?: (model: TrainableModel, epoch: number) => void | Promise<void>;
  /** Keep the model only when the monitored number is the best so far. Default false. */
  readonly saveBestOnly?: boolean;
  /** Keep the weights and the optimizer state without the config, as Keras's `save_weights` does. Default false. */
  readonly saveWeightsOnly?: boolean;
  /** After each epoch, or after every so many batches. Default `epoch`. */
  readonly saveFrequency?: 'epoch' | number;
  /** What must be better than for the first model to be kept. Default: the first is the best so far. */
  readonly initialValueThreshold?: number;
}

/**
 * Keeps the model after each epoch, or after every so many batches, with the state of its optimizer.
 *
 * @throws {UsageError} where there is neither a file nor `write`, or both
 */
export function modelCheckpoint(args: ModelCheckpointArgs): Callback {
  const { saveFrequency = 'epoch', saveBestOnly = false, initialValueThreshold } = args;
  checkArgs(args);
  const monitor = new Monitor('modelCheckpoint', args);
  let best = initialValueThreshold;
  let epoch = 0;
  let batches = 0;
  const save = async (logs: Logs, context: FitContext, batch?: number): Promise<void> => {
    if (saveBestOnly) {
      const value = monitor.value(logs);
      if (!monitor.isBetter(value, best, context)) return;
      best = value;
    }
    const names = { ...logs, epoch: epoch + 1, ...(batch !== undefined && { batch: batch + 1 }) };
    await keep(args, names, epoch, context);
  };
  return {
    onTrainBegin(context: FitContext): void {
      if (args.file !== undefined && context.writeFile === undefined) {
        throw new UsageError('modelCheckpoint: only Node has files; give write');
      }
    },
    onEpochBegin(now: number): void {
      epoch = now;
    },
    async onBatchEnd(batch: number, logs: Logs, context: FitContext): Promise<void> {
      batches += 1;
      if (saveFrequency === 'epoch' || batches % saveFrequency !== 0) return;
      await context.update();
      await save(logs, context, batch);
    },
    async onEpochEnd(_: number, logs: Logs, context: FitContext): Promise<void> {
      if (saveFrequency === 'epoch') await save(logs, context);
    },
  };
}

function checkArgs(args: ModelCheckpointArgs): void {
  const { file, write, saveFrequency = 'epoch', saveWeightsOnly = false } = args;
  if ((file === undefined) === (write === undefined)) {
    throw new UsageError('modelCheckpoint takes file or write, one of them');
  }
  const ending = saveWeightsOnly ? '.weights.h5' : '.keras';
  if (file !== undefined && !file.endsWith(ending)) {
    throw new UsageError(
      `modelCheckpoint: the file must end in ${ending}${saveWeightsOnly ? ', since saveWeightsOnly is true' : ''}`,
      { file },
    );
  }
  if (file === undefined && saveWeightsOnly) {
    throw new UsageError('modelCheckpoint: saveWeightsOnly is for files; write takes the model');
  }
  if (saveFrequency === 'epoch' || (Number.isSafeInteger(saveFrequency) && saveFrequency >= 1)) return;
  throw new UsageError(
    `modelCheckpoint: saveFrequency is epoch or a whole number from 1, found ${String(saveFrequency)}`,
  );
}

async function keep(
  { file, write, saveWeightsOnly = false }: ModelCheckpointArgs,
  names: Logs,
  epoch: number,
  { model, writeFile }: FitContext,
): Promise<void> {
  await write?.(model, epoch);
  if (file === undefined) return;
  const encode = saveWeightsOnly ? encodeKerasWeights : encodeKeras;
  await writeFile?.(fileName(file, names), await encode(model));
}

/** The name with what stands in braces filled in. @throws {UsageError} where there is no such number */
function fileName(pattern: string, names: Logs): string {
  return pattern.replace(/\{(\w+)(?::0?(\d*)d|:\.(\d+)f)?\}/g, (_, name: string, width, digits) => {
    const value = Object.hasOwn(names, name) ? names[name] : undefined;
    if (value === undefined) {
      throw new UsageError(
        `modelCheckpoint: there is no '${name}' for the file's name; there are ${Object.keys(names).join(', ')}`,
        { file: pattern },
      );
    }
    if (digits !== undefined) return value.toFixed(Number(digits));
    return String(value).padStart(Number(width ?? 0), '0');
  });
}
