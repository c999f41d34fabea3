// Poolings: of windows, and of everything.
// Must not import other folders of fit but settings.

import { channelsFirst } from '../../ops/dataFormat.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { averagePool, maxPool } from '../../ops/pooling.js';
import { mean } from '../../ops/reduction.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { dataFormatOf } from './convolutionLayers.js';
import type { LayerCall, LayerFamily, LayerKind } from './layerKind.js';

function windowed(rank: number, pool: typeof maxPool): LayerKind {
  const call = ({ settings, input }: LayerCall): SymbolicTensor => {
    const size = settings.counts('pool_size', rank, Array<number>(rank).fill(2));
    return pool(input, size, {
      strides: settings.counts('strides', rank, size),
      padding: settings.choice('padding', ['valid', 'same'], 'valid'),
      dataFormat: dataFormatOf(settings),
    });
  };
  return { settings: ['pool_size', 'strides', 'padding', 'data_format'], call };
}

function global(reduce: (x: SymbolicTensor, axes: readonly number[]) => SymbolicTensor): LayerKind {
  const call = ({ settings, input }: LayerCall): SymbolicTensor => {
    const format = dataFormatOf(settings);
    const first = channelsFirst(input, format);
    const spatial = dimsOf('pool', first).slice(2);
    const pooled = reduce(
      first,
      spatial.map((_, i) => i + 2),
    );
    if (!settings.boolean('keepdims', false)) return pooled;
    const [batch = null, channels = null] = dimsOf('pool', pooled);
    const ones = spatial.map(() => 1);
    return reshapeTo(
      pooled,
      format === 'channels_first' ? [batch, channels, ...ones] : [batch, ...ones, channels],
    );
  };
  return { settings: ['data_format', 'keepdims'], call };
}

/** The operator itself: `ops.max` would look for NaN too, which the loss tells of. */
function largest(x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  const shape = x.shape?.filter((_, i) => !axes.includes(i));
  return applyOp(
    'ReduceMax',
    [x],
    { dtype: x.dtype, shape },
    { axes, attributes: { keepdims: { type: 'int', value: 0 } } },
  );
}

const globalAverage = global((x, axes) => mean(x, axes));
const globalMax = global(largest);

export const poolingLayers: LayerFamily = {
  MaxPooling1D: windowed(1, maxPool),
  MaxPooling2D: windowed(2, maxPool),
  MaxPooling3D: windowed(3, maxPool),
  AveragePooling1D: windowed(1, averagePool),
  AveragePooling2D: windowed(2, averagePool),
  AveragePooling3D: windowed(3, averagePool),
  GlobalAveragePooling1D: globalAverage,
  GlobalAveragePooling2D: globalAverage,
  GlobalAveragePooling3D: globalAverage,
  GlobalMaxPooling1D: globalMax,
  GlobalMaxPooling2D: globalMax,
  GlobalMaxPooling3D: globalMax,
};
