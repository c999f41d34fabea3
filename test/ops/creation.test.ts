// Tensors that ops make: filled ones, ones like another, the identity matrix, at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import type { DType } from '../../src/graph/dtype.js';
import * as ops from '../../src/ops/index.js';
import { edgeOpsets, faultsOf, type OpCase } from '../support/opCase.js';
import { map, map2, row, scattered } from '../support/referenceOps.js';
import type { OpFunction } from '../support/runOps.js';

type Symbolic = Parameters<OpFunction>[0];

const kept = ['float32', 'float64', 'float16', 'int32', 'int64', 'bool'] as const;
const dtypes: readonly DType[] = [...kept, 'int8', 'int16', 'uint8', 'uint16', 'uint32', 'uint64'];

const likes: OpCase[] = [[], [3], [2, 1, 3]].flatMap((dims) => [
  {
    name: `zerosLike [${dims}]`,
    op: (x: Symbolic) => ops.zerosLike(x),
    inputs: [scattered(dims)],
    wanted: map(() => 0),
    dtypes: kept,
  },
  {
    name: `onesLike [${dims}]`,
    op: (x: Symbolic) => ops.onesLike(x),
    inputs: [scattered(dims)],
    wanted: map(() => 1),
    dtypes: kept,
  },
]);

const inEveryDtype: OpCase[] = dtypes.flatMap((dtype) => [
  {
    name: `onesLike in ${dtype}`,
    op: (x: Symbolic) => ops.onesLike(x, dtype),
    inputs: [scattered([2, 2])],
    wanted: map(() => 1),
    dtypes: ['float32'] as const,
    result: dtype,
    opsets: edgeOpsets,
  },
  {
    name: `full in ${dtype}`,
    op: () => ops.full([2, 1], 1, dtype),
    inputs: [],
    wanted: () => ({ dims: [2, 1], values: [1, 1] }),
    dtypes: ['float32'] as const,
    result: dtype,
    opsets: edgeOpsets,
  },
  {
    name: `identity in ${dtype}`,
    op: () => ops.identity(3, dtype),
    inputs: [],
    wanted: () => ({ dims: [3, 3], values: [1, 0, 0, 0, 1, 0, 0, 0, 1] }),
    dtypes: ['float32'] as const,
    result: dtype,
  },
]);

const filled: OpCase[] = [
  {
    name: 'full of a fraction in an integer type is truncated',
    op: () => ops.full([2], -1.7, 'int32'),
    inputs: [],
    wanted: () => row(-1, -1),
    dtypes: ['float32'],
    result: 'int32',
  },
  {
    name: 'full of infinity',
    op: () => ops.full([2, 1], Number.POSITIVE_INFINITY),
    inputs: [],
    wanted: () => ({ dims: [2, 1], values: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] }),
    dtypes: ['float32'],
  },
  {
    name: 'full of a truth is float32, as in Keras',
    op: () => ops.full([], true),
    inputs: [],
    wanted: () => ({ dims: [], values: [1] }),
    dtypes: ['float32'],
  },
  {
    name: 'full of a scalar tensor',
    op: (x) => ops.full([2, 3], x),
    inputs: [scattered([])],
    wanted: (x) => map2((_, value) => value)(scattered([2, 3]), x),
    dtypes: kept,
  },
  {
    name: 'full of a column',
    op: (x) => ops.full([2, 3], x),
    inputs: [scattered([2, 1])],
    wanted: (x) => map2((_, value) => value)(scattered([2, 3]), x),
  },
  {
    name: 'full of an array',
    op: () => ops.full([2, 3], [1, 2, 3]),
    inputs: [],
    wanted: () => ({ dims: [2, 3], values: [1, 2, 3, 1, 2, 3] }),
    dtypes: ['float32'],
  },
  {
    name: 'bfloat16 by way of float32',
    op: (x) => ops.cast(ops.onesLike(x, 'bfloat16'), 'float32'),
    inputs: [scattered([3])],
    wanted: map(() => 1),
    dtypes: ['float32'],
  },
];

const cases = [...likes, ...inEveryDtype, ...filled];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
