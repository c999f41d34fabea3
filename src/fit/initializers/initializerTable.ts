// Keras's initializers by name: what a variable holds before the first step. To add one: a row here.
// Must not import other folders of fit but settings and random.
import { ConfigError, type ErrorPlace } from '../../graph/errors.js';
import { elementCount } from '../../graph/tensorValue.js';
import type { Random } from '../random.js';
import { Settings } from '../settings.js';

type Fill = (shape: readonly number[], settings: Settings, random: Random) => Float32Array;

const filled =
  (value: (settings: Settings) => number): Fill =>
  (shape, settings) =>
    new Float32Array(elementCount(shape)).fill(value(settings));

const drawn =
  (draw: (settings: Settings, random: Random) => number): Fill =>
  (shape, settings, random) =>
    Float32Array.from({ length: elementCount(shape) }, () => draw(settings, random));

type Mode = 'fan_in' | 'fan_out' | 'fan_avg';
type Distribution = 'truncated_normal' | 'untruncated_normal' | 'uniform';

/** Random with the variance `scale / fan`. */
function scaled(scale: number, mode: Mode, distribution: Distribution): Fill {
  return (shape, _settings, random) => {
    const { fanIn, fanOut } = fansOf(shape);
    const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[mode];
    const variance = scale / Math.max(1, fan);
    const draw = {
      uniform: () => (2 * random.uniform() - 1) * Math.sqrt(3 * variance),
      untruncated_normal: () => random.normal() * Math.sqrt(variance),
      // What truncation takes of the variance is given back.
      truncated_normal: () => (random.truncatedNormal() * Math.sqrt(variance)) / 0.87962566103423978,
    }[distribution];
    return Float32Array.from({ length: elementCount(shape) }, draw);
  };
}

const varianceScaling: Fill = (shape, settings, random) => {
  const mode = settings.choice('mode', ['fan_in', 'fan_out', 'fan_avg'], 'fan_in');
  const distribution = settings.choice(
    'distribution',
    ['truncated_normal', 'untruncated_normal', 'uniform'],
    'truncated_normal',
  );
  return scaled(settings.number('scale', 1), mode, distribution)(shape, settings, random);
};

/** How many elements go into one of the result, and how many results one goes into. */
function fansOf(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = elementCount(shape.slice(0, -2));
  return { fanIn: (shape.at(-2) as number) * window, fanOut: (shape.at(-1) as number) * window };
}

const table: ReadonlyMap<string, Fill> = new Map([
  ['zeros', filled(() => 0)],
  ['ones', filled(() => 1)],
  ['constant', filled((settings) => settings.number('value', 0))],
  [
    'random_uniform',
    drawn((settings, random) => {
      const low = settings.number('minval', -0.05);
      return low + (settings.number('maxval', 0.05) - low) * random.uniform();
    }),
  ],
  [
    'random_normal',
    drawn(
      (settings, random) => settings.number('mean', 0) + settings.number('stddev', 0.05) * random.normal(),
    ),
  ],
  [
    'truncated_normal',
    drawn(
      (settings, random) =>
        settings.number('mean', 0) + settings.number('stddev', 0.05) * random.truncatedNormal(),
    ),
  ],
  ['variance_scaling', varianceScaling],
  ['glorot_uniform', scaled(1, 'fan_avg', 'uniform')],
  ['glorot_normal', scaled(1, 'fan_avg', 'truncated_normal')],
  ['he_uniform', scaled(2, 'fan_in', 'uniform')],
  ['he_normal', scaled(2, 'fan_in', 'truncated_normal')],
  ['lecun_uniform', scaled(1, 'fan_in', 'uniform')],
  ['lecun_normal', scaled(1, 'fan_in', 'truncated_normal')],
]);

/** Other names of these. */
const aliases: Readonly<Record<string, string>> = {
  zero: 'zeros',
  one: 'ones',
  uniform: 'random_uniform',
  normal: 'random_normal',
};

/** The initial value that an initializer gives a variable. @throws {ConfigError} when it is not known */
export function initialize(
  { name, config }: { readonly name: string; readonly config: Readonly<Record<string, unknown>> },
  shape: readonly number[],
  random: Random,
  place: ErrorPlace,
): Float32Array {
  const snake = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  const fill = table.get(Object.hasOwn(aliases, snake) ? (aliases[snake] as string) : snake);
  if (fill === undefined) {
    throw new ConfigError(`unknown initializer '${name}'; known are ${[...table.keys()].join(', ')}`, place);
  }
  return fill(shape, new Settings(name, config, place), random);
}
