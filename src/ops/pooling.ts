// Poolings: as ONNX has them (channels first, explicit pads) and as keras.ops has them.
// Must not import anything above graph; the pure entry point must not import it.
import type { Attribute } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { channelsFirst, channelsLast, type DataFormat } from './dataFormat.js';
import { relu } from './elementwise.js';
import { dimsOf, sizeAt } from './moving.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { outputSize, type Padding, padsFor } from './windows.js';

/** A window that is moved over the spatial dimensions, one number for each. */
export interface PoolWindow {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  /** Before and after each spatial dimension. */
  readonly pads: readonly (readonly [number, number])[];
}

/** ONNX's MaxPool or AveragePool of (N, C, …spatial); averages are over what lies inside. */
export function poolWindows(
  opType: 'MaxPool' | 'AveragePool',
  x: SymbolicTensor,
  { size, strides, pads }: PoolWindow,
): SymbolicTensor {
  const spatial = size.map((span, i) =>
    outputSize('pool', x, i + 2, span, strides[i] as number, pads[i] as readonly [number, number]),
  );
  const shape: Dim[] = [...dimsOf('pool', x).slice(0, 2), ...spatial];
  const attributes: Record<string, Attribute> = {
    kernel_shape: { type: 'ints', value: size },
    pads: { type: 'ints', value: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)] },
    strides: { type: 'ints', value: strides },
  };
  return applyOp(opType, [x], { dtype: x.dtype, shape }, { attributes });
}

export interface PoolOptions {
  /** One number for each spatial dimension. Default: the window's size. */
  readonly strides?: readonly number[];
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/** The largest element of each window, as `keras.ops.max_pool`. */
export function maxPool(
  x: SymbolicTensor,
  poolSize: readonly number[],
  options: PoolOptions = {},
): SymbolicTensor {
  return pool('MaxPool', x, poolSize, options);
}

/** The mean of each window's elements, padding left out, as `keras.ops.average_pool`. */
export function averagePool(
  x: SymbolicTensor,
  poolSize: readonly number[],
  options: PoolOptions = {},
): SymbolicTensor {
  return pool('AveragePool', x, poolSize, options);
}

function pool(
  opType: 'MaxPool' | 'AveragePool',
  x: SymbolicTensor,
  size: readonly number[],
  { strides = size, padding = 'valid', dataFormat = 'channels_last' }: PoolOptions,
): SymbolicTensor {
  const given = channelsFirst(x, dataFormat);
  // The largest of what is cut off at zero is the largest, cut off: fewer elements to cut off, and to pass back through.
  const cut = opType === 'MaxPool' ? cutOff(given) : undefined;
  const input = cut ?? given;
  const pads = size.map((span, i) =>
    padsFor('pool', padding as Padding, sizeAt('pool', input, i + 2), span, strides[i] as number),
  );
  const pooled = poolWindows(opType, input, { size, strides, pads });
  return channelsLast(cut === undefined ? pooled : relu(pooled), dataFormat);
}

/** What a ReLU was applied to. */
function cutOff({ source }: SymbolicTensor): SymbolicTensor | undefined {
  return source.kind === 'op' && source.opType === 'Relu' ? source.inputs[0] : undefined;
}
