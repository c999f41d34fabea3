// Convolutions: Conv, its transpose, depthwise and separable ones, in one to three dimensions.
// Must not import other folders of fit but settings and activations.
import { type ConvOptions, conv, depthwiseConv } from '../../ops/convolution.js';
import type { DataFormat } from '../../ops/dataFormat.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { convTranspose } from '../../ops/transposedConvolution.js';
import { activationAt } from '../activationTable.js';
import type { Settings } from '../settings.js';
import type { LayerCall, LayerFamily, LayerKind } from './layerKind.js';

const windowSettings: readonly string[] = [
  'kernel_size',
  'strides',
  'padding',
  'data_format',
  'dilation_rate',
  'activation',
  'use_bias',
  'rank',
];

/** Where a layer's channels are. */
export function dataFormatOf(settings: Settings): DataFormat {
  return settings.choice('data_format', ['channels_last', 'channels_first'], 'channels_last');
}

interface WindowOptions extends ConvOptions {
  readonly strides: readonly number[];
  readonly dataFormat: DataFormat;
}

/** What all convolutions read of their settings but the padding. */
function windowOf({ settings, variable }: LayerCall, rank: number): WindowOptions {
  const ones = Array<number>(rank).fill(1);
  return {
    strides: settings.counts('strides', rank, ones),
    dilationRate: settings.counts('dilation_rate', rank, ones),
    dataFormat: dataFormatOf(settings),
    bias: settings.boolean('use_bias', true) ? variable('bias') : undefined,
  };
}

const paddingOf = (settings: Settings): 'valid' | 'same' =>
  settings.choice('padding', ['valid', 'same'], 'valid');

/** A layer that ends with its activation. */
function activated(more: readonly string[], convolve: (layer: LayerCall) => SymbolicTensor): LayerKind {
  return {
    settings: [...windowSettings, ...more],
    call: (layer) => activationAt(layer.settings)(convolve(layer)),
  };
}

const convolution = (rank: number): LayerKind =>
  activated(['filters', 'groups'], (layer) => {
    const { settings, input, variable } = layer;
    const padding =
      rank === 1 ? settings.choice('padding', ['valid', 'same', 'causal'], 'valid') : paddingOf(settings);
    return conv(input, variable('kernel'), { ...windowOf(layer, rank), padding });
  });

const transposed = (rank: number): LayerKind =>
  activated(['filters', 'output_padding'], (layer) => {
    const { settings, input, variable } = layer;
    const window = windowOf(layer, rank);
    return convTranspose(input, variable('kernel'), {
      ...window,
      padding: paddingOf(settings),
      outputPadding: outputPaddingOf(settings, window.strides),
    });
  });

/** It stays below the strides, as in Keras: more would be elements that no input reaches. */
function outputPaddingOf(settings: Settings, strides: readonly number[]): readonly number[] | undefined {
  if (settings.raw('output_padding') === undefined) return undefined;
  const given = settings.integers('output_padding', []);
  const list = given.length === 1 ? strides.map(() => given[0] as number) : given;
  const fits =
    list.length === strides.length && list.every((size, i) => size >= 0 && size < (strides[i] ?? 0));
  if (fits) return list;
  throw settings.refuse('output_padding', `from 0 to below the strides, ${strides.join(', ')}`);
}

const depthwise = (rank: number): LayerKind =>
  activated(['depth_multiplier'], (layer) => {
    const padding = paddingOf(layer.settings);
    return depthwiseConv(layer.input, layer.variable('kernel'), { ...windowOf(layer, rank), padding });
  });

/** Each channel by itself under its window, then all of them at each place. */
const separable = (rank: number): LayerKind =>
  activated(['filters', 'depth_multiplier'], (layer) => {
    const { settings, input, variable } = layer;
    const { bias, ...window } = windowOf(layer, rank);
    const padding = paddingOf(settings);
    const each = depthwiseConv(input, variable('depthwise_kernel'), { ...window, padding });
    return conv(each, variable('pointwise_kernel'), { dataFormat: window.dataFormat, bias });
  });

export const convolutionLayers: LayerFamily = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
};
