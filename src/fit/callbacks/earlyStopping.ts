// Ends a training that no longer gets better, as keras.callbacks.EarlyStopping.
// Must not import other folders of fit but models.
import type { TensorValue } from '../../graph/tensorValue.js';
import type { Callback, FitContext, Logs } from './callback.js';
import { Monitor, type MonitorArgs } from './monitor.js';

/** The default of `minDelta` is 0. */
export interface EarlyStoppingArgs extends MonitorArgs {
  /** For how many epochs it may fail to. Default 0. */
  readonly patience?: number;
  /** What it must be better than for an epoch to count. Default: the best epoch alone. */
  readonly baseline?: number;
  /** The first epoch that is looked at. Default 0. */
  readonly startFromEpoch?: number;
  /** Give the model the weights of its best epoch in the end. Default false. */
  readonly restoreBestWeights?: boolean;
}

/** Stops the training when a number of the logs has not got better for `patience` epochs. */
export function earlyStopping(args: EarlyStoppingArgs = {}): Callback {
  const { patience = 0, baseline, startFromEpoch = 0, restoreBestWeights = false } = args;
  const monitor = new Monitor('earlyStopping', args);
  let best: number | undefined;
  let waited = 0;
  let bestWeights: ReadonlyMap<string, TensorValue> | undefined;
  return {
    onTrainBegin(): void {
      [best, waited, bestWeights] = [undefined, 0, undefined];
    },
    onEpochEnd(epoch: number, logs: Logs, context: FitContext): void {
      const value = monitor.value(logs);
      if (epoch < startFromEpoch) return;
      waited += 1;
      if (!monitor.isBetter(value, best, context)) {
        if (waited >= patience && epoch > 0) context.stop();
        return;
      }
      best = value;
      if (restoreBestWeights) bestWeights = new Map(context.model.weights);
      if (baseline === undefined || monitor.isBetter(value, baseline, context)) waited = 0;
    },
    onTrainEnd({ model }: FitContext): void {
      for (const [path, value] of bestWeights ?? []) model.weights.set(path, value);
    },
  };
}
