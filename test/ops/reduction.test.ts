// Sums, means, extremes, variances and norms on ONNX Runtime against the float64 reference, at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { SymbolicTensor } from '../../src/ops/symbolicTensor.js';
import { edgeOpsets, faultsOf, type OpCase, opsets } from '../support/opCase.js';
import { type Axis, type ReferenceArray, reduce } from '../support/reference.js';
import { row, scattered } from '../support/referenceOps.js';

type Group = readonly number[];

const total = (group: Group): number => group.reduce((sum, x) => sum + x, 0);
const average = (group: Group): number => total(group) / group.length;
const variance = (group: Group): number => average(group.map((x) => (x - average(group)) ** 2));
const euclidean = (group: Group): number => Math.sqrt(total(group.map((x) => x * x)));

const floats = ['float32', 'float64', 'float16'] as const;
const numbers = [...floats, 'int32', 'int64'] as const;

/** Dims with an axis argument each. */
const reductions: readonly (readonly [readonly number[], Axis])[] = [
  [[], null],
  [[1], 0],
  [[5], null],
  [[2, 3], null],
  [[2, 3], 0],
  [[2, 3], -1],
  [[2, 3], []],
  [[2, 1, 3], 1],
  [
    [2, 3, 4],
    [2, 0],
  ],
  [
    [2, 3, 4],
    [-1, -2],
  ],
  [
    [2, 3, 4],
    [0, 1, 2],
  ],
];

type Reducer = (x: SymbolicTensor, axis: Axis, keepdims: boolean) => SymbolicTensor;

function casesOf(
  name: string,
  op: Reducer,
  fn: (group: Group) => number,
  dtypes: OpCase['dtypes'] = floats,
): OpCase[] {
  return reductions.flatMap(([dims, axis]) =>
    [true, false].map((keepdims) => ({
      name: `${name} [${dims}] over ${JSON.stringify(axis)}${keepdims ? ', dims kept' : ''}`,
      op: (x: SymbolicTensor) => op(x, axis, keepdims),
      inputs: [scattered(dims)],
      wanted: ({ values, dims: found }: ReferenceArray) => reduce(values, found, axis, keepdims, fn),
      dtypes,
      opsets: dims.length === 2 ? opsets : edgeOpsets,
    })),
  );
}

const plain: OpCase[] = [
  ...casesOf('sum', ops.sum, total, numbers),
  ...casesOf('mean', ops.mean, average),
  ...casesOf('max', ops.max, (group) => Math.max(...group), numbers),
  ...casesOf('min', ops.min, (group) => Math.min(...group), numbers),
  ...casesOf('var', ops.var, variance),
  ...casesOf(
    'std',
    (x, axis, keepdims) => ops.std(x, { axis, keepdims }),
    (group) => Math.sqrt(variance(group)),
  ),
  ...casesOf('norm', (x, axis, keepdims) => ops.norm(x, { axis, keepdims }), euclidean),
];

/** Numbers among which a NaN or an infinity is easily lost: vectorized kernels take whole registers at once. */
function withSpecial(dims: readonly number[], place: number, special: number): ReferenceArray {
  const { values } = scattered(dims);
  return { dims: [...dims], values: values.map((x, i) => (i === place ? special : x)) };
}

const specials: OpCase[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap(
  (special) =>
    (
      [
        ['sum', ops.sum, total],
        ['mean', ops.mean, average],
        ['max', ops.max, (group: Group) => Math.max(...group)],
        ['min', ops.min, (group: Group) => Math.min(...group)],
        ['var', ops.var, variance],
        ['norm', (x: SymbolicTensor, axis: Axis) => ops.norm(x, { axis }), euclidean],
        ['norm of order Infinity', largest, (group: Group) => Math.max(...group.map(Math.abs))],
      ] as const
    ).flatMap(([name, op, fn]) =>
      [0, 1].map((axis) => ({
        name: `${name} of ${special} over ${axis}`,
        op: (x: SymbolicTensor) => op(x, axis),
        inputs: [withSpecial([40, 20], 437, special)],
        wanted: ({ values, dims }: ReferenceArray) => reduce(values, dims, axis, false, fn),
        dtypes: ['float64'] as const,
        least: 'sizes' as const,
        opsets: edgeOpsets,
      })),
    ),
);

function largest(x: SymbolicTensor, axis: Axis): SymbolicTensor {
  return ops.norm(x, { ord: Number.POSITIVE_INFINITY, axis });
}

const forms: OpCase[] = [
  {
    name: 'options and positional arguments say the same',
    op: (x) => ops.subtract(ops.sum(x, { axis: 1, keepdims: true }), ops.sum(x, 1, true)),
    inputs: [scattered([2, 3])],
    wanted: () => ({ dims: [2, 1], values: [0, 0] }),
  },
  {
    name: 'dims are kept whichever way it is said',
    op: (x) => ops.mean(x, { axis: 0 }, true),
    inputs: [scattered([2, 3])],
    wanted: ({ values, dims }) => reduce(values, dims, 0, true, average),
  },
  {
    name: 'without axis everything is reduced',
    op: (x) => ops.max(x),
    inputs: [scattered([2, 3])],
    wanted: ({ values, dims }) => reduce(values, dims, null, false, (group) => Math.max(...group)),
  },
  {
    name: 'the mean of float16 does not overflow on its way',
    op: (x) => ops.mean(x),
    inputs: [row(60000, 60000, 60000, 60000)],
    wanted: () => ({ dims: [], values: [60000] }),
    dtypes: ['float16'],
  },
  {
    name: 'the deviation of float16 does not overflow on its way',
    op: (x) => ops.std(x),
    inputs: [row(30000, -30000)],
    wanted: () => ({ dims: [], values: [30000] }),
    dtypes: ['float16'],
  },
];

const cases = [...plain, ...specials, ...forms];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
