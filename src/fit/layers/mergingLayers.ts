// Layers that join several inputs: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot.
// Must not import other folders of fit but settings.
import { ConfigError } from '../../graph/errors.js';
import { normalizeAxis } from '../../ops/axes.js';
import { batchDot } from '../../ops/batchDot.js';
import { add, divide, maximum, minimum, multiply, subtract } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { concatenate } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { unitLength } from '../../ops/unitLength.js';
import type { LayerCall, LayerFamily, LayerKind } from './layerKind.js';

const folded = (join: (a: SymbolicTensor, b: SymbolicTensor) => SymbolicTensor): LayerKind => ({
  settings: [],
  call: ({ inputs }) => ofOneRank(inputs).reduce((a, b) => join(a, b)),
});

/** The inputs with dimensions of size 1 behind the batch, as many as the largest rank asks for. */
function ofOneRank(inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  const rank = Math.max(...inputs.map((x) => dimsOf('merge', x).length));
  return inputs.map((x) => {
    const [batch = null, ...rest] = dimsOf('merge', x);
    return reshapeTo(x, [batch, ...Array<number>(rank - rest.length - 1).fill(1), ...rest]);
  });
}

function two({ inputs }: LayerCall): readonly [SymbolicTensor, SymbolicTensor] {
  const [a, b, ...others] = inputs;
  if (a !== undefined && b !== undefined && others.length === 0) return [a, b];
  throw new ConfigError(`takes two inputs, found ${inputs.length}`);
}

/** The sums of products along one axis of each input; with `normalize` of vectors made one long. */
function dot(layer: LayerCall): SymbolicTensor {
  const { settings } = layer;
  const given = settings.integers('axes', []);
  const inputs = two(layer);
  if (given.length !== 1 && given.length !== 2)
    throw settings.refuse('axes', 'a whole number or two of them');
  const axes = inputs.map((x, i) => normalizeAxis(settings.owner, (given[i] ?? given[0]) as number, x.shape));
  const [a, b] = settings.boolean('normalize', false)
    ? inputs.map((x, i) => unitLength(x, [axes[i] as number], 1e-7))
    : inputs;
  return batchDot(a as SymbolicTensor, b as SymbolicTensor, axes as [number, number]);
}

export const mergingLayers: LayerFamily = {
  Add: folded(add),
  Subtract: {
    settings: [],
    call: (layer) => subtract(...(ofOneRank(two(layer)) as [SymbolicTensor, SymbolicTensor])),
  },
  Multiply: folded(multiply),
  Maximum: folded(maximum),
  Minimum: folded(minimum),
  Average: {
    settings: [],
    call: ({ inputs }) =>
      divide(
        ofOneRank(inputs).reduce((a, b) => add(a, b)),
        inputs.length,
      ),
  },
  Concatenate: {
    settings: ['axis'],
    call: ({ settings, inputs }) => concatenate(inputs, settings.integer('axis', -1)),
  },
  Dot: { settings: ['axes', 'normalize'], call: dot },
};
