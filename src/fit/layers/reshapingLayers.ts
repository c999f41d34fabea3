// Layers that only move elements: Flatten, Reshape, Permute, RepeatVector, Identity.
// Must not import other folders of fit but settings.
import { ShapeError } from '../../graph/errors.js';
import { formatShape } from '../../graph/shape.js';
import { channelsLast, permute } from '../../ops/dataFormat.js';
import { dimsOf, reshapeTo, sizeAt } from '../../ops/moving.js';
import { repeatSpatial } from '../../ops/resizing.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { dataFormatOf } from './convolutionLayers.js';
import type { LayerCall, LayerFamily } from './layerKind.js';

/** Everything but the batch in one dimension; channels last, as Keras does even where they come first. */
function flatten({ settings, input }: LayerCall): SymbolicTensor {
  const rank = dimsOf('flatten', input).length;
  const isFirst = dataFormatOf(settings) === 'channels_first' && rank > 2;
  const moved = isFirst ? channelsLast(input, 'channels_last') : input;
  return reshapeTo(moved, [dimsOf('flatten', input)[0] ?? null, elementsOf(input)]);
}

/** How many elements each entry of the batch has. */
function elementsOf(x: SymbolicTensor): number {
  return dimsOf('reshape', x)
    .slice(1)
    .reduce<number>((count, _, i) => count * sizeAt('reshape', x, i + 1), 1);
}

function reshape({ settings, input }: LayerCall): SymbolicTensor {
  const target = settings.integers('target_shape', []);
  const count = elementsOf(input);
  const known = target.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const sizes = target.map((size) => (size === -1 ? count / known : size));
  const isWhole = sizes.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!isWhole || sizes.reduce((a, b) => a * b, 1) !== count) {
    throw new ShapeError(
      `${settings.owner}: ${count} elements an entry, of shape ${formatShape(input.shape)}, do not fit ${formatShape(target)}`,
      { ...settings.place, path: settings.pathOf('target_shape') },
    );
  }
  return reshapeTo(input, [dimsOf('reshape', input)[0] ?? null, ...sizes]);
}

/** `dims` counts from 1, the batch being 0. */
function permuteLayer({ settings, input }: LayerCall): SymbolicTensor {
  const order = [0, ...settings.integers('dims', [])];
  const rank = dimsOf('permute', input).length;
  if (order.length !== rank || order.some((_, i) => !order.includes(i))) {
    throw settings.refuse('dims', `the numbers 1 to ${rank - 1} in some order`);
  }
  return permute(input, order);
}

/** (batch, features) as (batch, n, features). */
function repeatVector({ settings, input }: LayerCall): SymbolicTensor {
  const [batch = null, features = null, ...others] = dimsOf('repeatVector', input);
  if (others.length > 0) throw new ShapeError(`takes (batch, features), found ${formatShape(input.shape)}`);
  return permute(repeatSpatial(reshapeTo(input, [batch, features, 1]), [settings.count('n')]), [0, 2, 1]);
}

export const reshapingLayers: LayerFamily = {
  Flatten: { settings: ['data_format'], call: flatten },
  Reshape: { settings: ['target_shape'], call: reshape },
  Permute: { settings: ['dims'], call: permuteLayer },
  RepeatVector: { settings: ['n'], call: repeatVector },
  Identity: { settings: [], call: ({ input }) => input },
};
