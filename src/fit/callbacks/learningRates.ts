// Learning rates that change from epoch to epoch, as keras.callbacks.LearningRateScheduler and ReduceLROnPlateau.
// Must not import other folders of fit.
import { UsageError } from '../../graph/errors.js';
import type { Callback, FitContext } from './callback.js';
import { Monitor, type MonitorArgs } from './monitor.js';

/**
 * Sets the learning rate at the beginning of each epoch, and tells it in the logs.
 *
 * @param schedule the epoch, 0 for the first, and the rate so far, to the rate of the epoch
 * @throws {UsageError} where it gives no number
 */
export function learningRateScheduler(schedule: (epoch: number, learningRate: number) => number): Callback {
  return {
    onEpochBegin(epoch: number, context: FitContext): void {
      const rate = schedule(epoch, context.learningRate);
      if (typeof rate !== 'number' || !Number.isFinite(rate)) {
        throw new UsageError(`learningRateScheduler: the schedule must give a number, found ${String(rate)}`);
      }
      context.learningRate = rate;
    },
    onEpochEnd: tellRate,
  };
}

/** The default of `minDelta` is 1e-4. */
export interface ReduceLearningRateArgs extends MonitorArgs {
  /** By what the rate is multiplied, below 1. Default 0.1. */
  readonly factor?: number;
  /** For how many epochs the monitored number may fail to get better. Default 10. */
  readonly patience?: number;
  /** How many epochs are not looked at behind a change. Default 0. */
  readonly cooldown?: number;
  /** The rate does not fall below it. Default 0. */
  readonly minLearningRate?: number;
}

/** Reduces the learning rate when a number of the logs has not got better for `patience` epochs, and tells it in the logs. */
export function reduceLearningRateOnPlateau(args: ReduceLearningRateArgs = {}): Callback {
  const { factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0, minDelta = 1e-4 } = args;
  if (!(factor < 1)) throw new UsageError(`reduceLearningRateOnPlateau: factor is below 1, found ${factor}`);
  const monitor = new Monitor('reduceLearningRateOnPlateau', { ...args, minDelta });
  let best: number | undefined;
  let waited = 0;
  let cooling = 0;
  const reduce = (context: FitContext): void => {
    if (context.learningRate <= minLearningRate) return;
    context.learningRate = Math.max(context.learningRate * factor, minLearningRate);
    [cooling, waited] = [cooldown, 0];
  };
  return {
    onTrainBegin(): void {
      [best, waited, cooling] = [undefined, 0, 0];
    },
    onEpochEnd(epoch: number, logs: Record<string, number>, context: FitContext): void {
      tellRate(epoch, logs, context);
      const value = monitor.value(logs);
      if (cooling > 0) [cooling, waited] = [cooling - 1, 0];
      if (monitor.isBetter(value, best, context)) {
        [best, waited] = [value, 0];
      } else if (cooling === 0) {
        waited += 1;
        if (waited >= patience) reduce(context);
      }
    },
  };
}

function tellRate(_epoch: number, logs: Record<string, number>, context: FitContext): void {
  logs.learning_rate = context.learningRate;
}
