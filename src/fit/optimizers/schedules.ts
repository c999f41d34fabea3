// Learning rates that follow from the number of the step. To add one: a row here.
// Must not import other folders of fit but settings.
import { ConfigError, type ErrorPlace } from '../../graph/errors.js';
import { bareClass } from '../../keras/serializedLayer.js';
import { equal, less, lessEqual, where } from '../../ops/comparison.js';
import { add, divide, log, minimum, multiply, power, subtract } from '../../ops/elementwise.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { Settings } from '../settings.js';

/** The learning rate of a step. @param t how many steps were done before it, as a float */
export type Schedule = (t: SymbolicTensor) => SymbolicTensor;

interface ScheduleKind {
  readonly settings: readonly string[];
  readonly rate: (t: SymbolicTensor, settings: Settings) => SymbolicTensor;
}

const floor = (x: SymbolicTensor): SymbolicTensor => applyOp('Floor', [x], x);
const ceil = (x: SymbolicTensor): SymbolicTensor => applyOp('Ceil', [x], x);

/** The number that the config must give. */
function need(settings: Settings, key: string): number {
  const value = settings.optionalNumber(key);
  if (value !== undefined) return value;
  throw settings.refuse(key, 'a number');
}

/** A number of steps, which divides. */
function stepsAt(settings: Settings, key = 'decay_steps'): number {
  const steps = need(settings, key);
  if (steps > 0) return steps;
  throw settings.refuse(key, 'a number above 0');
}

/** `t / decay_steps`, whole where it goes in stairs. */
function progress(t: SymbolicTensor, settings: Settings): SymbolicTensor {
  const ratio = divide(t, stepsAt(settings));
  return settings.boolean('staircase', false) ? floor(ratio) : ratio;
}

/** `½ (1 + cos πx)` */
function halfCosine(x: SymbolicTensor): SymbolicTensor {
  const angle = multiply(x, Math.PI);
  return multiply(add(applyOp('Cos', [angle], angle), 1), 0.5);
}

/** `lr · rate ^ (t / steps)` */
const exponentialDecay: ScheduleKind = {
  settings: ['initial_learning_rate', 'decay_steps', 'decay_rate', 'staircase'],
  rate: (t, settings) =>
    multiply(
      power(need(settings, 'decay_rate'), progress(t, settings)),
      need(settings, 'initial_learning_rate'),
    ),
};

/** `lr / (1 + rate · t / steps)` */
const inverseTimeDecay: ScheduleKind = {
  settings: exponentialDecay.settings,
  rate: (t, settings) =>
    divide(
      need(settings, 'initial_learning_rate'),
      add(multiply(progress(t, settings), need(settings, 'decay_rate')), 1),
    ),
};

/** `values[i]` up to and with step `boundaries[i]`, the last value from there on. */
const piecewiseConstantDecay: ScheduleKind = {
  settings: ['boundaries', 'values'],
  rate: (t, settings) => {
    const [boundaries, values] = [settings.numbers('boundaries'), settings.numbers('values')];
    if (boundaries.length === 0 || values.length !== boundaries.length + 1) {
      throw settings.refuse('values', `a list of ${boundaries.length + 1} numbers, one more than boundaries`);
    }
    const last = add(multiply(t, 0), values.at(-1) as number);
    return boundaries.reduceRight(
      (rest, boundary, i) => where(lessEqual(t, boundary), values[i] as number, rest),
      last,
    );
  },
};

/** `(lr - end)(1 - t / steps) ^ power + end`; in cycles, `steps` is the next multiple of itself. */
const polynomialDecay: ScheduleKind = {
  settings: ['initial_learning_rate', 'decay_steps', 'end_learning_rate', 'power', 'cycle'],
  rate: (t, settings) => {
    const [start, steps] = [need(settings, 'initial_learning_rate'), stepsAt(settings)];
    const end = settings.number('end_learning_rate', 1e-4);
    const cycles = where(equal(t, 0), 1, ceil(divide(t, steps)));
    const ratio = settings.boolean('cycle', false)
      ? divide(t, multiply(cycles, steps))
      : divide(minimum(t, steps), steps);
    return add(multiply(power(subtract(1, ratio), settings.number('power', 1)), start - end), end);
  },
};

/** `lr · ((1 - α) ½ (1 + cos(π t / steps)) + α)`, behind a rise to `warmup_target` where there is one. */
const cosineDecay: ScheduleKind = {
  settings: ['initial_learning_rate', 'decay_steps', 'alpha', 'warmup_target', 'warmup_steps'],
  rate: (t, settings) => {
    const [start, steps] = [need(settings, 'initial_learning_rate'), stepsAt(settings)];
    const alpha = settings.number('alpha', 0);
    const decayed = (done: SymbolicTensor, from: number): SymbolicTensor =>
      multiply(add(multiply(halfCosine(divide(done, steps)), 1 - alpha), alpha), from);
    const target = settings.optionalNumber('warmup_target');
    if (target === undefined) return decayed(minimum(t, steps), start);
    const warmup = settings.number('warmup_steps', 0);
    const done = minimum(t, steps + warmup);
    const behind = decayed(subtract(done, warmup), target);
    if (warmup === 0) return behind;
    return where(less(done, warmup), add(multiply(divide(done, warmup), target - start), start), behind);
  },
};

/** As cosine decay, again from the start in periods that grow by `t_mul`, from rates that change by `m_mul`. */
const cosineDecayRestarts: ScheduleKind = {
  settings: ['initial_learning_rate', 'first_decay_steps', 't_mul', 'm_mul', 'alpha'],
  rate: (t, settings) => {
    const [longer, alpha] = [settings.number('t_mul', 2), settings.number('alpha', 0)];
    const periods = divide(t, stepsAt(settings, 'first_decay_steps'));
    const restarts =
      longer === 1
        ? floor(periods)
        : floor(divide(log(subtract(1, multiply(periods, 1 - longer))), Math.log(longer)));
    const length = power(longer, restarts);
    const done =
      longer === 1
        ? subtract(periods, restarts)
        : divide(subtract(periods, divide(subtract(1, length), 1 - longer)), length);
    const height = power(settings.number('m_mul', 1), restarts);
    const decayed = add(multiply(multiply(halfCosine(done), height), 1 - alpha), alpha);
    return multiply(decayed, need(settings, 'initial_learning_rate'));
  },
};

const kinds: Readonly<Record<string, ScheduleKind>> = {
  ExponentialDecay: exponentialDecay,
  InverseTimeDecay: inverseTimeDecay,
  PiecewiseConstantDecay: piecewiseConstantDecay,
  PolynomialDecay: polynomialDecay,
  CosineDecay: cosineDecay,
  CosineDecayRestarts: cosineDecayRestarts,
};

/** A schedule from its config. @throws {ConfigError | UnsupportedError} when it, or one of its settings, is not known */
export function findSchedule(
  { name, config }: { readonly name: string; readonly config: Readonly<Record<string, unknown>> },
  place: ErrorPlace,
): Schedule {
  const className = bareClass(name);
  const kind = Object.hasOwn(kinds, className) ? kinds[className] : undefined;
  if (kind === undefined) {
    throw new ConfigError(
      `unknown learning rate schedule '${name}'; known are ${Object.keys(kinds).join(', ')}`,
      place,
    );
  }
  const settings = new Settings(className, config, place);
  settings.refuseOthers(['name', ...kind.settings]);
  return (t) => kind.rate(t, settings);
}
