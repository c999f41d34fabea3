// Comparisons, logic and selection on ONNX Runtime against the float64 reference, at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { edgeOpsets, faultsOf, type OpCase, opsets } from '../support/opCase.js';
import { choose, map, map2, row, scattered } from '../support/referenceOps.js';
import type { OpFunction } from '../support/runOps.js';

const numbers = ['float32', 'float64', 'float16', 'int32', 'int64'] as const;
const floats = ['float32', 'float64', 'float16'] as const;
const all = [...numbers, 'bool'] as const;
const special = row(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 0.5, -3);

const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[], [4]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [3, 1, 2],
    [2, 1],
  ],
];

function truth(fn: (a: number, b: number) => boolean): (a: number, b: number) => number {
  return (a, b) => Number(fn(a, b));
}

const binary: OpCase[] = (
  [
    ['equal', ops.equal, truth((a, b) => a === b)],
    ['notEqual', ops.notEqual, truth((a, b) => a !== b)],
    ['greater', ops.greater, truth((a, b) => a > b)],
    ['greaterEqual', ops.greaterEqual, truth((a, b) => a >= b)],
    ['less', ops.less, truth((a, b) => a < b)],
    ['lessEqual', ops.lessEqual, truth((a, b) => a <= b)],
    ['logicalAnd', ops.logicalAnd, truth((a, b) => a !== 0 && b !== 0)],
    ['logicalOr', ops.logicalOr, truth((a, b) => a !== 0 || b !== 0)],
  ] as [string, OpFunction, (a: number, b: number) => number][]
).flatMap(([name, op, fn]) => [
  ...pairs.map(([a, b]) => ({
    name: `${name} [${a}] with [${b}]`,
    op,
    inputs: [scattered(a), scattered(b, 2)],
    wanted: map2(fn),
    dtypes: all,
    result: 'bool' as const,
    opsets: b.length === 1 && a.length === 2 ? opsets : edgeOpsets,
  })),
  {
    name: `${name} of NaN, infinities and zeros, with each other`,
    op,
    inputs: [special, { dims: [7, 1], values: special.values }],
    wanted: map2(fn),
    dtypes: floats,
    result: 'bool' as const,
    opsets: edgeOpsets,
  },
]);

const unary: OpCase[] = [
  {
    name: 'logicalNot, to which NaN is true',
    op: ops.logicalNot,
    inputs: [special],
    wanted: map((x) => Number(x === 0)),
    dtypes: floats,
    result: 'bool',
  },
  {
    name: 'logicalNot of integers and booleans',
    op: ops.logicalNot,
    inputs: [row(0, 1, 2, -3)],
    wanted: map((x) => Number(x === 0)),
    dtypes: ['int32', 'int64', 'bool'],
    result: 'bool',
  },
  {
    name: 'isnan',
    op: ops.isnan,
    inputs: [special],
    wanted: map((x) => Number(Number.isNaN(x))),
    dtypes: floats,
    result: 'bool',
  },
  {
    name: 'isnan of a scalar',
    op: ops.isnan,
    inputs: [{ dims: [], values: [Number.NaN] }],
    wanted: () => ({ dims: [], values: [1] }),
    dtypes: floats,
    result: 'bool',
  },
  {
    name: 'isnan of what cannot be NaN',
    op: ops.isnan,
    inputs: [row(0, 1, -2)],
    wanted: map(() => 0),
    dtypes: ['int32', 'int64', 'bool'],
    result: 'bool',
  },
];

const selections: OpCase[] = [
  ...(
    [
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      [[2, 1], [3], []],
      [[], [2, 2], [2]],
      [[4], [4, 1], [1]],
    ] as const
  ).map((dims) => ({
    name: `where ${dims.map((d) => `[${d}]`).join(' ')}`,
    op: (x: Parameters<OpFunction>[0], a: typeof x, b: typeof x) => ops.where(ops.greater(x, 0), a, b),
    inputs: dims.map((d, i) => scattered(d, i + 1)),
    wanted: (condition: ReturnType<typeof row>, a: typeof condition, b: typeof condition) =>
      choose(map((x) => Number(x > 0))(condition), a, b),
    dtypes: all,
  })),
  {
    name: 'where takes any number as condition, NaN among the true ones',
    op: (x) => ops.where(x, 1, -1),
    inputs: [special],
    wanted: map((x) => (x === 0 ? -1 : 1)),
    dtypes: ['float32'],
  },
  {
    name: 'where keeps NaN and infinities out of what is not selected',
    op: (x) => ops.where(ops.isnan(x), 7, x),
    inputs: [special],
    wanted: map((x) => (Number.isNaN(x) ? 7 : x)),
    dtypes: floats,
  },
];

const cases = [...binary, ...unary, ...selections];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
