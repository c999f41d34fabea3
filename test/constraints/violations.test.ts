// The verdicts on weights: inside, on and outside each constraint's set, and what is reported of them.
// Must not run graphs.
import { describe, expect, test } from 'vitest';
import { unitIndex, unitNorms } from '../../src/constraints/violations.js';
import {
  Constraint,
  defaultTolerance,
  judge,
  MaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  ShapeError,
  type SymbolicTensor,
  unitNorm,
  type Verdict,
} from '../../src/index.js';
import { Random } from '../support/random.js';
import { norms } from '../support/reference.js';

const tolerance = 1e-5;

function verdict(constraint: Constraint, values: readonly number[], shape = [values.length]): Verdict {
  const found = judge(constraint, Float64Array.from(values), shape, tolerance);
  if (found === undefined) throw new RangeError('no verdict');
  return found;
}

/** Norm 5 in one unit. */
const five = [3, 4];

describe('one unit', () => {
  const rows: readonly (readonly [string, Constraint, readonly number[], Verdict['status']])[] = [
    ['MaxNorm, inside', maxNorm(6), five, 'satisfied'],
    ['MaxNorm, on the limit', maxNorm(5), five, 'satisfied'],
    ['MaxNorm, outside', maxNorm(4.9), five, 'violated'],
    ['MaxNorm, outside within the tolerance', maxNorm(5 / (1 + 0.9e-5)), five, 'satisfied'],
    ['MaxNorm, just beyond the tolerance', maxNorm(5 / (1 + 1.2e-5)), five, 'violated'],
    ['MaxNorm of 0, zero', maxNorm(0), [0, 0], 'satisfied'],
    ['MaxNorm of 0, within the absolute allowance', maxNorm(0), [5e-8, 0], 'satisfied'],
    ['MaxNorm of 0, outside', maxNorm(0), [2e-7, 0], 'violated'],
    ['MaxNorm without limit', maxNorm(Number.POSITIVE_INFINITY), [1e300, 1e300], 'satisfied'],
    ['MinMaxNorm, inside', minMaxNorm({ minValue: 4, maxValue: 6 }), five, 'satisfied'],
    ['MinMaxNorm, on the lower bound', minMaxNorm({ minValue: 5, maxValue: 6 }), five, 'satisfied'],
    ['MinMaxNorm, on the upper bound', minMaxNorm({ minValue: 4, maxValue: 5 }), five, 'satisfied'],
    ['MinMaxNorm, below', minMaxNorm({ minValue: 5.1, maxValue: 6 }), five, 'violated'],
    ['MinMaxNorm, above', minMaxNorm({ minValue: 4, maxValue: 4.9 }), five, 'violated'],
    [
      'MinMaxNorm, below within the tolerance',
      minMaxNorm({ minValue: 5 * (1 + 0.9e-5), maxValue: 6 }),
      five,
      'satisfied',
    ],
    ['MinMaxNorm at a rate, outside', minMaxNorm({ maxValue: 4, rate: 0.5 }), five, 'converging'],
    ['MinMaxNorm at a rate, inside', minMaxNorm({ maxValue: 6, rate: 0.5 }), five, 'satisfied'],
    [
      'MinMaxNorm with crossing bounds, on the upper',
      minMaxNorm({ minValue: 9, maxValue: 5 }),
      five,
      'satisfied',
    ],
    ['MinMaxNorm with crossing bounds, between', minMaxNorm({ minValue: 9, maxValue: 4 }), five, 'violated'],
    ['MinMaxNorm with crossing bounds, below', minMaxNorm({ minValue: 9, maxValue: 6 }), five, 'violated'],
    ['UnitNorm, on', unitNorm(), [0.6, 0.8], 'satisfied'],
    ['UnitNorm, within the tolerance', unitNorm(), [0.6, 0.800009], 'satisfied'],
    ['UnitNorm, above', unitNorm(), [0.6, 0.8001], 'violated'],
    ['UnitNorm, below', unitNorm(), [0.6, 0.7999], 'violated'],
    ['NonNeg, positive', nonNeg(), [1, 2], 'satisfied'],
    ['NonNeg, zeros of both signs', nonNeg(), [0, -0], 'satisfied'],
    ['NonNeg, barely negative', nonNeg(), [1, -1e-30], 'violated'],
    ['NonNeg, infinity', nonNeg(), [1, Number.POSITIVE_INFINITY], 'satisfied'],
    ['the base class', new Constraint(), [Number.NaN, -1e300], 'satisfied'],
  ];

  test.each(rows)('%s', (_, constraint, values, status) => {
    expect(verdict(constraint, values).status).toBe(status);
  });

  test('the tolerance is the caller’s', () => {
    const weight = Float64Array.from(five);
    expect(judge(maxNorm(4.9), weight, [2], 0.05)?.status).toBe('satisfied');
    expect(judge(maxNorm(4.999999), weight, [2], 0)?.status).toBe('violated');
  });
});

describe('what is reported', () => {
  test('the unit that is farthest outside, how many are, and of how many', () => {
    // Columns have the norms 5, 1, 10, 2.
    const values = [3, 1, 6, 0, 4, 0, 8, 2];
    expect(verdict(maxNorm(2), values, [2, 4])).toEqual({
      status: 'violated',
      worst: { unit: 2, measure: 'norm', found: 10, limit: 2 },
      outside: 2,
      units: 4,
      notes: [],
    });
    expect(verdict(minMaxNorm({ minValue: 4, maxValue: 6 }), values, [2, 4]).worst).toEqual({
      unit: 2,
      measure: 'norm',
      found: 10,
      limit: 6,
    });
    expect(verdict(minMaxNorm({ minValue: 9, maxValue: 20 }), values, [2, 4]).worst).toEqual({
      unit: 1,
      measure: 'norm',
      found: 1,
      limit: 9,
    });
    expect(verdict(unitNorm(), values, [2, 4])).toMatchObject({ outside: 3, units: 4 });
  });

  test('nothing of a satisfied weight', () => {
    expect(verdict(maxNorm(20), five)).toEqual({ status: 'satisfied', outside: 0, units: 1, notes: [] });
  });

  test('the lowest weight and its place', () => {
    expect(verdict(nonNeg(), [1, -2, 3, -5, 0, -1], [2, 3])).toEqual({
      status: 'violated',
      worst: { unit: [1, 0], measure: 'value', found: -5, limit: 0 },
      outside: 3,
      units: 6,
      notes: [],
    });
    expect(verdict(nonNeg(), [1, -2]).worst?.unit).toBe(1);
    expect(verdict(nonNeg(), [-2], []).worst?.unit).toBe(0);
  });

  test('units have an index in each dimension that is kept', () => {
    const values = new Array<number>(24).fill(1);
    values[17] = 9;
    const at = (axis: number | readonly number[] | null): unknown =>
      verdict(maxNorm({ maxValue: 8.9, axis }), values, [2, 3, 4]).worst?.unit;
    expect(at(0)).toEqual([1, 1]);
    expect(at(-2)).toEqual([1, 1]);
    expect(at([0, 1])).toBe(1);
    expect(at([2])).toEqual([1, 1]);
    expect(at([])).toEqual([1, 1, 1]);
    expect(at(null)).toBe(0);
  });

  test('flat places as indices', () => {
    expect(unitIndex(17, [2, 3, 4])).toEqual([1, 1, 1]);
    expect(unitIndex(17, [24])).toBe(17);
    expect(unitIndex(0, [])).toBe(0);
  });
});

describe('units of norm 0', () => {
  const values = [0, 3, 0, 4];

  test('pass with a note where no scaling moves them', () => {
    expect(verdict(unitNorm(), [0, 0.6, 0, 0.8], [2, 2])).toEqual({
      status: 'satisfied',
      outside: 0,
      units: 2,
      notes: ['1 of 2 units have norm 0, which no scaling brings to 1'],
    });
    expect(verdict(minMaxNorm({ minValue: 1, maxValue: 5 }), values, [2, 2]).notes).toEqual([
      '1 of 2 units have norm 0, which no scaling brings to 1',
    ]);
  });

  test('are inside without a note where 0 is allowed', () => {
    expect(verdict(maxNorm(5), values, [2, 2]).notes).toEqual([]);
    expect(verdict(minMaxNorm({ maxValue: 5 }), values, [2, 2]).notes).toEqual([]);
  });
});

describe('NaN and infinity', () => {
  const norm = [maxNorm(2), minMaxNorm({ maxValue: 2 }), unitNorm()] as const;

  test('are outside, NaN before anything else', () => {
    for (const constraint of norm) {
      for (const values of [
        [Number.NaN, 1],
        [1, Number.NaN],
        [Number.NaN, Number.POSITIVE_INFINITY],
        [Number.POSITIVE_INFINITY, Number.NaN, 1],
      ]) {
        expect(verdict(constraint, values)).toMatchObject({ status: 'violated', outside: 1 });
        expect(verdict(constraint, values).worst?.found).toBeNaN();
      }
      expect(verdict(constraint, [1, Number.NEGATIVE_INFINITY]).worst?.found).toBe(Number.POSITIVE_INFINITY);
      expect(verdict(constraint, [9, 1, Number.NaN, 1], [2, 2]).worst?.unit).toBe(0);
      expect(verdict(constraint, [9, 1, 1, Number.NaN], [2, 2]).worst?.unit).toBe(1);
    }
  });

  test('NaN does not pass without a limit either', () => {
    expect(verdict(maxNorm(Number.POSITIVE_INFINITY), [Number.NaN, Number.POSITIVE_INFINITY, 1]).status).toBe(
      'violated',
    );
    expect(verdict(nonNeg(), [1, Number.NaN, -3]).worst).toEqual({
      unit: 1,
      measure: 'value',
      found: Number.NaN,
      limit: 0,
    });
  });
});

describe('norms', () => {
  test('neither overflow nor vanish', () => {
    expect(unitNorms(Float64Array.of(3e200, 4e200), [2], [0]).norms[0]).toBeCloseTo(5e200, -190);
    expect(unitNorms(Float64Array.of(3e-200, -4e-200), [2], [0]).norms[0]).toBe(5e-200);
    expect(unitNorms(Float64Array.of(5e-324, 0), [2], null).norms[0]).toBe(5e-324);
    expect(verdict(maxNorm(5e200), [3e200, 4e200]).status).toBe('satisfied');
    expect(verdict(maxNorm(4.9e200), [3e200, 4e200]).worst?.found).toBeCloseTo(5e200, -190);
    expect(verdict(minMaxNorm({ minValue: 1, maxValue: 2 }), [3e-200, 4e-200])).toMatchObject({
      status: 'violated',
      notes: [],
    });
  });

  test('are those of the reference over any axes', () => {
    const random = new Random(5);
    const shape = [2, 3, 1, 4];
    const values = random.numbers(24, -3, 3);
    for (const axes of [[0], [1], [3], [0, 3], [1, 2], [0, 1, 2, 3], [], null]) {
      const found = unitNorms(Float64Array.from(values), shape, axes);
      const wanted = norms(values, shape, axes);
      expect([...found.norms]).toEqual(wanted.values.map((x) => expect.closeTo(x, 12)));
      expect(found.keptShape).toEqual(shape.filter((_, i) => axes !== null && !axes.includes(i)));
    }
  });

  test('an axis outside the shape is refused', () => {
    expect(() => verdict(maxNorm({ axis: 1 }), five)).toThrow(ShapeError);
    expect(() => verdict(unitNorm({ axis: [0, 2] }), five)).toThrow('axis 2 is out of range for shape (2,)');
  });
});

describe('constraints whose set is not known', () => {
  test('have no verdict: custom ones and subclasses', () => {
    class Mine extends Constraint {}
    class Tight extends MaxNorm {}
    class Positive extends NonNeg {
      override call(w: SymbolicTensor): SymbolicTensor {
        return w;
      }
    }
    for (const constraint of [new Mine(), new Tight(1), new Positive()]) {
      expect(judge(constraint, Float64Array.from(five), [2], tolerance)).toBeUndefined();
    }
  });
});

test('the tolerance goes by the dtype', () => {
  expect(
    ['float32', 'float64', 'float16', 'bfloat16', 'int8'].map((dtype) => defaultTolerance(dtype as never)),
  ).toEqual([1e-5, 1e-10, 2e-3, 1.6e-2, 1e-5]);
});
