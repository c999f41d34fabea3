// Transposed convolutions: as ONNX has them, as convolutions, and as keras.ops.conv_transpose has them.
// Must not import anything above graph; the pure entry point must not import it.
import { ShapeError } from '../graph/errors.js';
import type { Attribute } from '../graph/graph.js';
import { type Dim, formatShape } from '../graph/shape.js';
import { type ConvOptions, type ConvWindow, convolve } from './convolution.js';
import { channelsFirst, channelsLast, permute } from './dataFormat.js';
import { dimsOf, reshapeTo, sizeAt, slice, take } from './moving.js';
import { spread } from './spread.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';

/**
 * What a convolution with this kernel and window takes its input's gradient to be: `x`, moved apart by the strides, under
 * the kernel turned around.
 *
 * @param x (N, O, …spatial)
 * @param kernel (O, I / groups, …window), as of the convolution that is transposed
 * @param window its strides, dilations and groups; `pads` are what is put around `x` once it is moved apart, cut off where
 *   negative
 * @returns (N, I, …spatial)
 */
export function convolveTransposed(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  window: ConvWindow,
  bias?: SymbolicTensor,
): SymbolicTensor {
  const { strides, dilations, pads, groups } = window;
  const spans = strides.map(
    (_, i) => (sizeAt('convTranspose', kernel, i + 2) - 1) * (dilations[i] as number) + 1,
  );
  // ONNX counts from the other end: what is cut off the longest result, and what is put behind it.
  const cuts = pads.map(([before, after], i) => [
    (spans[i] as number) - 1 - before,
    (spans[i] as number) - 1 - after,
  ]);
  const more = cuts.map(([, end]) => Math.max(-(end as number), 0));
  const fits = cuts.every(
    ([start], i) => (start as number) >= 0 && (more[i] as number) < (strides[i] as number),
  );
  // ONNX Runtime has it of float32 alone.
  if (!fits || x.dtype !== 'float32') return transposedAsConvolution(x, kernel, window, bias);
  const ends = cuts.map(([, end]) => Math.max(end as number, 0));
  const spatial = strides.map((stride, i) => {
    const whole = (sizeAt('convTranspose', x, i + 2) - 1) * stride + (spans[i] as number);
    return whole - (cuts[i]?.[0] as number) - (ends[i] as number) + (more[i] as number);
  });
  const attributes: Record<string, Attribute> = {
    dilations: { type: 'ints', value: dilations },
    group: { type: 'int', value: groups },
    output_padding: { type: 'ints', value: more },
    pads: { type: 'ints', value: [...cuts.map(([start]) => start as number), ...ends] },
    strides: { type: 'ints', value: strides },
  };
  const channels = groups * sizeAt('convTranspose', kernel, 1);
  const shape: Dim[] = [dimsOf('convTranspose', x)[0] as Dim, channels, ...spatial];
  const inputs = bias === undefined ? [x, kernel] : [x, kernel, bias];
  return applyOp('ConvTranspose', inputs, { dtype: x.dtype, shape }, { attributes });
}

/** As `convolveTransposed`, by Conv alone. */
export function transposedAsConvolution(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  { strides, dilations, pads, groups }: ConvWindow,
  bias?: SymbolicTensor,
): SymbolicTensor {
  const axes = strides.map((_, i) => i + 2);
  const apart = spread(x, axes, strides);
  const cut = slice(
    apart,
    pads.map(([before, after], i) => ({
      axis: i + 2,
      start: Math.max(-before, 0),
      end: sizeAt('convTranspose', apart, i + 2) - Math.max(-after, 0),
    })),
  );
  const inner = pads.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const);
  const ones = strides.map(() => 1);
  return convolve(cut, turned(kernel, groups), { strides: ones, dilations, pads: inner, groups }, bias);
}

/** (O, I / g, …window) as (I, O / g, …window), each window from its end. */
function turned(kernel: SymbolicTensor, groups: number): SymbolicTensor {
  const [filters, each, ...window] = dimsOf('convTranspose', kernel) as readonly number[];
  const count = window.reduce((a, b) => a * b, 1);
  const perGroup = (filters as number) / groups;
  const grouped = permute(reshapeTo(kernel, [groups, perGroup, each as number, count]), [0, 2, 1, 3]);
  const reversed = Array.from({ length: count }, (_, i) => count - 1 - i);
  return reshapeTo(count === 1 ? grouped : take(grouped, reversed, 3), [
    groups * (each as number),
    perGroup,
    ...window,
  ]);
}

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
  /** How much longer than the least each spatial dimension is; by default as long as Keras makes it. */
  readonly outputPadding?: readonly number[] | undefined;
}

/**
 * The transposed convolution of `keras.ops.conv_transpose`: `x` is (N, …spatial, C) or (N, C, …spatial), `kernel`
 * (…window, O, C).
 *
 * @throws {ShapeError} where the channels of `x` and `kernel` do not fit
 */
export function convTranspose(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  options: ConvTransposeOptions = {},
): SymbolicTensor {
  const rank = dimsOf('convTranspose', kernel).length - 2;
  const ones = Array<number>(rank).fill(1);
  const { strides = ones, dilationRate: dilations = ones, padding = 'valid' } = options;
  const { dataFormat = 'channels_last', bias, outputPadding } = options;
  const input = channelsFirst(x, dataFormat);
  if (sizeAt('convTranspose', input, 1) !== sizeAt('convTranspose', kernel, rank + 1)) {
    throw new ShapeError(
      `ops.convTranspose: the channels of ${formatShape(x.shape)} and kernel ${formatShape(kernel.shape)} do not fit`,
    );
  }
  const pads = strides.map((stride, i) => {
    const span = (sizeAt('convTranspose', kernel, i) - 1) * (dilations[i] as number) + 1;
    return padsAround(span, stride, padding, outputPadding?.[i]);
  });
  const axes = [rank + 1, rank, ...Array.from({ length: rank }, (_, i) => i)];
  const window = { strides, dilations, pads, groups: 1 };
  return channelsLast(convolveTransposed(input, permute(kernel, axes), window, bias), dataFormat);
}

/**
 * What is put around the moved-apart input so that the result is as long as Keras has it: `size · stride` for `same`,
 * `(size - 1) · stride + max(span, stride)` for `valid`.
 */
function padsAround(
  span: number,
  stride: number,
  padding: 'valid' | 'same',
  outputPadding: number | undefined,
): readonly [number, number] {
  if (padding === 'valid') {
    return [span - 1, span - 1 + (outputPadding ?? Math.max(span, stride) - span)];
  }
  const total = outputPadding === undefined ? stride + span - 2 : span + (span % 2) - 2 + outputPadding;
  const before = Math.min(Math.ceil(total / 2), span - 1);
  return [before, total - before];
}
