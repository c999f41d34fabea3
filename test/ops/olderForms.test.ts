// The forms of operators for opsets before 13 on what the tables of ops leave out: NaN, infinities, halves, and
// which opset is named where there is no form.
// Must not hold reference arithmetic beyond JavaScript's own.
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/graph/errors.js';
import * as ops from '../../src/ops/index.js';
import { type OpFunction, opModel, runOp, tensor } from '../support/runOps.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const older = [7, 8, 9, 10, 11, 12];
const special = [nan, -inf, -2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 3, 1e20, inf];

const unary: readonly (readonly [string, OpFunction, (x: number) => number])[] = [
  ['clip', (x) => ops.clip(x, -1, 2), (x) => Math.min(Math.max(x, -1), 2)],
  ['clip from zero', (x) => ops.clip(x, 0, 1.5), (x) => Math.min(Math.max(x, 0), 1.5)],
  ['maximum', (x) => ops.maximum(x, 1.5), (x) => Math.max(x, 1.5)],
  ['minimum', (x) => ops.minimum(x, 1.5), (x) => Math.min(x, 1.5)],
  ['maximum of two tensors', (x) => ops.maximum(x, ops.negative(x)), (x) => Math.max(x, -x)],
  ['relu', (x) => ops.relu(x), (x) => Math.max(x, 0)],
  ['sign', (x) => ops.sign(x), Math.sign],
  ['round', (x) => ops.round(x), (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))],
  ['isnan', (x) => ops.cast(ops.isnan(x), 'float32'), (x) => Number(Number.isNaN(x))],
  ['equal', (x) => ops.cast(ops.equal(x, 1.5), 'float32'), (x) => Number(x === 1.5)],
  ['equal to itself', (x) => ops.cast(ops.equal(x, x), 'float32'), (x) => Number(!Number.isNaN(x))],
  ['notEqual', (x) => ops.cast(ops.notEqual(x, 1.5), 'float32'), (x) => Number(x !== 1.5)],
  ['greaterEqual', (x) => ops.cast(ops.greaterEqual(x, 1.5), 'float32'), (x) => Number(x >= 1.5)],
  ['lessEqual', (x) => ops.cast(ops.lessEqual(x, 1.5), 'float32'), (x) => Number(x <= 1.5)],
];

describe('NaN, infinities and halves come out as they do today', () => {
  test.each(unary)('%s', async (_, op, wanted) => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const opset of [...older, 13, 18]) {
        const input = tensor(special, dtype, [special.length, 1]);
        const { values } = await runOp(op, [input], { opset, told: opset % 2 === 0 ? 'sizes' : 'names' });
        // Zeros of either sign are one: Round gives -0 for what Floor gives 0.
        const plain = (x: number): number => x + 0;
        const held = (x: number): number => (dtype === 'float32' ? Math.fround(x) : x);
        expect([...values].map(plain), `${dtype}, opset ${opset}`).toEqual(
          special.map((x) => plain(held(wanted(held(x))))),
        );
      }
    }
  });

  test('maxima and minima over an axis', async () => {
    const rows = [1, nan, 2, -inf, -1, -2, inf, 5, 0, nan, nan, nan];
    for (const dtype of ['float32', 'float64'] as const) {
      for (const opset of [...older, 13, 18]) {
        for (const told of ['sizes', 'rank', 'nothing'] as const) {
          const input = tensor(rows, dtype, [4, 3]);
          const { values: largest } = await runOp((x) => ops.max(x, 1), [input], { opset, told });
          expect([...largest]).toEqual([nan, -1, inf, nan]);
          const { values: smallest } = await runOp((x) => ops.min(x, 1, true), [input], { opset, told });
          expect([...smallest]).toEqual([nan, -inf, 0, nan]);
        }
      }
    }
  });

  test('maxima broadcast both ways', async () => {
    const column = tensor([1, 5, nan], 'float64', [3, 1]);
    const row = tensor([2, inf], 'float64', [1, 2]);
    for (const opset of older) {
      for (const told of ['sizes', 'rank', 'nothing'] as const) {
        const { values, dims } = await runOp(ops.maximum, [column, row], { opset, told });
        expect(dims).toEqual([3, 2]);
        expect([...values]).toEqual([2, inf, 5, inf, nan, nan]);
      }
    }
  });
});

describe('what has no form names the lowest opset that has', () => {
  const rows: readonly (readonly [string, number, OpFunction, 'float32' | 'int64'])[] = [
    ['Where', 9, (x) => ops.where(ops.greater(x, 0), x, 0), 'float32'],
    ['ConstantOfShape', 9, (x) => ops.zerosLike(x), 'float32'],
    ['ConstantOfShape', 9, (x) => ops.matmul(x, ops.identity(2)), 'float32'],
    ['Greater on int64', 9, (x) => ops.greater(x, 0), 'int64'],
    ['MatMul on int64', 9, (x) => ops.matmul(x, x), 'int64'],
    ['Pow on int64', 12, (x) => ops.power(x, 2), 'int64'],
    ['bfloat16', 13, (x) => ops.cast(x, 'bfloat16'), 'float32'],
  ];

  test.each(rows)('%s, opset %i', (what, since, op, dtype) => {
    const input = tensor([1, 2, 3, 4], dtype, [2, 2]);
    for (const opset of [...older, 13]) {
      const make = (): unknown => opModel(op, [input], { opset });
      if (opset >= since) expect(make).not.toThrow();
      else {
        expect(make).toThrow(UsageError);
        expect(make).toThrow(`${what} needs opset ${since} or later; this graph is for opset ${opset}`);
      }
    }
  });
});
