// Operators that the processor has another form of, at sizes that reach each way there.
// Must not import Node.
import { type ConvWindow, convolve } from '../../src/ops/convolution.js';
import * as ops from '../../src/ops/index.js';
import { poolWindows } from '../../src/ops/pooling.js';
import { convolveTransposed } from '../../src/ops/transposedConvolution.js';
import type { FormCase } from './formCases.js';

const windowOf = (kernel: readonly number[], more: Partial<ConvWindow>): ConvWindow => {
  const spatial = kernel.slice(2);
  return {
    strides: spatial.map(() => 1),
    dilations: spatial.map(() => 1),
    pads: spatial.map(() => [0, 0] as const),
    groups: 1,
    ...more,
  };
};

const conv = (
  x: readonly number[],
  kernel: readonly number[],
  more: Partial<ConvWindow> = {},
  isOpen = false,
): FormCase => ({
  name: `conv ${x.join('x')} by ${kernel.join('x')} ${JSON.stringify(more)}${isOpen ? ', the batch open' : ''}`,
  shapes: [x, kernel, [kernel[0] as number]],
  open: isOpen,
  fn: (a, b, c) => convolve(a, b, windowOf(kernel, more), c),
});

const transposed = (
  x: readonly number[],
  kernel: readonly number[],
  more: Partial<ConvWindow> = {},
): FormCase => ({
  name: `transposed conv ${x.join('x')} by ${kernel.join('x')} ${JSON.stringify(more)}`,
  shapes: [x, kernel, [(kernel[1] as number) * (more.groups ?? 1)]],
  open: true,
  fn: (a, b, c) => convolveTransposed(a, b, windowOf(kernel, more), c),
});

const pooled = (
  size: number,
  x: readonly number[],
  pads: ConvWindow['pads'] = [
    [0, 0],
    [0, 0],
  ],
): FormCase => ({
  name: `max pooling by ${size} of ${x.join('x')} ${JSON.stringify(pads)}`,
  shapes: [x],
  open: true,
  // Few values, so that many are equal.
  first: Array.from({ length: x.reduce((a, b) => a * b, 1) }, (_, i) => ((i * i) % 7) % 3),
  fn: (a) => poolWindows('MaxPool', a, { size: [size, size], strides: [size, size], pads }),
});

/** Compared with the operators as they are. */
export const hostFormCases: readonly FormCase[] = [
  conv([3, 8, 6, 7], [5, 8, 3, 2]),
  conv([3, 8, 6, 7], [5, 8, 3, 2], {}, true),
  conv([2, 9, 8, 8], [4, 9, 3, 3], {
    strides: [2, 1],
    dilations: [1, 2],
    pads: [
      [1, 1],
      [0, 2],
    ],
  }),
  conv([2, 8, 19], [3, 8, 4], { strides: [2] }, true),
  conv([2, 8, 5, 4, 6], [3, 8, 2, 3, 2]),
  // More than is laid out together: a place after another, and an image after another.
  conv([2, 64, 24, 24], [8, 64, 3, 3]),
  conv([2, 64, 24, 25], [8, 64, 3, 3], { strides: [1, 2], dilations: [2, 1] }, true),
  // Neither few channels nor groups are taken apart.
  conv([2, 3, 6, 6], [4, 3, 3, 3]),
  conv([2, 16, 6, 6], [8, 8, 3, 3], { groups: 2 }),
  transposed([2, 6, 4, 5], [6, 3, 3, 2], {
    pads: [
      [2, 2],
      [1, 1],
    ],
  }),
  transposed([2, 6, 4, 5], [6, 3, 3, 2], {
    strides: [3, 2],
    pads: [
      [2, 4],
      [0, 1],
    ],
  }),
  transposed([2, 6, 7], [6, 4, 3], { dilations: [2], pads: [[4, 3]] }),
  transposed([2, 6, 4, 5], [6, 3, 3, 2], {
    dilations: [2, 3],
    pads: [
      [4, 3],
      [3, 3],
    ],
  }),
  transposed([1, 4, 3, 2, 3], [4, 2, 2, 2, 3], {
    pads: [
      [1, 1],
      [0, 1],
      [2, 1],
    ],
  }),
  transposed([2, 6, 4, 4], [6, 2, 3, 3], {
    groups: 3,
    pads: [
      [2, 2],
      [2, 2],
    ],
  }),
  transposed([1, 64, 20, 20], [64, 96, 3, 3], {
    pads: [
      [2, 2],
      [1, 1],
    ],
  }),
  pooled(2, [3, 4, 6, 8]),
  pooled(3, [2, 2, 6, 9]),
  pooled(
    2,
    [2, 3, 7, 5],
    [
      [0, 1],
      [1, 0],
    ],
  ),
  pooled(2, [2, 3, 7, 5]),
  { name: 'relu', shapes: [[6]], first: [-1, 0, 2, -3, 3, 1e-40], fn: (x) => ops.relu(x) },
  { name: 'clip', shapes: [[5]], first: [-3, -0.5, 0, 0.4, 7], fn: (a) => ops.clip(a, -1, 1) },
];
