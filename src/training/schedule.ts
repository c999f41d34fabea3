// When constraints are applied: every few steps, after a warm-up, only where a step really updates, and once at the
// start. Reads what a step description says of it.
// Must not import yaml, files or cli.
import { ConfigError, type ErrorPlace } from '../graph/errors.js';
import { isObject } from '../keras/configValue.js';

/** When constraints are applied. Without one they are after each step, as in Keras. */
export interface Schedule {
  /** Apply after every so many steps. Default: 1. */
  readonly every?: number;
  /** Leave the first so many steps alone. Default: 0. */
  readonly warmUp?: number;
  /** Project the weights once before the first step too, which Keras does not. Default: false. */
  readonly initial?: boolean;
  /** The scalar input of the step that counts steps, from `firstStep` on. */
  readonly step?: string;
  /** What `step` holds in the first step. Default: 1. */
  readonly firstStep?: number;
  /**
   * The name of a new scalar int64 input that counts steps, 0 before the first; its next value is the new output
   * `<counter>_new`. With `when` it counts those that update.
   */
  readonly counter?: string;
  /** A scalar boolean of the step that tells whether it updates: with gradient accumulation not each does. */
  readonly when?: string;
}

/** The key of each property in a step description, and what it takes. */
const properties = {
  every: ['every', 'a whole number from 1'],
  warm_up: ['warmUp', 'a whole number from 0'],
  initial: ['initial', 'true or false'],
  step: ['step', 'the name of an input'],
  first_step: ['firstStep', 'a whole number'],
  counter: ['counter', 'a name'],
  when: ['when', 'the name of a value'],
} as const;

/** The properties of a schedule in code. */
export const scheduleKeys: readonly string[] = Object.values(properties).map(([property]) => property);

/**
 * Reads the `schedule` of a step description: `{"every": 10, "warm_up": 100, "initial": true, "step": "t"}`.
 *
 * @throws {ConfigError} on unknown keys and values
 */
export function parseSchedule(config: unknown, place: ErrorPlace & { readonly path: string }): Schedule {
  if (!isObject(config)) throw new ConfigError('must be an object', place);
  const entries = Object.entries(config).map(([key, value]) => {
    const at = { ...place, path: `${place.path}.${key}` };
    if (!Object.hasOwn(properties, key)) {
      throw new ConfigError(`unknown key; accepted are ${Object.keys(properties).join(', ')}`, at);
    }
    return [properties[key as keyof typeof properties][0], value] as const;
  });
  const schedule = Object.fromEntries(entries) as Schedule;
  checkSchedule(schedule, place);
  return schedule;
}

/** @throws {ConfigError} where a step has nothing that tells the first from the others */
export function checkInitial(
  { initial = false, step, counter }: Schedule,
  place: ErrorPlace & { readonly path: string },
): void {
  if (!initial || step !== undefined || counter !== undefined) return;
  throw new ConfigError(
    'initial needs to know the step: name the input that counts steps as step, or a new one as counter',
    place,
  );
}

/** @throws {ConfigError} where a value is none that its property takes, or one lacks another */
export function checkSchedule(schedule: Schedule, place: ErrorPlace & { readonly path: string }): void {
  const { every = 1, warmUp = 0, initial = false, step, firstStep = 1, counter, when } = schedule;
  const fits: Readonly<Record<keyof Schedule, boolean>> = {
    every: Number.isSafeInteger(every) && every >= 1,
    warmUp: Number.isSafeInteger(warmUp) && warmUp >= 0,
    initial: typeof initial === 'boolean',
    step: step === undefined || isName(step),
    firstStep: Number.isSafeInteger(firstStep),
    counter: counter === undefined || isName(counter),
    when: when === undefined || isName(when),
  };
  for (const [key, [property, wanted]] of Object.entries(properties)) {
    if (fits[property]) continue;
    throw new ConfigError(`must be ${wanted}, found ${JSON.stringify(schedule[property])}`, {
      ...place,
      path: `${place.path}.${key}`,
    });
  }
  if (step !== undefined && counter !== undefined) {
    throw new ConfigError('takes step, an input that counts already, or counter, a new one, not both', place);
  }
  if (step === undefined && counter === undefined && (every > 1 || warmUp > 0)) {
    throw new ConfigError(
      'every and warm_up need to know the step: name the input that counts steps as step, or a new one as counter',
      place,
    );
  }
  if (schedule.firstStep !== undefined && step === undefined) {
    throw new ConfigError('first_step goes with step; a counter starts at 0', place);
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
