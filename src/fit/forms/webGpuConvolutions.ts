// Convolutions that WebGPU computes right.
// Must not import other folders of fit.
import { type ConvWindow, convolve } from '../../ops/convolution.js';
import { add } from '../../ops/elementwise.js';
import { dimsOf, pad, reshapeTo, sizeAt, slice } from '../../ops/moving.js';
import { concatenate } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { transposedAsConvolution } from '../../ops/transposedConvolution.js';
import { convWindowOf } from '../autodiff/convolutionVjps.js';
import type { FormCall } from './form.js';

interface Convolution {
  readonly x: SymbolicTensor;
  readonly kernel: SymbolicTensor;
  readonly bias: SymbolicTensor | undefined;
  readonly window: ConvWindow;
}

function convolutionOf({ inputs, attributes }: FormCall): Convolution {
  const [x, kernel, bias] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor | undefined];
  return { x, kernel, bias, window: convWindowOf(attributes) };
}

/** The transposed convolution by Conv, which has forms of its own. */
export function transposedByConv(call: FormCall): SymbolicTensor {
  const { x, kernel, bias, window } = convolutionOf(call);
  const { output_padding: padding } = call.attributes;
  const more = padding?.type === 'ints' ? padding.value : [];
  const pads = window.pads.map(([start, end], i): readonly [number, number] => {
    const reach = (sizeAt('conv', kernel, i + 2) - 1) * (window.dilations[i] as number);
    return [reach - start, reach - end + (more[i] ?? 0)];
  });
  return transposedAsConvolution(x, kernel, { ...window, pads }, bias);
}

/**
 * In three dimensions, over an input that is padded beforehand: browsers take no padding but of one number all around. One
 * element more is padded and cut off, lest ONNX Runtime fuse the padding again.
 */
export function paddedBeforehand(call: FormCall): SymbolicTensor | undefined {
  const { x, kernel, bias, window } = convolutionOf(call);
  const { pads } = window;
  const all = pads.flat();
  if (pads.length < 3 || all.every((size) => size === all[0])) return undefined;
  const last = dimsOf('conv', x).length - 1;
  const wider = pads.map(([before, after], i): [number, number] => [
    before,
    after + (i + 2 === last ? 1 : 0),
  ]);
  const padded = pad(x, [[0, 0], [0, 0], ...wider]);
  const cut = slice(padded, [{ axis: last, start: 0, end: sizeAt('conv', padded, last) - 1 }]);
  const result = convolve(cut, kernel, { ...window, pads: pads.map(() => [0, 0]) }, bias);
  const { source } = result;
  return (source.kind === 'op' ? groupsApart({ ...call, ...source }) : undefined) ?? result;
}

/** A convolution a group, side by side. */
export function groupsApart(call: FormCall): SymbolicTensor | undefined {
  const { x, kernel, bias, window } = convolutionOf(call);
  const { groups, strides } = window;
  if (groups === 1 || strides.length < 3) return undefined;
  const channels = sizeAt('conv', x, 1) / groups;
  const filters = sizeAt('conv', kernel, 0) / groups;
  const part = (of: SymbolicTensor, axis: number, group: number, size: number): SymbolicTensor =>
    slice(of, [{ axis, start: group * size, end: (group + 1) * size }]);
  return concatenate(
    Array.from({ length: groups }, (_, group) =>
      convolve(
        part(x, 1, group, channels),
        part(kernel, 0, group, filters),
        { ...window, groups: 1 },
        bias && part(bias, 0, group, filters),
      ),
    ),
    1,
  );
}

/**
 * A window of one, and behind its result what it makes of padding: the provider takes it for a product of matrices where
 * nothing stands before, and leaves out what stands behind. Padding the input is no way, as ONNX Runtime fuses that again.
 */
export function paddedBehind(call: FormCall): SymbolicTensor | undefined {
  const { x, kernel, bias, window } = convolutionOf(call);
  const { pads } = window;
  const isOne = dimsOf('conv', kernel)
    .slice(2)
    .every((size) => size === 1);
  const isBehind = pads.every(([before]) => before === 0) && pads.some(([, after]) => after > 0);
  if (!isOne || !isBehind) return undefined;
  const inside = convolve(x, kernel, { ...window, pads: pads.map(() => [0, 0]) });
  const right = inside.source.kind === 'op' ? channelsInFours({ ...call, ...inside.source }) : undefined;
  const rest = pads.map((_, i): [number, number] => [
    0,
    sizeAt('conv', call.tensor, i + 2) - sizeAt('conv', inside, i + 2),
  ]);
  const result = pad(right ?? inside, [[0, 0], [0, 0], ...rest]);
  if (bias === undefined) return result;
  return add(result, reshapeTo(bias, [sizeAt('conv', kernel, 0), ...pads.map(() => 1)]));
}

/** With channels of zeros up to a multiple of four; where channels are open, with a filter of zeros that is cut off. */
export function channelsInFours(call: FormCall): SymbolicTensor | undefined {
  const { x, kernel, bias, window } = convolutionOf(call);
  const filters = sizeAt('conv', kernel, 0);
  if (window.groups !== 1 || window.strides.length > 2 || filters % 4 !== 0) return undefined;
  const channels = dimsOf('conv', x)[1];
  if (typeof channels !== 'number') {
    const wider = bias && pad(bias, [[0, 1]]);
    const result = convolve(x, padAt(kernel, 0, 1), window, wider);
    return slice(result, [{ axis: 1, start: 0, end: filters }]);
  }
  if (channels === 3 || channels % 3 !== 0 || channels % 4 === 0) return undefined;
  const more = 4 - (channels % 4);
  return convolve(padAt(x, 1, more), padAt(kernel, 1, more), window, bias);
}

function padAt(x: SymbolicTensor, axis: number, count: number): SymbolicTensor {
  return pad(
    x,
    dimsOf('pad', x).map((_, i): [number, number] => [0, i === axis ? count : 0]),
  );
}
