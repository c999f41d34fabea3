// The settings that every optimizer has: learning rate, decay of weights, clipping, averages, accumulation.
// Must not import other folders of fit but settings.
import { ConfigError } from '../../graph/errors.js';
import type { Settings } from '../settings.js';
import type { OptimizerKind } from './optimizerKind.js';
import { findSchedule, type Schedule } from './schedules.js';

/** The names of the settings. */
export const commonSettings: readonly string[] = [
  'name',
  'learning_rate',
  'weight_decay',
  'clipnorm',
  'global_clipnorm',
  'clipvalue',
  'use_ema',
  'ema_momentum',
  'ema_overwrite_frequency',
  'loss_scale_factor',
  'gradient_accumulation_steps',
];

/** To what gradients are cut. */
export interface Clipping {
  /** The norm of each gradient, the norm of all together, or each number. */
  readonly by: 'clipnorm' | 'global_clipnorm' | 'clipvalue';
  readonly limit: number;
}

/** The moving average of each variable: `average ← momentum · average + (1 - momentum) · w`. */
export interface MovingAverage {
  readonly momentum: number;
  /** After how many updates the variables take the averages' values; `undefined` for never. */
  readonly overwriteFrequency: number | undefined;
}

export interface CommonSettings {
  readonly learningRate: number | Schedule;
  /** By how much of themselves weights shrink in each update, times the learning rate; 0 for not at all. */
  readonly weightDecay: number;
  readonly clipping: Clipping | undefined;
  readonly average: MovingAverage | undefined;
  /** How many steps go into one update. */
  readonly accumulationSteps: number;
  /** By what the loss is multiplied while it is differentiated. */
  readonly lossScale: number;
}

/** @throws {ConfigError} where one is not as it must be */
export function readCommonSettings(settings: Settings, kind: OptimizerKind): CommonSettings {
  return {
    learningRate: learningRateOf(settings, kind),
    weightDecay: settings.number('weight_decay', kind.weightDecay ?? 0),
    clipping: clippingOf(settings),
    average: averageOf(settings),
    accumulationSteps: accumulationOf(settings),
    lossScale: settings.number('loss_scale_factor', 1),
  };
}

function learningRateOf(settings: Settings, kind: OptimizerKind): number | Schedule {
  const value = settings.raw('learning_rate');
  if (value === undefined || typeof value === 'number') {
    return settings.number('learning_rate', kind.learningRate);
  }
  const found = typeof value === 'object' ? settings.serialized('learning_rate') : undefined;
  if (found !== undefined) return findSchedule(found, { ...settings.place, path: found.path });
  throw settings.refuse('learning_rate', 'a number or a schedule');
}

function clippingOf(settings: Settings): Clipping | undefined {
  const ways = ['clipnorm', 'global_clipnorm', 'clipvalue'] as const;
  const given = ways.flatMap((by) => {
    const limit = settings.optionalNumber(by);
    return limit === undefined ? [] : [{ by, limit }];
  });
  if (given.length > 1) {
    throw new ConfigError(
      `${settings.owner}: only one of ${ways.join(', ')} can be set, found ${given.map(({ by }) => by).join(' and ')}`,
      settings.place,
    );
  }
  // Keras takes a limit of zero or below for none.
  return given.find(({ limit }) => limit > 0);
}

function averageOf(settings: Settings): MovingAverage | undefined {
  if (!settings.boolean('use_ema', false)) return undefined;
  const momentum = settings.number('ema_momentum', 0.99);
  if (momentum < 0 || momentum > 1) throw settings.refuse('ema_momentum', 'a number from 0 to 1');
  const isOverwritten = settings.raw('ema_overwrite_frequency') !== undefined;
  return {
    momentum,
    overwriteFrequency: isOverwritten ? settings.count('ema_overwrite_frequency') : undefined,
  };
}

function accumulationOf(settings: Settings): number {
  const steps = settings.count('gradient_accumulation_steps', 1);
  if (steps === 1 && settings.raw('gradient_accumulation_steps') !== undefined) {
    throw settings.refuse('gradient_accumulation_steps', 'a whole number from 2');
  }
  return steps;
}
