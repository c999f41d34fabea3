// Norms of every order on ONNX Runtime against the float64 reference, at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { edgeOpsets, faultsOf, type OpCase, opsets } from '../support/opCase.js';
import { type ReferenceArray, reduce } from '../support/reference.js';
import { scattered } from '../support/referenceOps.js';

type Group = readonly number[];

const floats = ['float32', 'float64', 'float16'] as const;
const sum = (group: Group): number => group.reduce((total, x) => total + x, 0);
const magnitudes = (group: Group): number[] => group.map(Math.abs);

const vectorNorms: readonly (readonly [number | null, (group: Group) => number])[] = [
  [null, (group) => Math.sqrt(sum(group.map((x) => x * x)))],
  [2, (group) => Math.sqrt(sum(group.map((x) => x * x)))],
  [1, (group) => sum(magnitudes(group))],
  [0, (group) => group.filter((x) => x !== 0).length],
  [3, (group) => sum(magnitudes(group).map((x) => x ** 3)) ** (1 / 3)],
  [0.5, (group) => sum(magnitudes(group).map((x) => x ** 0.5)) ** 2],
  [-1, (group) => 1 / sum(magnitudes(group).map((x) => 1 / x))],
  [Number.POSITIVE_INFINITY, (group) => Math.max(...magnitudes(group))],
  [Number.NEGATIVE_INFINITY, (group) => Math.min(...magnitudes(group))],
];

const vectors: OpCase[] = vectorNorms.flatMap(([ord, fn]) =>
  (
    [
      [[5], 0],
      [[5], null],
      [[2, 3], -1],
      [[2, 3], [0]],
      [[2, 3, 4], 1],
    ] as const
  ).flatMap(([dims, axis]) =>
    [true, false].map((keepdims) => ({
      name: `vector norm ${ord} [${dims}] over ${JSON.stringify(axis)}${keepdims ? ', dims kept' : ''}`,
      op: (x: Parameters<OpCase['op']>[0]) => ops.norm(x, { ord, axis, keepdims }),
      inputs: [scattered(dims)],
      wanted: ({ values, dims: found }: ReferenceArray) => reduce(values, found, axis, keepdims, fn),
      dtypes: ord === 3 || ord === 0.5 || ord === -1 ? (['float32', 'float64'] as const) : floats,
      least: axis === null && ord !== null ? ('rank' as const) : ('nothing' as const),
      opsets: axis === -1 ? opsets : edgeOpsets,
    })),
  ),
);

/** The norm of a matrix: sums of magnitudes along one axis, then the largest or smallest of them. */
function matrixNorm(
  { values, dims }: ReferenceArray,
  [along, across]: readonly [number, number],
  pick: (...sums: number[]) => number,
  keepdims: boolean,
): ReferenceArray {
  const sums = reduce(values, dims, along, true, (group) => sum(magnitudes(group)));
  const picked = reduce(sums.values, sums.dims, across, true, (group) => pick(...group));
  if (keepdims) return picked;
  const dropped = [along, across].map((axis) => (axis < 0 ? axis + dims.length : axis));
  return { values: picked.values, dims: picked.dims.filter((_, d) => !dropped.includes(d)) };
}

const matrices: OpCase[] = (
  [
    [[2, 3], null],
    [
      [2, 3],
      [0, 1],
    ],
    [
      [2, 3],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [-1, 0],
    ],
    [
      [3, 1],
      [0, -1],
    ],
  ] as const
).flatMap(([dims, axis]) =>
  [true, false].flatMap((keepdims) => {
    const [rows, columns] = axis ?? [0, 1];
    const named = (ord: ops.NormOrder, wanted: (x: ReferenceArray) => ReferenceArray): OpCase => ({
      name: `matrix norm ${ord} [${dims}] over ${JSON.stringify(axis)}${keepdims ? ', dims kept' : ''}`,
      op: (x) => ops.norm(x, { ord, axis, keepdims }),
      inputs: [scattered(dims)],
      wanted,
      dtypes: floats,
      least: axis === null ? 'rank' : 'nothing',
      opsets: axis === null ? opsets : edgeOpsets,
    });
    return [
      named('fro', ({ values, dims: found }) =>
        reduce(values, found, axis, keepdims, (group) => Math.sqrt(sum(group.map((x) => x * x)))),
      ),
      named(1, (x) => matrixNorm(x, [rows, columns], Math.max, keepdims)),
      named(-1, (x) => matrixNorm(x, [rows, columns], Math.min, keepdims)),
      named(Number.POSITIVE_INFINITY, (x) => matrixNorm(x, [columns, rows], Math.max, keepdims)),
      named(Number.NEGATIVE_INFINITY, (x) => matrixNorm(x, [columns, rows], Math.min, keepdims)),
    ];
  }),
);

const others: OpCase[] = [
  {
    name: 'zeros do not count in order 0, NaN does',
    op: (x) => ops.norm(x, { ord: 0, axis: 0 }),
    inputs: [{ dims: [5], values: [0, -0, 1, Number.NaN, -2] }],
    wanted: () => ({ dims: [], values: [3] }),
  },
  {
    name: 'three axes without order',
    op: (x) => ops.norm(x, { axis: [0, 1, 2] }),
    inputs: [scattered([2, 3, 4])],
    wanted: ({ values }) => ({ dims: [], values: [Math.sqrt(sum(values.map((x) => x * x)))] }),
  },
  {
    name: 'integers give float32',
    op: (x) => ops.norm(x),
    inputs: [{ dims: [2], values: [3, 4] }],
    wanted: () => ({ dims: [], values: [5] }),
    dtypes: ['int32', 'int64'],
    result: 'float32',
  },
];

const cases = [...vectors, ...matrices, ...others];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
