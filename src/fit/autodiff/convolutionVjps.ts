// Derivatives of convolutions and of transposed ones, each by the other.
// Must not import other folders of fit.
import type { Attribute } from '../../graph/graph.js';
import type { Dim } from '../../graph/shape.js';
import { type ConvWindow, convolve } from '../../ops/convolution.js';
import { permute } from '../../ops/dataFormat.js';
import { dimsOf, pad, reshapeTo, sizeAt, slice } from '../../ops/moving.js';
import { sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { convolveTransposed } from '../../ops/transposedConvolution.js';
import { eachInput, inputAt, type Vjp, type VjpFamily } from './vjp.js';

const convVjp: Vjp = (call) => {
  const [x, kernel] = [inputAt(call, 0), inputAt(call, 1)];
  const window = convWindowOf(call.attributes);
  const rules = [
    () => inputGradient(call.cotangent, x, kernel, window),
    () => kernelGradient(call.cotangent, x, kernel, window),
    () => sum(call.cotangent, spatialAxes(window, [0])),
  ];
  return eachInput(call, ...rules.slice(0, call.inputs.length));
};

/** What a convolution takes its input's gradient to be is differentiated by that convolution. */
const convTransposeVjp: Vjp = (call) => {
  const [x, kernel] = [inputAt(call, 0), inputAt(call, 1)];
  const window = convWindowOf(call.attributes);
  const rules = [
    () => convolve(call.cotangent, kernel, window),
    () => kernelGradient(x, call.cotangent, kernel, window),
    () => sum(call.cotangent, spatialAxes(window, [0])),
  ];
  return eachInput(call, ...rules.slice(0, call.inputs.length));
};

/** The window that the attributes of Conv or ConvTranspose describe. */
export function convWindowOf(attributes: Readonly<Record<string, Attribute>>): ConvWindow {
  const list = (name: string): readonly number[] => {
    const value = attributes[name];
    return value?.type === 'ints' ? value.value : [];
  };
  const pads = list('pads');
  const rank = pads.length / 2;
  const group = attributes.group?.type === 'int' ? attributes.group.value : 1;
  return {
    strides: list('strides'),
    dilations: list('dilations'),
    pads: pads.slice(0, rank).map((before, i) => [before, pads[i + rank] as number]),
    groups: group,
  };
}

const spatialAxes = ({ strides }: ConvWindow, before: readonly number[] = []): readonly number[] => [
  ...before,
  ...strides.map((_, i) => i + 2),
];

/** The convolution's transpose; the input's last elements may lie under no window. */
function inputGradient(
  cotangent: SymbolicTensor,
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  window: ConvWindow,
): SymbolicTensor {
  const pads = window.pads.map(([before], i): readonly [number, number] => {
    const reach = (sizeAt('gradients', kernel, i + 2) - 1) * (window.dilations[i] as number);
    const apart = (sizeAt('gradients', cotangent, i + 2) - 1) * (window.strides[i] as number) + 1;
    const front = reach - before;
    return [front, sizeAt('gradients', x, i + 2) - apart - front + reach];
  });
  return convolveTransposed(cotangent, kernel, { ...window, pads });
}

/** The input under the cotangent: batch and channels change places, strides and dilations too. */
function kernelGradient(
  cotangent: SymbolicTensor,
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  { strides, dilations, pads, groups }: ConvWindow,
): SymbolicTensor {
  const [filters, each, ...window] = dimsOf('gradients', kernel) as readonly number[];
  const padded = pad(x, [[0, 0], [0, 0], ...pads]);
  // What the last windows do not reach would make the result larger than the kernel.
  const reached = slice(
    padded,
    window.map((size, i) => ({
      axis: i + 2,
      start: 0,
      end:
        (sizeAt('gradients', cotangent, i + 2) - 1) * (strides[i] as number) +
        (size - 1) * (dilations[i] as number) +
        1,
    })),
  );
  const byFilter = permute(cotangent, exchanged(cotangent));
  const result = convolve(batchAsChannels(reached, groups, each as number), byFilter, {
    strides: dilations,
    dilations: strides,
    pads: strides.map(() => [0, 0]),
    groups,
  });
  return reshapeTo(permute(result, exchanged(result)), [filters as number, each as number, ...window]);
}

/** (N, g · C, …spatial) as (C, g · N, …spatial). */
function batchAsChannels(x: SymbolicTensor, groups: number, each: number): SymbolicTensor {
  if (groups === 1) return permute(x, exchanged(x));
  const [batch, , ...spatial] = dimsOf('gradients', x);
  const grouped = reshapeTo(x, [batch as Dim, groups, each, ...spatial]);
  const axes = [2, 1, 0, ...spatial.map((_, i) => i + 3)];
  const merged = typeof batch === 'number' ? batch * groups : null;
  return reshapeTo(permute(grouped, axes), [each, merged, ...spatial]);
}

/** The order in which the first two dimensions change places. */
function exchanged(x: SymbolicTensor): readonly number[] {
  return dimsOf('gradients', x).map((_, i) => (i < 2 ? 1 - i : i));
}

export const convolutionVjps: VjpFamily = { Conv: convVjp, ConvTranspose: convTransposeVjp };
