// Operators that some provider has another form of, with inputs that reach where it is needed.
// Must not import Node.
import { gradients } from '../../src/fit/autodiff/gradients.js';
import { encodeTensors } from '../../src/fit/step/encodeTensors.js';
import { type ConvWindow, convolve } from '../../src/ops/convolution.js';
import * as ops from '../../src/ops/index.js';
import { takeRows } from '../../src/ops/moving.js';
import { poolWindows } from '../../src/ops/pooling.js';
import { applyOp, type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { castTo, constant } from '../../src/ops/tensorLike.js';
import { Random } from './random.js';

export interface FormCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly fn: (...inputs: SymbolicTensor[]) => SymbolicTensor;
  /** The batch is open to the graph: the first dimension of the first input. */
  readonly open?: boolean;
  /** What the first input holds; default: numbers from -1 to 1. */
  readonly first?: readonly number[];
  /** No derivatives are compared. */
  readonly forwardOnly?: boolean;
}

/** What a graph is fed, by name. */
export type FormFeeds = Readonly<
  Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>
>;

const conv = (x: readonly number[], kernel: readonly number[], more: Partial<ConvWindow> = {}): FormCase => {
  const spatial = kernel.slice(2);
  const window = {
    strides: spatial.map(() => 1),
    dilations: spatial.map(() => 1),
    pads: spatial.map(() => [0, 0] as const),
    groups: 1,
    ...more,
  };
  return {
    name: `conv ${x.join('x')} by ${kernel.join('x')} ${JSON.stringify(more)}`,
    shapes: [x, kernel, [kernel[0] as number]],
    fn: (a, b, c) => convolve(a, b, window, c),
  };
};

/** The largest of windows side by side over a convolution with its bias. */
const pooledConv = (
  x: readonly number[],
  kernel: readonly number[],
  size: readonly number[],
  more: Partial<ConvWindow> = {},
): FormCase => {
  const row = conv(x, kernel, more);
  const pads = size.map(() => [0, 0] as const);
  return {
    ...row,
    name: `${row.name}, then the largest of each ${size.join('x')}`,
    fn: (...inputs) => poolWindows('MaxPool', row.fn(...inputs), { size, strides: size, pads }),
  };
};

/** A window longer than what it gives. */
const longWindow: FormCase = {
  name: 'conv whose window is longer than its result',
  shapes: [
    [3, 2, 5, 5],
    [4, 2, 4, 4],
  ],
  fn: (a, b) =>
    convolve(a, b, {
      strides: [1, 1],
      dilations: [1, 1],
      pads: [
        [0, 0],
        [0, 0],
      ],
      groups: 1,
    }),
};

const open = (row: FormCase): FormCase => ({ ...row, name: `${row.name}, the batch open`, open: true });

const { NaN: nan } = Number;

export const formCases: readonly FormCase[] = [
  ...[1, 2, 3, 4, 6, 9, 12, 15].map((channels) => conv([2, channels, 6, 6], [4, channels, 3, 2])),
  ...[3, 5, 6, 9].map((channels) => conv([2, channels, 7], [8, channels, 3])),
  conv([2, 6, 7, 7], [4, 6, 2, 2], {
    strides: [2, 2],
    dilations: [2, 1],
    pads: [
      [1, 1],
      [0, 2],
    ],
  }),
  conv([2, 6, 7, 7], [4, 6, 1, 1], { strides: [2, 2] }),
  conv([2, 6, 6, 6], [4, 6, 1, 1], { strides: [2, 2] }),
  ...[2, 6].map((channels) =>
    conv([2, channels, 5, 5], [4, channels, 1, 1], {
      pads: [
        [0, 0],
        [0, 1],
      ],
    }),
  ),
  conv([2, 2, 5], [2, 2, 1], { pads: [[0, 2]] }),
  conv([6, 4, 5, 5], [8, 4, 3, 3]),
  conv([9, 2, 8], [4, 2, 3], { pads: [[2, 0]] }),
  conv([2, 6, 5, 5], [4, 3, 2, 2], { groups: 2 }),
  conv([2, 6, 5, 5], [12, 1, 3, 3], { groups: 6 }),
  conv([1, 4, 4, 4, 4], [4, 2, 2, 2, 2], { groups: 2 }),
  conv([1, 6, 4, 4, 4], [4, 6, 2, 2, 2]),
  conv([3, 24, 4, 4], [24, 24, 2, 2]),
  conv([3, 24, 9], [24, 24, 2], { strides: [2], dilations: [3], pads: [[1, 0]] }),
  open(conv([3, 24, 4, 4], [24, 24, 2, 2])),
  longWindow,
  open(longWindow),
  pooledConv([2, 3, 7, 8], [4, 3, 3, 3], [2, 2]),
  open(pooledConv([3, 2, 9, 7], [4, 2, 2, 3], [3, 2], { strides: [1, 2] })),
  pooledConv([2, 4, 8, 9], [6, 2, 3, 2], [2, 2], {
    groups: 2,
    dilations: [2, 1],
    pads: [
      [1, 2],
      [0, 1],
    ],
  }),
  pooledConv([2, 2, 11], [4, 2, 3], [3], { pads: [[3, 0]] }),
  pooledConv([1, 2, 5, 4, 6], [2, 2, 2, 1, 3], [2, 2, 2]),
  ...[1, 2].map((groups) =>
    conv([1, 2, 4, 5, 4], [2, 2 / groups, 3, 2, 2], {
      groups,
      strides: [2, 3, 1],
      pads: [
        [0, 3],
        [2, 1],
        [1, 0],
      ],
    }),
  ),
  ...(['MaxPool', 'AveragePool'] as const).map((opType) =>
    open({
      name: `${opType} of three dimensions`,
      shapes: [[3, 2, 5, 4, 5]],
      fn: (a) =>
        poolWindows(opType, a, {
          size: [3, 2, 2],
          strides: [2, 1, 2],
          pads: [
            [1, 1],
            [0, 1],
            [0, 0],
          ],
        }),
    }),
  ),
  {
    name: 'rows, some several times',
    shapes: [[4, 3]],
    fn: (a) =>
      takeRows(ops.square(a), constant({ dtype: 'int32', dims: [2, 2], data: Int32Array.of(3, 1, 3, 0) })),
  },
  // The first of these, whose program a browser would take for the others'.
  ...[
    [
      [4, 3, 2],
      [4, 3, 2],
    ],
    [
      [4, 3, 2],
      [4, 1, 2],
    ],
    [
      [4, 1, 2],
      [4, 3, 2],
    ],
  ].map((shapes) => ({
    name: `choices and the larger of ${shapes.map((shape) => shape.join('x')).join(' and ')}`,
    shapes,
    fn: (a: SymbolicTensor, b: SymbolicTensor) =>
      ops.maximum(ops.where(ops.greater(a, b), ops.square(a), b), ops.add(a, b)),
  })),
  open(conv([6, 4, 5, 5], [8, 4, 3, 3])),
  open(conv([3, 6, 5, 5], [4, 6, 3, 3])),
  {
    name: '1 - power',
    shapes: [[7]],
    first: [1, 2, 3, 10, 100, 1000, 20000],
    forwardOnly: true,
    fn: (t) => ops.subtract(1, ops.power(0.999, t)),
  },
  {
    name: '1 - power of a smaller base',
    shapes: [[6]],
    first: [1, 2, 3, 10, 50, 400],
    forwardOnly: true,
    fn: (t) => ops.subtract(1, ops.power(0.9, t)),
  },
  { name: 'relu', shapes: [[5]], first: [-1, 0, 2, nan, 3], forwardOnly: true, fn: (x) => ops.relu(x) },
  // Of NaN it is NaN on processors, as TensorFlow has it, and zero elsewhere, as JAX does.
  { name: 'relu and its derivative', shapes: [[4]], first: [-1, 0, 2, 3], fn: (x) => ops.relu(x) },
  { name: 'maximum', shapes: [[5], [5]], first: [-1, 0, 2, nan, 3], fn: (a, b) => ops.maximum(a, b) },
  { name: 'minimum', shapes: [[5], [5]], first: [-1, 0, 2, nan, 3], fn: (a, b) => ops.minimum(b, a) },
  { name: 'maximum with a number', shapes: [[5]], first: [-1, 0, 2, nan, 3], fn: (a) => ops.maximum(0.5, a) },
  { name: 'minimum with a number', shapes: [[5]], first: [-1, 0, 2, nan, 3], fn: (a) => ops.minimum(a, 0.5) },
  { name: 'clip', shapes: [[5]], first: [-3, -0.5, 0, 0.4, 7], fn: (a) => ops.clip(a, -1, 1) },
  {
    name: 'logicalAnd',
    shapes: [[2, 6], [6]],
    forwardOnly: true,
    fn: (a, b) => ops.cast(ops.logicalAnd(ops.greater(a, 0), ops.less(b, 0.2)), 'float32'),
  },
  {
    name: 'logicalOr',
    shapes: [[2, 6], [6]],
    forwardOnly: true,
    fn: (a, b) => ops.cast(ops.logicalOr(ops.greater(a, 0), ops.less(b, -0.2)), 'float32'),
  },
  {
    name: 'argmax, the first of equal ones',
    shapes: [[2, 2, 3]],
    first: [1, 3, 3, -1, -2, -1, 5, 4, 5, 0, 0, 0],
    forwardOnly: true,
    fn: (a) => {
      const attributes = { axis: { type: 'int', value: 2 }, keepdims: { type: 'int', value: 0 } } as const;
      const places = applyOp('ArgMax', [a], { dtype: 'int64', shape: [2, 2] }, { attributes });
      return castTo(castTo(places, 'int32'), 'float32');
    },
  },
  open({ name: 'mean', shapes: [[5, 3]], fn: (a) => ops.mean(ops.square(a)) }),
  open({ name: 'mean over the batch', shapes: [[5, 3, 2]], fn: (a) => ops.mean(ops.square(a), [0, 2]) }),
  open({ name: 'sum', shapes: [[4, 3]], fn: (a) => ops.multiply(ops.sum(a, 0), 2) }),
  open({
    name: 'max pooling, overlapping and padded',
    shapes: [[3, 2, 5, 5]],
    fn: (a) =>
      poolWindows('MaxPool', a, {
        size: [3, 2],
        strides: [1, 2],
        pads: [
          [1, 1],
          [0, 1],
        ],
      }),
  }),
  open({
    name: 'average pooling, padded',
    shapes: [[3, 2, 5, 5]],
    fn: (a) =>
      poolWindows('AveragePool', a, {
        size: [3, 3],
        strides: [2, 1],
        pads: [
          [1, 1],
          [1, 0],
        ],
      }),
  }),
];

/** The result, and the derivatives of its weighted sum, as a graph in the forms of a provider. */
export function formGraph(
  { fn, shapes, open: isOpen = false, forwardOnly = false }: FormCase,
  provider: string,
): Uint8Array {
  const inputs = shapes.map((shape, i) =>
    symbolicInput(`x${i}`, 'float32', isOpen && i === 0 ? ['batch', ...shape.slice(1)] : shape),
  );
  const result = fn(...inputs);
  const loss = ops.sum(ops.multiply(result, ops.add(result, 1)));
  const derivatives = forwardOnly ? [] : gradients(loss, inputs);
  return encodeTensors({
    name: 'forms',
    inputs,
    outputs: [
      { name: 'result', tensor: result },
      ...derivatives.map((tensor, i) => ({ name: `d${i}`, tensor })),
    ],
    provider,
  });
}

export function formFeeds({ shapes, first }: FormCase): FormFeeds {
  const random = new Random(3);
  return Object.fromEntries(
    shapes.map((dims, i) => {
      const drawn = random.numbers(
        dims.reduce((a, b) => a * b, 1),
        -1,
        1,
      );
      return [`x${i}`, { data: Float32Array.from(i === 0 && first ? first : drawn), dims }] as const;
    }),
  );
}

/** What differs from what was wanted by more than float32's rounding, in words. */
export function formFaults(
  found: Readonly<Record<string, ArrayLike<number>>>,
  wanted: Readonly<Record<string, ArrayLike<number>>>,
): string[] {
  return Object.entries(wanted).flatMap(([name, right]) => {
    const values = Array.from(right);
    const largest = Math.max(...values.filter((value) => !Number.isNaN(value)).map(Math.abs));
    const at = values.findIndex((value, i) => {
      const other = found[name]?.[i] as number;
      return Number.isNaN(value) ? !Number.isNaN(other) : !(Math.abs(other - value) <= 5e-6 * largest);
    });
    return at < 0 ? [] : [`${name}[${at}]: ${found[name]?.[at]}, not ${values[at]}`];
  });
}
