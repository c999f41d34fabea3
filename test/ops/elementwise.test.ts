// Element-by-element arithmetic on ONNX Runtime against the float64 reference, at every opset.
// Must not touch files or sessions itself.
import { expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { edgeOpsets, faultsOf, type OpCase, opsets } from '../support/opCase.js';
import type { ReferenceArray } from '../support/reference.js';
import { map, map2, roundHalfToEven, row, scattered } from '../support/referenceOps.js';
import type { OpFunction } from '../support/runOps.js';

const floats = ['float32', 'float64', 'float16'] as const;
const numbers = [...floats, 'int32', 'int64'] as const;
const special = row(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  0.5,
  1.5,
  2.5,
  -0.5,
  -1.5,
  -2.5,
  3,
  -7,
);
const shapes = [[], [1], [5], [2, 3], [2, 1, 3]] as const;

function unaryCases(): OpCase[] {
  const rows: [string, OpFunction, (x: number) => number, OpCase['dtypes']?][] = [
    ['negative', ops.negative, (x) => -x, numbers],
    ['abs', ops.abs, Math.abs, numbers],
    ['sign', ops.sign, Math.sign, numbers],
    ['square', ops.square, (x) => x * x, numbers],
    ['relu', ops.relu, (x) => Math.max(x, 0), numbers],
    ['sqrt', ops.sqrt, Math.sqrt, floats],
    ['exp', ops.exp, Math.exp, floats],
    ['log', ops.log, Math.log, floats],
    ['round', (x) => ops.round(x), roundHalfToEven, floats],
  ];
  return rows.flatMap(([name, op, fn, dtypes = floats]) => [
    ...shapes.map((dims) => ({
      name: `${name} [${dims}]`,
      op,
      inputs: [scattered(dims)],
      wanted: map(fn),
      dtypes,
      opsets: dims.length === 2 ? opsets : edgeOpsets,
    })),
    {
      name: `${name} of NaN, infinities, zeros, halves`,
      op,
      inputs: [special],
      wanted: map(fn),
      dtypes: floats,
    },
  ]);
}

const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[], [2, 3]],
  [[2, 3], []],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[1], [1, 1]],
  [
    [4, 1, 3],
    [2, 1],
  ],
];

function binaryCases(): OpCase[] {
  const rows: [string, OpFunction, (a: number, b: number) => number, OpCase['dtypes']?][] = [
    ['add', ops.add, (a, b) => a + b, numbers],
    ['subtract', ops.subtract, (a, b) => a - b, numbers],
    ['multiply', ops.multiply, (a, b) => a * b, numbers],
    ['divide', ops.divide, (a, b) => a / b],
    ['power', ops.power, (a, b) => a ** b],
    ['maximum', ops.maximum, Math.max, numbers],
    ['minimum', ops.minimum, Math.min, numbers],
  ];
  return rows.flatMap(([name, op, fn, dtypes = floats]) => [
    ...pairs.map(([a, b]) => ({
      name: `${name} [${a}] with [${b}]`,
      op,
      inputs: [scattered(a), scattered(b, 2)],
      wanted: map2(fn),
      dtypes,
      opsets: a.length === 2 && b.length === 2 ? opsets : edgeOpsets,
    })),
    {
      name: `${name} of NaN, infinities and zeros`,
      op,
      inputs: [special, { ...special, values: special.values.toReversed() }],
      wanted: map2(fn),
      dtypes: floats,
    },
  ]);
}

/** NumPy's clip: where the bounds cross, the upper one wins. */
function clipped(x: ReferenceArray, low: ReferenceArray, high: ReferenceArray): ReferenceArray {
  return map2(Math.min)(map2(Math.max)(x, low), high);
}

const clipCases: OpCase[] = [
  ...(
    [
      [-1, 1],
      [0, Number.POSITIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, 2],
      [2, 1],
      [0.3, 0.3],
      [Number.NaN, 1],
      [0, Number.NaN],
    ] as const
  ).flatMap(([low, high]) =>
    [scattered([2, 3]), scattered([]), special].map((x) => ({
      name: `clip [${x.dims}] to numbers ${low}, ${high}`,
      op: (w: Parameters<OpFunction>[0]) => ops.clip(w, low, high),
      inputs: [x],
      wanted: (w: ReferenceArray) => {
        const [l, h] = [low, high].map((bound) => ({ dims: [], values: [bound] }));
        return clipped(w, l as ReferenceArray, h as ReferenceArray);
      },
      dtypes: ['float64'] as const,
    })),
  ),
  {
    name: 'clip to tensors',
    op: ops.clip,
    inputs: [scattered([4, 3]), scattered([3], 2), scattered([4, 1], 3)],
    wanted: clipped,
    dtypes: numbers,
  },
  {
    name: 'clip to tensor scalars, one of them NaN',
    op: ops.clip,
    inputs: [special, { dims: [], values: [-1] }, { dims: [], values: [Number.NaN] }],
    wanted: clipped,
    dtypes: floats,
  },
  {
    name: 'clip to whole numbers',
    op: (x) => ops.clip(x, -2, 2),
    inputs: [scattered([7])],
    wanted: map((x) => Math.min(Math.max(x, -2), 2)),
    dtypes: ['float32', 'float16', 'int32', 'int64'],
  },
];

const roundCases: OpCase[] = [
  {
    name: 'round to 2 places',
    op: (x) => ops.round(x, 2),
    inputs: [scattered([2, 3])],
    wanted: map((x) => roundHalfToEven(x * 100) / 100),
  },
  {
    name: 'round to tens',
    op: (x) => ops.round(x, -1),
    inputs: [row(15, 25, -35, 44, 449, 451, 0, -0, Number.POSITIVE_INFINITY, Number.NaN)],
    wanted: map((x) => roundHalfToEven(x / 10) * 10),
    dtypes: floats,
  },
  {
    name: 'round integers to tens',
    op: (x) => ops.round(x, -1),
    inputs: [row(15, 25, -35, 44, 449, 451, 0)],
    wanted: map((x) => roundHalfToEven(x / 10) * 10),
    dtypes: ['int32', 'int64'],
  },
  {
    name: 'round integers to places',
    op: (x) => ops.round(x, 3),
    inputs: [row(15, -25)],
    wanted: map((x) => x),
    dtypes: ['int32', 'int64'],
  },
  {
    name: 'round float16 beyond its range times ten',
    op: (x) => ops.round(x, 1),
    inputs: [row(60000, 0.25)],
    wanted: map((x) => roundHalfToEven(x * 10) / 10),
    dtypes: ['float16'],
  },
];

const cases = [...unaryCases(), ...binaryCases(), ...clipCases, ...roundCases];

test.each(cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
  expect(await faultsOf(row)).toEqual([]);
});
