// Ops that move, cast or join elements, and the matrix product, on ONNX Runtime at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { faultsOf, type OpCase } from '../support/opCase.js';
import type { ReferenceArray } from '../support/reference.js';
import { concatenate, map, matmul, row, scattered, transpose } from '../support/referenceOps.js';
import type { OpFunction } from '../support/runOps.js';

type Symbolic = Parameters<OpFunction>[0];

const floats = ['float32', 'float64', 'float16'] as const;
const some = ['float32', 'float16', 'int64', 'bool'] as const;

function as(...dims: number[]): (x: ReferenceArray) => ReferenceArray {
  return ({ values }) => ({ dims, values });
}

const casts: OpCase[] = [
  ...(['int32', 'int64'] as const).map((dtype) => ({
    name: `cast to ${dtype} truncates towards zero`,
    op: (x: Symbolic) => ops.cast(x, dtype),
    inputs: [row(1.75, -1.75, 2.5, -0.5, 3)],
    wanted: map(Math.trunc),
    dtypes: floats,
    result: dtype,
  })),
  {
    name: 'cast to bool takes NaN and fractions for true',
    op: (x) => ops.cast(x, 'bool'),
    inputs: [row(0.25, 0, -0, Number.NaN, -2)],
    wanted: map((x) => Number(x !== 0)),
    dtypes: floats,
    result: 'bool',
  },
  ...(['float32', 'float64', 'float16', 'int32'] as const).map((dtype) => ({
    name: `cast from anything to ${dtype}`,
    op: (x: Symbolic) => ops.cast(x, dtype),
    inputs: [row(0, 1, 2, -3)],
    wanted: map((x: number) => x),
    dtypes: some,
    result: dtype,
  })),
  {
    name: 'cast through bfloat16 keeps 8 bits',
    op: (x) => ops.cast(ops.cast(x, 'bfloat16'), 'float32'),
    inputs: [row(1 + 2 ** -7, 1 + 2 ** -9)],
    wanted: () => row(1 + 2 ** -7, 1),
    dtypes: ['float32'],
  },
];

const reshapes: OpCase[] = (
  [
    [
      [2, 3],
      [3, 2],
      [3, 2],
    ],
    [[2, 3], [-1], [6]],
    [
      [2, 3, 4],
      [4, -1, 2],
      [4, 3, 2],
    ],
    [[], [1, 1], [1, 1]],
    [[1, 1], [], []],
    [[6], [1, 6, 1], [1, 6, 1]],
  ] as const
).map(([from, to, wanted]) => ({
  name: `reshape [${from}] to [${to}]`,
  op: (x: Symbolic) => ops.reshape(x, to),
  inputs: [scattered(from)],
  wanted: as(...wanted),
  dtypes: some,
}));

const byTensor: OpCase[] = [
  {
    name: 'reshape to the shape of another',
    op: (x, y) => ops.reshape(x, ops.shape(y)),
    inputs: [scattered([2, 3]), scattered([3, 2])],
    wanted: as(3, 2),
  },
  {
    name: 'reshape to a shape put together',
    op: (x) => ops.reshape(x, ops.concatenate([ops.shape(x), tensorOf(1)])),
    inputs: [scattered([2, 3])],
    wanted: as(2, 3, 1),
    open: true,
  },
];

function tensorOf(value: number): { dtype: 'int64'; dims: number[]; data: BigInt64Array } {
  return { dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) };
}

const shapes: OpCase[] = [[], [5], [2, 1, 3]].map((dims) => ({
  name: `shape of [${dims}]`,
  op: ops.shape,
  inputs: [scattered(dims)],
  wanted: () => row(...dims),
  dtypes: some,
  result: 'int64' as const,
}));

const transposes: OpCase[] = (
  [
    [[], undefined, []],
    [[4], undefined, [0]],
    [[2, 3], undefined, [1, 0]],
    [[2, 3, 4], undefined, [2, 1, 0]],
    [
      [2, 3, 4],
      [1, 2, 0],
      [1, 2, 0],
    ],
    [
      [2, 3, 4],
      [-1, 0, -2],
      [2, 0, 1],
    ],
    [
      [1, 3, 1],
      [2, 0, 1],
      [2, 0, 1],
    ],
    [
      [2, 2],
      [0, 1],
      [0, 1],
    ],
  ] as const
).map(([dims, axes, perm]) => ({
  name: `transpose [${dims}] by ${JSON.stringify(axes)}`,
  op: (x: Symbolic) => ops.transpose(x, axes),
  inputs: [scattered(dims)],
  wanted: (x: ReferenceArray) => transpose(x, perm),
  dtypes: some,
}));

const dimensions: OpCase[] = [
  ...(
    [
      [[], 0, [1]],
      [[3], 0, [1, 3]],
      [[3], -1, [3, 1]],
      [[2, 3], 1, [2, 1, 3]],
      [
        [2, 3],
        [0, 2],
        [1, 2, 1, 3],
      ],
      [
        [2, 3],
        [-1, 0],
        [1, 2, 3, 1],
      ],
      [[2, 3], [], [2, 3]],
    ] as const
  ).map(([dims, axis, wanted]) => ({
    name: `expandDims [${dims}] at ${JSON.stringify(axis)}`,
    op: (x: Symbolic) => ops.expandDims(x, axis),
    inputs: [scattered(dims)],
    wanted: as(...wanted),
    dtypes: some,
  })),
  ...(
    [
      [[1, 2, 1], undefined, [2]],
      [[1, 2, 1], null, [2]],
      [[1, 2, 1], 0, [2, 1]],
      [[1, 2, 1], -1, [1, 2]],
      [[1, 2, 1], [2, 0], [2]],
      [[1, 2, 1], [], [1, 2, 1]],
      [[1, 1], null, []],
      [[2, 3], null, [2, 3]],
    ] as const
  ).map(([dims, axis, wanted]) => ({
    name: `squeeze [${dims}] at ${JSON.stringify(axis)}`,
    op: (x: Symbolic) => ops.squeeze(x, axis),
    inputs: [scattered(dims)],
    wanted: as(...wanted),
    dtypes: some,
  })),
];

const joins: OpCase[] = (
  [
    [
      [
        [2, 3],
        [1, 3],
        [4, 3],
      ],
      0,
    ],
    [
      [
        [2, 3],
        [2, 1],
      ],
      1,
    ],
    [
      [
        [2, 3],
        [2, 3],
      ],
      -1,
    ],
    [
      [
        [2, 1, 3],
        [2, 4, 3],
      ],
      -2,
    ],
    [[[5]], 0],
  ] as const
).map(([dims, axis]) => ({
  name: `concatenate ${dims.map((d) => `[${d}]`).join(' ')} along ${axis}`,
  op: (...xs: Symbolic[]) => ops.concatenate(xs, axis),
  inputs: dims.map((d, i) => scattered(d, i + 1)),
  wanted: (...arrays: ReferenceArray[]) =>
    concatenate(arrays, axis < 0 ? axis + (arrays[0] as ReferenceArray).dims.length : axis),
  dtypes: some,
}));

const products: OpCase[] = (
  [
    [
      [2, 3],
      [3, 4],
    ],
    [[3], [3]],
    [[3], [3, 2]],
    [[2, 3], [3]],
    [
      [5, 2, 3],
      [3, 4],
    ],
    [
      [5, 1, 2, 3],
      [2, 3, 4],
    ],
    [[3], [2, 3, 4]],
    [
      [1, 1],
      [1, 1],
    ],
  ] as const
).map(([a, b]) => ({
  name: `matmul [${a}] with [${b}]`,
  op: ops.matmul,
  inputs: [scattered(a), scattered(b, 2)],
  wanted: matmul,
  dtypes: ['float32', 'float64', 'int32', 'int64'] as const,
}));

const cases = [
  ...casts,
  ...reshapes,
  ...byTensor,
  ...shapes,
  ...transposes,
  ...dimensions,
  ...joins,
  ...products,
];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
