// Convolutions: as ONNX has them (channels first, explicit pads) and as keras.ops.conv has them.
// Must not import anything above graph; the pure entry point must not import it.
import { ShapeError } from '../graph/errors.js';
import type { Attribute } from '../graph/graph.js';
import { type Dim, formatShape } from '../graph/shape.js';
import { channelsFirst, channelsLast, type DataFormat, permute } from './dataFormat.js';
import { dimsOf, reshapeTo, sizeAt } from './moving.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { outputSize, type Padding, padsFor } from './windows.js';

/** A window that is moved over the spatial dimensions, one number for each. */
export interface ConvWindow {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before and after each spatial dimension. */
  readonly pads: readonly (readonly [number, number])[];
  readonly groups: number;
}

/** ONNX's Conv: `x` is (N, C, …spatial), `kernel` (O, C / groups, …window), `bias` (O,). */
export function convolve(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  window: ConvWindow,
  bias?: SymbolicTensor,
): SymbolicTensor {
  const { strides, dilations, pads, groups } = window;
  const spatial = strides.map((stride, i) => {
    const span = (sizeAt('conv', kernel, i + 2) - 1) * (dilations[i] as number) + 1;
    return outputSize('conv', x, i + 2, span, stride, pads[i] as readonly [number, number]);
  });
  const shape: Dim[] = [dimsOf('conv', x)[0] as Dim, dimsOf('conv', kernel)[0] as Dim, ...spatial];
  const attributes: Record<string, Attribute> = {
    dilations: { type: 'ints', value: dilations },
    group: { type: 'int', value: groups },
    pads: { type: 'ints', value: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)] },
    strides: { type: 'ints', value: strides },
  };
  const inputs = bias === undefined ? [x, kernel] : [x, kernel, bias];
  return applyOp('Conv', inputs, { dtype: x.dtype, shape }, { attributes });
}

export interface ConvOptions {
  /** One number for each spatial dimension. Default 1. */
  readonly strides?: readonly number[];
  /** Default `valid`. */
  readonly padding?: Padding;
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
  /** Default 1. */
  readonly dilationRate?: readonly number[];
  /** Added to each channel of the result. */
  readonly bias?: SymbolicTensor | undefined;
}

/**
 * The convolution of `keras.ops.conv`: `x` is (N, …spatial, C) or (N, C, …spatial), `kernel` (…window, C / groups, O).
 *
 * @throws {ShapeError} where the channels of `x` and `kernel` do not fit
 */
export function conv(x: SymbolicTensor, kernel: SymbolicTensor, options: ConvOptions = {}): SymbolicTensor {
  const rank = dimsOf('conv', kernel).length - 2;
  const input = channelsFirst(x, options.dataFormat ?? 'channels_last');
  const channels = sizeAt('conv', input, 1);
  const each = sizeAt('conv', kernel, rank);
  const filters = sizeAt('conv', kernel, rank + 1);
  if (channels % each !== 0 || filters % (channels / each) !== 0) throw misfit('conv', x, kernel);
  return convolveLike(input, permute(kernel, [rank + 1, rank, ...range(rank)]), channels / each, options);
}

/**
 * The convolution of `keras.ops.depthwise_conv`, of each channel by itself: `kernel` is (…window, C, multiplier), and the
 * result has C · multiplier channels, those of one channel side by side.
 *
 * @throws {ShapeError} where the channels of `x` and `kernel` do not fit
 */
export function depthwiseConv(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  options: ConvOptions = {},
): SymbolicTensor {
  const rank = dimsOf('depthwiseConv', kernel).length - 2;
  const input = channelsFirst(x, options.dataFormat ?? 'channels_last');
  const channels = sizeAt('depthwiseConv', input, 1);
  if (channels !== sizeAt('depthwiseConv', kernel, rank)) throw misfit('depthwiseConv', x, kernel);
  const moved = permute(kernel, [rank, rank + 1, ...range(rank)]);
  const filters = channels * sizeAt('depthwiseConv', kernel, rank + 1);
  const single = reshapeTo(moved, [filters, 1, ...dimsOf('depthwiseConv', moved).slice(2)]);
  return convolveLike(input, single, channels, options);
}

/** `input` has its channels first, `kernel` is as ONNX has it; the result is in the caller's format. */
function convolveLike(
  input: SymbolicTensor,
  kernel: SymbolicTensor,
  groups: number,
  options: ConvOptions,
): SymbolicTensor {
  const ones = dimsOf('conv', kernel)
    .slice(2)
    .map(() => 1);
  const { strides = ones, dilationRate: dilations = ones, padding = 'valid' } = options;
  const pads = strides.map((stride, i) => {
    const span = (sizeAt('conv', kernel, i + 2) - 1) * (dilations[i] as number) + 1;
    return padsFor('conv', padding, sizeAt('conv', input, i + 2), span, stride);
  });
  const convolved = convolve(input, kernel, { strides, dilations, pads, groups }, options.bias);
  return channelsLast(convolved, options.dataFormat ?? 'channels_last');
}

function misfit(op: string, x: SymbolicTensor, kernel: SymbolicTensor): ShapeError {
  return new ShapeError(
    `ops.${op}: the channels of ${formatShape(x.shape)} and kernel ${formatShape(kernel.shape)} do not fit`,
  );
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
