// Poolings of three dimensions, which WebGPU in browsers has none of: of two, and then of the one that is left.
// Must not import other folders of fit.
import { dimsOf, reshapeTo, sizeAt } from '../../ops/moving.js';
import { type PoolWindow, poolWindows } from '../../ops/pooling.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { poolWindowOf } from '../autodiff/poolingVjps.js';
import type { FormCall } from './form.js';

/** A mean over what lies inside a window is the mean of such means: how many there are is a product over the dimensions. */
export function inTwoPoolings({ tensor, inputs: [x], attributes }: FormCall): SymbolicTensor | undefined {
  const { source } = tensor;
  const window = poolWindowOf(attributes);
  if (x === undefined || source.kind !== 'op' || window.size.length !== 3) return undefined;
  const opType = source.opType === 'MaxPool' ? 'MaxPool' : 'AveragePool';
  const [batch = null, , depth = null, ...plane] = dimsOf('pool', x);
  const channels = sizeAt('pool', x, 1);
  const slices = reshapeTo(x, [batch, channels * (depth as number), ...plane]);
  const flat = poolWindows(opType, slices, part(window, 1, 3));
  const area = sizeAt('pool', flat, 2) * sizeAt('pool', flat, 3);
  const lines = reshapeTo(flat, [batch, channels, depth, area]);
  const { size, strides, pads } = part(window, 0, 1);
  const column = { size: [...size, 1], strides: [...strides, 1], pads: [...pads, [0, 0] as const] };
  return reshapeTo(poolWindows(opType, lines, column), dimsOf('pool', tensor));
}

const part = ({ size, strides, pads }: PoolWindow, from: number, to: number): PoolWindow => ({
  size: size.slice(from, to),
  strides: strides.slice(from, to),
  pads: pads.slice(from, to),
});
