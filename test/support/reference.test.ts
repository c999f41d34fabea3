// The float64 reference itself, against Keras's golden answers and hand-worked reductions and broadcasts.
// Must not import anything from src.
import { describe, expect, test } from 'vitest';
import { mismatch, type Tolerance } from './mismatch.js';
import { readGoldenCases } from './readGoldenCases.js';
import { applyKerasConstraint, broadcast2, maxNorm, nonNeg, reduce } from './reference.js';
import { toNumbers } from './safetensors.js';

const tolerances: Readonly<Record<string, Tolerance>> = {
  float64: { relative: 1e-12, absolute: 0 },
  float32: { relative: 2e-6, absolute: 1e-7 },
  float16: { relative: 2 ** -10, absolute: 2 ** -24 },
  bfloat16: { relative: 2 ** -7, absolute: 2 ** -133 },
};

describe('the reference gives Keras’s golden answers', () => {
  const cases = readGoldenCases();

  test.each(Object.entries(tolerances))('%s', (dtype, tolerance) => {
    const chosen = cases.filter((golden) => golden.dtype === dtype);
    expect(chosen.length).toBeGreaterThan(50);
    for (const { id, constraint, shape, w, keras, exact } of chosen) {
      const found = applyKerasConstraint(constraint, toNumbers(w), shape);
      expect(mismatch(found, toNumbers(exact ?? keras), tolerance), id).toBeUndefined();
    }
  });
});

describe('reduce', () => {
  const sum = (group: readonly number[]): number => group.reduce((total, v) => total + v, 0);
  const values = [1, 2, 3, 4, 5, 6];

  test.each([
    [0, false, [5, 7, 9], [3]],
    [-1, true, [6, 15], [2, 1]],
    [[0, -1], true, [21], [1, 1]],
    [null, false, [21], []],
    [[], true, values, [2, 3]],
  ] as const)('axis %j, keepdims %j', (axis, keepdims, wanted, dims) => {
    expect(reduce(values, [2, 3], axis, keepdims, sum)).toEqual({ values: wanted, dims });
  });

  test('reduces a middle dimension', () => {
    const cube = Array.from({ length: 12 }, (_, i) => i);
    expect(reduce(cube, [2, 3, 2], 1, false, sum)).toEqual({ values: [6, 9, 24, 27], dims: [2, 2] });
  });

  test('an axis outside the rank is refused', () => {
    expect(() => reduce(values, [2, 3], 2, false, sum)).toThrow('axis 2 is outside rank 2');
  });
});

describe('broadcast2', () => {
  const subtract = (left: number, right: number): number => left - right;

  test('stretches missing and unit dimensions on both sides', () => {
    expect(broadcast2([10, 20], [2, 1], [1, 2, 3], [3], subtract)).toEqual({
      values: [9, 8, 7, 19, 18, 17],
      dims: [2, 3],
    });
    expect(broadcast2([5], [], [1, 2], [2], subtract)).toEqual({ values: [4, 3], dims: [2] });
  });

  test('dims that do not fit are refused', () => {
    expect(() => broadcast2([1, 2], [2], [1, 2, 3], [3], subtract)).toThrow('do not broadcast');
  });
});

test('epsilon is an option and is added to the norm', () => {
  expect(maxNorm([3, 4], [2], { maxValue: 5, epsilon: 5 })).toEqual([1.5, 2]);
});

test('nonNeg keeps NaN and infinity', () => {
  expect(nonNeg([-1, Number.NaN, Number.POSITIVE_INFINITY, 2])).toEqual([
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2,
  ]);
});
