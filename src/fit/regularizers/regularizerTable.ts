// Keras's regularizers: what a variable or a layer's result adds to the loss. To add one: a row here.
// Must not import other folders of fit but settings.
import { ConfigError } from '../../graph/errors.js';
import { bareClass, snakeCase } from '../../keras/serializedLayer.js';
import { abs, add, multiply, square } from '../../ops/elementwise.js';
import { sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { Settings } from '../settings.js';

/** How much the sum of the magnitudes, and that of the squares, adds to the loss. */
interface Weights {
  readonly l1: number;
  readonly l2: number;
}

interface RegularizerKind {
  readonly settings: readonly string[];
  readonly weights: (settings: Settings) => Weights;
}

const kinds: Readonly<Record<string, RegularizerKind>> = {
  L1: { settings: ['l1'], weights: (settings) => ({ l1: settings.number('l1', 0.01), l2: 0 }) },
  L2: { settings: ['l2'], weights: (settings) => ({ l1: 0, l2: settings.number('l2', 0.01) }) },
  L1L2: {
    settings: ['l1', 'l2'],
    weights: (settings) => ({ l1: settings.number('l1', 0), l2: settings.number('l2', 0) }),
  },
};

/** Names as Keras has them beside the class names. */
const aliases: Readonly<Record<string, string>> = { l1: 'L1', l2: 'L2', l1_l2: 'L1L2', l1l2: 'L1L2' };

/**
 * What the regularizer at a key adds to the loss, `l1 · Σ|x| + l2 · Σx²`; `undefined` where there is none.
 *
 * @param total the sum of all elements, or what is taken in its place
 * @throws {ConfigError} when it is not known
 */
export function penaltyAt(
  settings: Settings,
  key: string,
  x: SymbolicTensor,
  total: (x: SymbolicTensor) => SymbolicTensor = sum,
): SymbolicTensor | undefined {
  const found = settings.serialized(key);
  if (found === undefined) return undefined;
  const bare = bareClass(found.name);
  const className = Object.hasOwn(kinds, bare) ? bare : aliases[snakeCase(bare)];
  const kind = className === undefined ? undefined : kinds[className];
  const place = { ...settings.place, path: found.path };
  if (className === undefined || kind === undefined) {
    throw new ConfigError(
      `unknown regularizer '${found.name}'; known are ${Object.keys(kinds).join(', ')}`,
      place,
    );
  }
  const own = new Settings(className, found.config, place);
  own.refuseOthers(kind.settings);
  return weighted(kind.weights(own), x, total);
}

function weighted(
  { l1, l2 }: Weights,
  x: SymbolicTensor,
  total: (x: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor | undefined {
  const terms = [
    ...(l1 === 0 ? [] : [multiply(total(abs(x)), l1)]),
    ...(l2 === 0 ? [] : [multiply(total(square(x)), l2)]),
  ];
  return terms.length === 0 ? undefined : terms.reduce((all, term) => add(all, term));
}
