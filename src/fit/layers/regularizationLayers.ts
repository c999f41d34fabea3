// Layers that act in training alone: Dropout, SpatialDropout, AlphaDropout.
// Must not import other folders of fit but settings.

import { asList } from '../../keras/configValue.js';
import { greaterEqual, where } from '../../ops/comparison.js';
import { beneathPermutation, channelsFirst, channelsLast } from '../../ops/dataFormat.js';
import { add, divide, multiply } from '../../ops/elementwise.js';
import { dimsOf, sizeAt, slice } from '../../ops/moving.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { dataFormatOf } from './convolutionLayers.js';
import type { LayerCall, LayerFamily, LayerKind } from './layerKind.js';

function rateOf({ settings, training }: LayerCall): number {
  const rate = settings.number('rate', 0);
  if (rate < 0 || rate > 1) throw settings.refuse('rate', 'a number from 0 to 1');
  return training ? rate : 0;
}

/** A share `rate` of the elements becomes zero, or of what `noise` spans; the others are divided by `1 - rate`. */
function drop(x: SymbolicTensor, noise: SymbolicTensor, rate: number): SymbolicTensor {
  // As numbers: WebGPU providers hand the transposition of booleans to the CPU.
  return multiply(rate === 1 ? x : divide(x, 1 - rate), castTo(greaterEqual(noise, rate), x.dtype));
}

function dropout(layer: LayerCall): SymbolicTensor {
  const { settings, input, uniform } = layer;
  const rate = rateOf(layer);
  if (rate === 0) return input;
  if (settings.raw('noise_shape') !== undefined) return drop(input, noiseOf(layer), rate);
  return beneathPermutation(input, (x) => drop(x, uniform(x), rate));
}

/** Noise in the shape of the setting, which is 1 along the dimensions that share it. */
function noiseOf({ settings, input, uniform }: LayerCall): SymbolicTensor {
  const dims = dimsOf('dropout', input);
  const given = asList(settings.raw('noise_shape'));
  const fits =
    given?.length === dims.length &&
    given.every((size, i) => size === null || size === dims[i] || (size === 1 && i > 0));
  if (!fits)
    throw settings.refuse('noise_shape', `null or 1 for each of ${dims.length} dimensions, null first`);
  const shared = dims.map((_, i) => i).filter((i) => given?.[i] === 1);
  return uniform(firstAlong(input, shared));
}

/** The first element along each of some axes: its shape is all that is asked of it. */
function firstAlong(x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  for (const axis of axes) sizeAt('dropout', x, axis);
  return slice(
    x,
    axes.map((axis) => ({ axis, start: 0, end: 1 })),
  );
}

/** A share `rate` of the channels becomes zero. */
function spatialDropout(layer: LayerCall): SymbolicTensor {
  const rate = rateOf(layer);
  if (rate === 0) return layer.input;
  const format = dataFormatOf(layer.settings);
  const x = channelsFirst(layer.input, format);
  const spatial = dimsOf('dropout', x)
    .map((_, i) => i)
    .slice(2);
  return channelsLast(drop(x, layer.uniform(firstAlong(x, spatial)), rate), format);
}

/** What `selu` tends to far below zero. */
const saturation = -1.6732632423543772 * 1.0507009873554805;

/** A share `rate` of the elements becomes `selu`'s least value; all are scaled so that mean and variance stay. */
function alphaDropout(layer: LayerCall): SymbolicTensor {
  const { settings, input, uniform } = layer;
  const rate = rateOf(layer);
  if (rate === 1) throw settings.refuse('rate', 'below 1');
  if (rate === 0) return input;
  const noise = settings.raw('noise_shape') === undefined ? uniform(input) : noiseOf(layer);
  const scale = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5;
  const kept = where(greaterEqual(noise, rate), input, saturation);
  return add(multiply(kept, scale), -scale * saturation * rate);
}

const spatial = (...more: readonly string[]): LayerKind => ({
  settings: ['rate', 'seed', ...more],
  call: spatialDropout,
});

export const regularizationLayers: LayerFamily = {
  Dropout: { settings: ['rate', 'seed', 'noise_shape'], call: dropout },
  AlphaDropout: { settings: ['rate', 'seed', 'noise_shape'], call: alphaDropout },
  SpatialDropout1D: spatial(),
  SpatialDropout2D: spatial('data_format'),
  SpatialDropout3D: spatial('data_format'),
};
