// What ops accept beside symbolic tensors, on either side: numbers, booleans, arrays, typed arrays, tensor values.
// Must not touch files or sessions itself.
import { describe, expect, test } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { type OpFunction, opModel, runOp, tensor } from '../support/runOps.js';

const w = tensor([1, 2, 3, 4, 5, 6], 'float32', [2, 3]);

const threes: readonly (readonly [string, ops.TensorLike])[] = [
  ['an array', [10, 20, 30]],
  ['a row in an array', [[10, 20, 30]]],
  ['a Float32Array', Float32Array.of(10, 20, 30)],
  ['a Float64Array', Float64Array.of(10, 20, 30)],
  ['an Int8Array', Int8Array.of(10, 20, 30)],
  ['an Int16Array', Int16Array.of(10, 20, 30)],
  ['an Int32Array', Int32Array.of(10, 20, 30)],
  ['a Uint8Array', Uint8Array.of(10, 20, 30)],
  ['a Uint16Array', Uint16Array.of(10, 20, 30)],
  ['a Uint32Array', Uint32Array.of(10, 20, 30)],
  ['a tensor value', tensor([10, 20, 30])],
  ['a tensor value of a narrower dtype', tensor([10, 20, 30], 'float16')],
  ['a tensor value of an integer dtype', tensor([10, 20, 30], 'int64')],
];

describe('beside a tensor', () => {
  test.each(threes)('%s, left and right', async (_, three) => {
    const right = await runOp((x) => ops.subtract(x, three), [w]);
    expect([right.dtype, right.dims, [...right.values]]).toEqual([
      'float32',
      [2, 3],
      [-9, -18, -27, -6, -15, -24],
    ]);
    const left = await runOp((x) => ops.subtract(three, x), [w]);
    expect([...left.values]).toEqual([9, 18, 27, 6, 15, 24]);
  });

  test('a number and a boolean', async () => {
    expect([...(await runOp((x) => ops.divide(12, x), [w])).values]).toEqual(
      [12, 6, 4, 3, 2.4, 2].map(Math.fround),
    );
    expect([...(await runOp((x) => ops.add(x, true), [w])).values]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('a column', async () => {
    const { values, dims } = await runOp((x) => ops.multiply(x, [[1], [-1]]), [w]);
    expect([dims, [...values]]).toEqual([
      [2, 3],
      [1, 2, 3, -4, -5, -6],
    ]);
  });

  test('a column wider than the tensor', async () => {
    const { values, dims } = await runOp((x) => ops.add([[1], [2]], x), [tensor([10, 20])]);
    expect([dims, [...values]]).toEqual([
      [2, 2],
      [11, 21, 12, 22],
    ]);
  });

  test('minus zero and NaN are constants of their own', async () => {
    const { values } = await runOp(
      (x) => ops.concatenate([ops.divide(1, ops.multiply(x, [0, -0])), [Number.NaN]]),
      [tensor([1, 1])],
    );
    expect([...values]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
  });
});

describe('precision', () => {
  test('a number is exact beside float64', async () => {
    const { values } = await runOp((x) => ops.multiply(x, 0.1), [tensor([1, 3], 'float64')]);
    expect([...values]).toEqual([0.1, 3 * 0.1]);
  });

  test('a Float64Array is rounded once beside float32', async () => {
    const { values } = await runOp((x) => ops.add(x, Float64Array.of(0.1)), [tensor([0])]);
    expect([...values]).toEqual([Math.fround(0.1)]);
  });

  test('a tensor value keeps its dtype and lifts the other', async () => {
    const { dtype, values } = await runOp((x) => ops.add(x, tensor([0.1], 'float64')), [tensor([0])]);
    expect([dtype, [...values]]).toEqual(['float64', [0.1]]);
  });

  test('rounding to places gives the nearest float64', async () => {
    const { values } = await runOp((x) => ops.round(x, 1), [tensor([0.31, 0.68, -1.44], 'float64')]);
    expect([...values]).toEqual([0.3, 0.7, -1.4]);
  });

  test('large integers beside int64', async () => {
    const { values } = await runOp((x) => ops.add(x, 2 ** 52), [tensor([1], 'int64')]);
    expect([...values]).toEqual([2 ** 52 + 1]);
  });
});

describe('alone', () => {
  test.each([
    ['a number', () => ops.sqrt(16), [], [4]],
    [
      'an array',
      () =>
        ops.sum(
          [
            [1, 2],
            [3, 4],
          ],
          0,
        ),
      [2],
      [4, 6],
    ],
    ['a typed array', () => ops.max(Int8Array.of(1, 5, -3)), [], [5]],
    ['a tensor value', () => ops.transpose(tensor([1, 2, 3, 4], 'float32', [2, 2])), [2, 2], [1, 3, 2, 4]],
    ['conditions', () => ops.where([true, false, true], [1, 2, 3], 0), [3], [1, 0, 3]],
    ['bounds', () => ops.clip([-2, 0.5, 2], [-1, -1, -1], 1), [3], [-1, 0.5, 1]],
    ['matrices', () => ops.matmul([[1, 2]], [[3], [4]]), [1, 1], [11]],
    ['parts', () => ops.concatenate([[1], Float32Array.of(2), tensor([3])]), [3], [1, 2, 3]],
    ['what has dims', () => ops.shape([[1, 2, 3]]), [2], [1, 3]],
    [
      'what has a form',
      () =>
        ops.onesLike([
          [1, 2],
          [3, 4],
        ]),
      [2, 2],
      [1, 1, 1, 1],
    ],
    ['exponents', () => ops.power(2, [1, 2, 3]), [3], [2, 4, 8]],
  ] as [string, OpFunction, number[], number[]][])('%s', async (_, op, dims, wanted) => {
    const found = await runOp(op, []);
    expect([found.dims, [...found.values]]).toEqual([dims, wanted]);
  });
});

describe('used more than once', () => {
  test('a tensor, a constant and an intermediate result', async () => {
    const { values } = await runOp(
      (x) => {
        const halved = ops.divide(x, 2);
        return ops.add(ops.multiply(halved, halved), ops.subtract(x, 2));
      },
      [w],
    );
    expect([...values]).toEqual([-0.75, 1, 3.25, 6, 9.25, 13]);
  });

  test('the same function gives the same bytes', () => {
    const op: OpFunction = (x) => ops.norm(ops.where(ops.isnan(x), 0, x), { axis: [1, 0], keepdims: true });
    expect(opModel(op, [w]).model).toEqual(opModel(op, [w]).model);
  });

  test('a chain of ten thousand ops', async () => {
    const { values } = await runOp(
      (x) => {
        let result = x;
        for (let i = 0; i < 10_000; i++) result = ops.add(result, 1);
        return result;
      },
      [tensor([0])],
    );
    expect([...values]).toEqual([10_000]);
  }, 20_000);
});
