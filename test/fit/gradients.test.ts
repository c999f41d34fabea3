// Derivatives against central differences: in float64 where ONNX Runtime has kernels, exactly on whole numbers in float32
// for convolutions and poolings, which are linear in each of their inputs between ties.
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/fit/autodiff/gradients.js';
import { differentiableOperators } from '../../src/fit/autodiff/vjpTable.js';
import type { DType } from '../../src/graph/dtype.js';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import {
  celu,
  elu,
  erf,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  squareplus,
  tanh,
  tanhShrink,
} from '../../src/ops/activations.js';
import { glu, softmaxOver, sparsemax } from '../../src/ops/axisActivations.js';
import { batchDot } from '../../src/ops/batchDot.js';
import { convolve } from '../../src/ops/convolution.js';
import { permute } from '../../src/ops/dataFormat.js';
import * as ops from '../../src/ops/index.js';
import { lowerAll } from '../../src/ops/lower.js';
import { broadcastLike, pad, slice, take, takeRows } from '../../src/ops/moving.js';
import {
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  relu6,
  slopedRelu,
  softShrink,
  sparsePlus,
  sparseSigmoid,
} from '../../src/ops/piecewiseActivations.js';
import { poolWindows } from '../../src/ops/pooling.js';
import { enlarge, repeatSpatial } from '../../src/ops/resizing.js';
import { stopGradient } from '../../src/ops/stopGradient.js';
import { applyOp, type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { constant } from '../../src/ops/tensorLike.js';
import { convolveTransposed } from '../../src/ops/transposedConvolution.js';
import { unitLength } from '../../src/ops/unitLength.js';
import { Random } from '../support/random.js';
import { feed, numbersOf, openSession, tensor } from '../support/runOps.js';

interface GradientCase {
  readonly name: string;
  readonly fn: (...inputs: SymbolicTensor[]) => SymbolicTensor;
  readonly shapes: readonly (readonly number[])[];
  /** Default: from -2 to 2. */
  readonly range?: readonly [number, number];
  /** How far to go for a difference of what is linear: far where the weights are no whole numbers. Default 1. */
  readonly step?: number;
  /** The first dimension is open to the graph. */
  readonly open?: boolean;
}

const elementwise = [
  ...[sigmoid, tanh, softplus, softsign, silu, elu, leakyRelu, relu6, hardSigmoid],
  ...[hardSilu, hardTanh, hardShrink, softShrink, sparsePlus, sparseSigmoid],
];

const smooth: readonly GradientCase[] = [
  { name: 'add, broadcast', fn: (a, b) => ops.add(a, b), shapes: [[2, 3], [3]] },
  {
    name: 'subtract, broadcast both ways',
    fn: (a, b) => ops.subtract(a, b),
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
  },
  {
    name: 'multiply, broadcast',
    fn: (a, b) => ops.multiply(a, b),
    shapes: [
      [4, 2, 3],
      [2, 1],
    ],
  },
  {
    name: 'multiply, the batch open',
    fn: (a, b) => ops.multiply(a, b),
    shapes: [
      [4, 3],
      [1, 3],
    ],
    open: true,
  },
  { name: 'divide', fn: (a, b) => ops.divide(a, b), shapes: [[2, 3], [3]], range: [1, 3] },
  { name: 'power', fn: (a, b) => ops.power(a, b), shapes: [[2, 3], [3]], range: [0.5, 2] },
  { name: 'maximum', fn: (a, b) => ops.maximum(a, b), shapes: [[4, 3], [3]] },
  { name: 'minimum', fn: (a, b) => ops.minimum(a, b), shapes: [[4, 3], [3]] },
  { name: 'where', fn: (a, b) => ops.where(ops.greater(a, 0), ops.square(a), b), shapes: [[4, 3], [3]] },
  { name: 'clip', fn: (a) => ops.clip(a, -1, 1), shapes: [[12]] },
  {
    name: 'negative, abs, square',
    fn: (a) => ops.negative(ops.add(ops.abs(a), ops.square(a))),
    shapes: [[7]],
  },
  { name: 'sqrt, log', fn: (a) => ops.add(ops.sqrt(a), ops.log(a)), shapes: [[7]], range: [0.5, 2] },
  { name: 'exp', fn: (a) => ops.exp(a), shapes: [[7]] },
  { name: 'relu', fn: (a) => ops.relu(a), shapes: [[9]] },
  ...elementwise.map((fn) => ({
    name: fn.name,
    fn: (a: SymbolicTensor) => fn(ops.multiply(a, 3)),
    shapes: [[11]],
  })),
  { name: 'softmax', fn: (a) => softmax(a), shapes: [[3, 4]] },
  { name: 'softmax along the middle', fn: (a) => softmax(a, 1), shapes: [[2, 3, 2]] },
  { name: 'logSoftmax', fn: (a) => logSoftmax(a), shapes: [[3, 4]] },
  { name: 'sum', fn: (a) => ops.sum(a, 1), shapes: [[2, 3, 2]] },
  { name: 'sum of all', fn: (a) => ops.multiply(ops.sum(a), a), shapes: [[2, 3]] },
  { name: 'mean', fn: (a) => ops.mean(a, [0, 2], true), shapes: [[2, 3, 2]] },
  { name: 'mean, the batch open', fn: (a) => ops.mean(a, [0, 2]), shapes: [[2, 3, 2]], open: true },
  { name: 'largest', fn: (a) => reduced('ReduceMax', a), shapes: [[3, 4]] },
  { name: 'smallest', fn: (a) => reduced('ReduceMin', a), shapes: [[3, 4]] },
  { name: 'norm', fn: (a) => ops.norm(a, { axis: 0 }), shapes: [[3, 4]] },
  { name: 'norm of order 1', fn: (a) => ops.norm(a, { axis: 1, ord: 1 }), shapes: [[3, 4]] },
  { name: 'variance', fn: (a) => ops.var(a, 0), shapes: [[3, 4]] },
  { name: 'reshape', fn: (a) => ops.square(ops.reshape(a, [3, 4])), shapes: [[2, 6]] },
  {
    name: 'expandDims, squeeze',
    fn: (a) => ops.squeeze(ops.square(ops.expandDims(a, 1)), 1),
    shapes: [[2, 3]],
  },
  { name: 'transpose', fn: (a) => ops.square(ops.transpose(a, [2, 0, 1])), shapes: [[2, 3, 4]] },
  { name: 'transpose, reversed', fn: (a) => ops.square(ops.transpose(a)), shapes: [[2, 3, 4]] },
  {
    name: 'permutations that undo one another',
    fn: (a) => permute(permute(a, [1, 2, 0]), [2, 0, 1]),
    shapes: [[2, 3, 4]],
  },
  {
    name: 'concatenate',
    fn: (a, b) => ops.concatenate([a, b, a], 1),
    shapes: [
      [2, 3],
      [2, 1],
    ],
  },
  {
    name: 'broadcast',
    fn: (a, b) => broadcastLike(a, b),
    shapes: [
      [3, 1],
      [2, 3, 4],
    ],
  },
  {
    name: 'pad',
    fn: (a) =>
      pad(
        ops.square(a),
        [
          [1, 2],
          [0, 1],
        ],
        3,
      ),
    shapes: [[2, 3]],
  },
  {
    name: 'slice',
    fn: (a) =>
      slice(a, [
        { axis: 0, start: 1, end: 3 },
        { axis: 1, start: 0, end: 4 },
      ]),
    shapes: [[4, 5]],
  },
  {
    name: 'slice by steps',
    fn: (a) =>
      slice(a, [
        { axis: 0, start: 1, end: 7, step: 3 },
        { axis: 1, start: 0, end: 5, step: 2 },
      ]),
    shapes: [[8, 6]],
  },
  {
    name: 'take in another order',
    fn: (a) => take(ops.square(a), [2, 0, 1], 1),
    shapes: [[2, 3]],
  },
  {
    name: 'takeRows, some several times and some never',
    fn: (a) =>
      takeRows(ops.square(a), constant({ dtype: 'int32', dims: [2, 2], data: Int32Array.of(3, 1, 3, 0) })),
    shapes: [[4, 3]],
  },
  { name: 'squareplus, mish, selu', fn: (a) => squareplus(mish(selu(ops.multiply(a, 2)))), shapes: [[11]] },
  { name: 'celu', fn: (a) => celu(a, 0.5), shapes: [[11]] },
  { name: 'logSigmoid, tanhShrink', fn: (a) => ops.multiply(logSigmoid(a), tanhShrink(a)), shapes: [[11]] },
  {
    name: 'slopedRelu',
    fn: (a) => slopedRelu(a, { negativeSlope: 0.3, maxValue: 1.2, threshold: 0.4 }),
    shapes: [[15]],
  },
  { name: 'sparsemax', fn: (a) => sparsemax(a), shapes: [[4, 5]] },
  { name: 'sparsemax along the middle', fn: (a) => sparsemax(a, 1), shapes: [[2, 4, 3]] },
  { name: 'glu', fn: (a) => glu(a), shapes: [[3, 4]] },
  { name: 'softmax over two axes', fn: (a) => softmaxOver(a, [1, 2]), shapes: [[2, 3, 2]] },
  { name: 'unitLength', fn: (a) => unitLength(a, [1], 1e-7), shapes: [[3, 4]] },
  {
    name: 'batchDot',
    fn: (a, b) => batchDot(a, b, [1, 2]),
    shapes: [
      [2, 4, 3],
      [2, 2, 4],
    ],
    open: true,
  },
  {
    name: 'repeatSpatial',
    fn: (a) => repeatSpatial(ops.square(a), [2, 3]),
    shapes: [[1, 2, 2, 3]],
    open: true,
  },
  { name: 'enlarge', fn: (a) => enlarge(ops.square(a), [2, 3], 'bicubic'), shapes: [[1, 2, 4, 3]] },
  {
    name: 'matmul',
    fn: (a, b) => ops.matmul(a, b),
    shapes: [
      [3, 4],
      [4, 2],
    ],
  },
  {
    name: 'matmul of stacks',
    fn: (a, b) => ops.matmul(a, b),
    shapes: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  },
  {
    name: 'matmul by one matrix',
    fn: (a, b) => ops.matmul(a, b),
    shapes: [
      [2, 3, 4],
      [4, 2],
    ],
    open: true,
  },
];

/** A reduction without what `ops.max` adds for NaN. */
function reduced(opType: string, x: SymbolicTensor): SymbolicTensor {
  const shape = [x.shape?.[0] ?? null];
  return applyOp(
    opType,
    [x],
    { dtype: x.dtype, shape },
    { axes: [1], attributes: { keepdims: { type: 'int', value: 0 } } },
  );
}

const window = (more: object) => ({
  strides: [1, 1],
  dilations: [1, 1],
  pads: [
    [0, 0],
    [0, 0],
  ] as const,
  groups: 1,
  ...more,
});
const pool = (more: object) => ({
  size: [2, 2],
  strides: [2, 2],
  pads: [
    [0, 0],
    [0, 0],
  ] as const,
  ...more,
});

/** Linear in each input as long as no maximum changes, which whole numbers far apart see to. */
const linear: readonly GradientCase[] = [
  { name: 'cast', fn: (a) => ops.cast(ops.cast(a, 'float64'), 'float32'), shapes: [[7]] },
  ...[
    { name: 'plain', x: [2, 3, 5, 6], k: [4, 3, 3, 2], more: {} },
    {
      name: 'padded unevenly',
      x: [2, 2, 5, 4],
      k: [3, 2, 3, 2],
      more: {
        pads: [
          [1, 2],
          [0, 1],
        ],
      },
    },
    { name: 'strides that leave a rest', x: [2, 2, 8, 7], k: [3, 2, 3, 2], more: { strides: [3, 2] } },
    { name: 'dilated', x: [1, 2, 8, 9], k: [2, 2, 3, 2], more: { dilations: [2, 3] } },
    {
      name: 'dilated with strides and pads',
      x: [2, 2, 9, 9],
      k: [2, 2, 3, 3],
      more: {
        strides: [2, 3],
        dilations: [2, 1],
        pads: [
          [2, 2],
          [1, 0],
        ],
      },
    },
    {
      name: 'in groups',
      x: [2, 6, 5, 5],
      k: [4, 3, 3, 3],
      more: {
        groups: 2,
        strides: [2, 2],
        pads: [
          [1, 1],
          [1, 1],
        ],
      },
    },
    { name: 'a group a channel', x: [2, 3, 4, 4], k: [6, 1, 2, 2], more: { groups: 3 } },
    {
      name: 'a window of one, strides over the rest',
      x: [2, 3, 5, 5],
      k: [4, 3, 1, 1],
      more: { strides: [2, 2] },
    },
    {
      name: 'pads wider than the window',
      x: [1, 1, 3, 3],
      k: [2, 1, 2, 2],
      more: {
        pads: [
          [3, 2],
          [0, 4],
        ],
      },
    },
  ].flatMap(({ name, x, k, more }) =>
    [false, true].map((open) => ({
      name: `conv2d ${name}${open ? ', the batch open' : ''}`,
      fn: (a: SymbolicTensor, b: SymbolicTensor) => convolve(a, b, window(more)),
      shapes: [x, k],
      open,
    })),
  ),
  ...[
    {
      name: 'strides',
      x: [1, 4, 3, 2],
      k: [4, 2, 3, 2],
      more: {
        strides: [2, 3],
        pads: [
          [2, 1],
          [1, 0],
        ],
      },
    },
    {
      name: 'groups, pads that cut',
      x: [1, 4, 4, 3],
      k: [4, 3, 2, 2],
      more: {
        groups: 2,
        strides: [2, 2],
        pads: [
          [-1, 1],
          [1, -2],
        ],
      },
    },
    {
      name: 'dilated',
      x: [2, 2, 3, 3],
      k: [2, 3, 2, 3],
      more: {
        dilations: [2, 3],
        pads: [
          [2, 2],
          [6, 6],
        ],
      },
    },
  ].map(({ name, x, k, more }) => ({
    name: `transposed conv2d ${name}`,
    fn: (a: SymbolicTensor, b: SymbolicTensor) => convolveTransposed(a, b, window(more)),
    shapes: [x, k],
  })),
  {
    name: 'conv with a bias',
    fn: (a, b, c) => convolve(a, b, window({}), c),
    shapes: [[2, 2, 4, 4], [3, 2, 2, 2], [3]],
  },
  {
    name: 'conv1d, causal',
    fn: (a, b) => convolve(a, b, { strides: [1], dilations: [2], pads: [[4, 0]], groups: 1 }),
    shapes: [
      [2, 3, 7],
      [4, 3, 3],
    ],
  },
  {
    name: 'conv3d',
    fn: (a, b) =>
      convolve(a, b, {
        strides: [2, 1, 1],
        dilations: [1, 1, 1],
        pads: [
          [0, 1],
          [1, 1],
          [0, 0],
        ],
        groups: 1,
      }),
    shapes: [
      [1, 2, 4, 3, 3],
      [2, 2, 2, 2, 2],
    ],
  },
  { name: 'max pooling', fn: (a) => poolWindows('MaxPool', a, pool({})), shapes: [[2, 2, 4, 6]] },
  {
    name: 'max pooling, overlapping and padded',
    fn: (a) =>
      poolWindows(
        'MaxPool',
        a,
        pool({
          size: [3, 2],
          strides: [1, 2],
          pads: [
            [1, 1],
            [0, 1],
          ],
        }),
      ),
    shapes: [[2, 2, 5, 5]],
    open: true,
  },
  {
    name: 'max pooling that leaves a rest',
    fn: (a) => poolWindows('MaxPool', a, pool({})),
    shapes: [[1, 2, 5, 7]],
  },
  {
    name: 'average pooling',
    step: 256,
    fn: (a) => poolWindows('AveragePool', a, pool({})),
    shapes: [[2, 2, 4, 7]],
  },
  {
    name: 'average pooling, overlapping and padded',
    step: 256,
    fn: (a) =>
      poolWindows(
        'AveragePool',
        a,
        pool({
          size: [3, 2],
          strides: [2, 1],
          pads: [
            [1, 1],
            [1, 0],
          ],
        }),
      ),
    shapes: [[2, 2, 5, 5]],
    open: true,
  },
  {
    name: 'pooling of one dimension',
    fn: (a) => poolWindows('MaxPool', a, { size: [2], strides: [2], pads: [[0, 0]] }),
    shapes: [[2, 3, 6]],
  },
];

/** What the graph is of: `loss = Σ fn(inputs) · weights`, and the derivative by each input. */
function graphOf({ fn, shapes, open = false }: GradientCase, dtype: DType): Uint8Array {
  const inputs = shapes.map((shape, i) =>
    symbolicInput(`x${i}`, dtype, open && i === 0 ? ['batch', ...shape.slice(1)] : shape),
  );
  const result = fn(...inputs);
  const weights = symbolicInput('weights', dtype, result.shape);
  const loss = ops.sum(ops.multiply(result, weights));
  const derivatives = gradients(loss, inputs);
  const builder = new GraphBuilder({ opset: 18 });
  const named = new Map(
    [...inputs, weights].map((input) => {
      const name = input.source.kind === 'input' ? input.source.name : '';
      return [input, builder.input({ name, dtype, shape: input.shape })] as const;
    }),
  );
  const outputs = [
    { name: 'result', tensor: result },
    { name: 'loss', tensor: loss },
    ...derivatives.map((tensor, i) => ({ name: `d${i}`, tensor })),
  ];
  for (const {
    name,
    tensor: { shape },
  } of outputs)
    builder.output({ name, dtype, shape });
  lowerAll(outputs, named, builder);
  return encodeGraph(builder.build('gradients'));
}

/** The derivatives that the graph gives, and central differences of the loss along random directions. */
async function compare(row: GradientCase, dtype: DType, step: number, draw: (count: number) => number[]) {
  const session = await openSession(graphOf(row, dtype));
  try {
    const inputs = row.shapes.map((shape) => draw(shape.reduce((a, b) => a * b, 1)));
    const feeds = (values: readonly number[][], weights: readonly number[], dims: readonly number[]) =>
      Object.fromEntries([
        ...values.map((each, i) => [`x${i}`, feed(tensor(each, dtype, row.shapes[i]))] as const),
        ['weights', feed(tensor(weights, dtype, dims))] as const,
      ]);
    const dims = resultDims(row, dtype);
    const random = new Random(11);
    const weights = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.integer(-3, 3));
    const found = await session.run(feeds(inputs, weights, dims));
    const pairs: { found: number; wanted: number; scale: number }[] = [];
    for (const [i, values] of inputs.entries()) {
      const derivative = numbersOf(found[`d${i}`] as never);
      expect(derivative.length, `elements of the derivative by input ${i}`).toBe(values.length);
      // Single elements find what sits in a wrong place, directions what is missing.
      for (const direction of directions(values.length)) {
        const at = async (sign: number): Promise<number> => {
          const moved = inputs.map((each, j) =>
            j === i ? each.map((value, k) => value + sign * step * (direction[k] as number)) : each,
          );
          return numbersOf((await session.run(feeds(moved, weights, dims))).loss as never)[0] as number;
        };
        const wanted = ((await at(1)) - (await at(-1))) / (2 * step);
        const products = direction.map((value, k) => value * (derivative[k] as number));
        pairs.push({
          found: products.reduce((a, b) => a + b, 0),
          wanted,
          scale: products.reduce((a, b) => a + Math.abs(b), 0),
        });
      }
    }
    return pairs;
  } finally {
    await session.release();
  }
}

function directions(count: number): number[][] {
  const random = new Random(5);
  const single = (at: number): number[] => Array.from({ length: count }, (_, i) => (i === at ? 1 : 0));
  const places = Array.from({ length: Math.min(count, 12) }, (_, i) =>
    count <= 12 ? i : random.integer(0, count - 1),
  );
  return [...places.map(single), Array.from({ length: count }, () => random.integer(-1, 1))];
}

/** The dims that `weights` must have. */
function resultDims(row: GradientCase, dtype: DType): readonly number[] {
  const symbols = row.shapes.map((shape, i) => symbolicInput(`x${i}`, dtype, shape));
  const { shape } = row.fn(...symbols);
  const dims = shape?.filter((dim) => typeof dim === 'number');
  expect(dims?.length, 'the shape of the result is known').toBe(shape?.length);
  return dims ?? [];
}

describe('in float64', () => {
  test.each(smooth)('$name', async (row) => {
    const random = new Random(row.name.length);
    const [low, high] = row.range ?? [-2, 2];
    const pairs = await compare(row, 'float64', 1e-5, (count) => random.numbers(count, low, high));
    for (const { found, wanted, scale } of pairs) {
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(wanted), scale, 1e-3));
    }
    expect(pairs.some(({ wanted }) => Math.abs(wanted) > 1e-3)).toBe(true);
  });
});

describe('on whole numbers', () => {
  test.each(linear)('$name', async (row) => {
    const random = new Random(row.name.length);
    // All different, so that a step of one never changes which is the largest.
    const draw = (count: number): number[] =>
      random.shuffle(Array.from({ length: count }, (_, i) => 4 * (i - count / 2)));
    const pairs = await compare(row, 'float32', row.step ?? 1, draw);
    for (const { found, wanted, scale } of pairs) {
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(2e-6 * Math.max(scale, 1));
    }
    expect(pairs.some(({ wanted }) => wanted !== 0)).toBe(true);
  });
});

test('erf, whose series is summed in float64', async () => {
  const series = (x: number): number => {
    let [term, sum] = [x, x];
    for (let n = 1; n < 60; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const points = [-2, -0.7, 0, 0.3, 1.9];
  const session = await openSession(graphOf({ name: 'erf', fn: erf, shapes: [[5]] }, 'float32'));
  const ones = feed(tensor([1, 1, 1, 1, 1], 'float32'));
  const { d0 } = await session.run({ x0: feed(tensor(points, 'float32')), weights: ones });
  numbersOf(d0 as never).forEach((found, i) => {
    const x = Math.fround(points[i] as number);
    const wanted = (series(x + 1e-5) - series(x - 1e-5)) / 2e-5;
    expect(Math.abs(found - wanted)).toBeLessThan(1e-6);
  });
  await session.release();
});

test('equal largest elements of a window: the first takes all, as in XLA', async () => {
  const row: GradientCase = {
    name: 'ties',
    fn: (a) => poolWindows('MaxPool', a, pool({})),
    shapes: [[1, 1, 2, 2]],
  };
  const session = await openSession(graphOf(row, 'float32'));
  const { d0 } = await session.run({
    x0: feed(tensor([1, 5, 5, 5], 'float32', [1, 1, 2, 2])),
    weights: feed(tensor([3], 'float32', [1, 1, 1, 1])),
  });
  expect([...numbersOf(d0 as never)]).toEqual([0, 3, 0, 0]);
  await session.release();
});

test('nothing passes a stopped gradient, and nothing is left of what the loss does not depend on', () => {
  const [a, b] = [symbolicInput('a', 'float32', [2]), symbolicInput('b', 'float32', [2])];
  const [da, db] = gradients(ops.sum(stopGradient(ops.square(a))), [a, b]);
  for (const derivative of [da, db]) {
    expect(derivative?.source).toMatchObject({ kind: 'op', opType: 'ConstantOfShape' });
  }
});

test('every operator with a derivative is in one of the cases', () => {
  const used = new Set<string>(['Identity', 'Erf']);
  // As each is run.
  const all = [
    ...smooth.map((row) => ({ ...row, dtype: 'float64' as const })),
    ...linear.map((row) => ({ ...row, dtype: 'float32' as const })),
  ];
  for (const { fn, shapes, dtype } of all) {
    const visit = (x: SymbolicTensor): void => {
      if (x.source.kind !== 'op') return;
      used.add(x.source.opType);
      x.source.inputs.forEach(visit);
    };
    visit(fn(...shapes.map((shape, i) => symbolicInput(`x${i}`, dtype, shape))));
  }
  const flat = ['Sign', 'Round'];
  expect(differentiableOperators.filter((name) => !used.has(name) && !flat.includes(name))).toEqual([]);
});

test('what has no derivative is refused by its operator', () => {
  const x = symbolicInput('x', 'float32', [4]);
  expect(() => gradients(ops.sum(applyOp('Cos', [x], x)), [x])).toThrow(/operator Cos has no derivative/);
  expect(() => gradients(x, [x])).toThrow(/the loss must be a float of shape \(\)/);
});
