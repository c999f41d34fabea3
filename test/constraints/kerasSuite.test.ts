// The cases of Keras's own test-suite for constraints (Keras 3, and those of Keras 1 and 2 that it dropped).
// Must not compare with anything but what that suite asserts.
import { describe, expect, test } from 'vitest';
import {
  type Axis,
  Constraint,
  deserialize,
  get,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  serialize,
  UnitNorm,
  unitNorm,
} from '../../src/index.js';
import { mismatch } from '../support/mismatch.js';
import { Random } from '../support/random.js';
import { norms } from '../support/reference.js';
import { runConstraint } from '../support/runConstraint.js';
import { tensor } from '../support/runOps.js';

const dims = [100, 100];

/** 100 × 100 numbers between -50 and 50, the first of them 0, which could cause trouble. */
function exampleArray(): number[] {
  const array = new Random(3537).numbers(10_000, -50, 50);
  array[0] = 0;
  return array;
}

const testValues = [0.1, 0.5, 3, 8, 1e-7];
const example = tensor(exampleArray(), 'float32', dims);

async function normsAfter(constraint: Constraint, axis: Axis = 0): Promise<number[]> {
  return norms(await runConstraint(constraint, example), dims, axis).values;
}

describe('max_norm', () => {
  test.each(testValues)('no norm is above %d', async (m) => {
    for (const axis of [0, 1, null]) {
      const found = await normsAfter(maxNorm({ maxValue: m, axis }), axis);
      expect(Math.max(...found)).toBeLessThan(m * (1 + 1e-6));
      expect(Math.max(...found)).toBeGreaterThan(m * (1 - 1e-6));
    }
  });

  test('weights are all below the limit', async () => {
    for (const m of testValues) {
      expect(Math.max(...(await runConstraint(maxNorm(m), example)))).toBeLessThan(m);
    }
  });

  test('a more explicit example', async () => {
    // Transposed: the units are columns.
    const x = tensor([0, 1, 3, 3, 0, 0, 0, 3, 0, 0, 0, 3], 'float32', [3, 4]);
    const third = 2 / Math.sqrt(3);
    const target = [0, 1, 2, third, 0, 0, 0, third, 0, 0, 0, third];
    const found = await runConstraint(maxNorm(2), x);
    expect(mismatch(found, target, { relative: 1e-5, absolute: 0 })).toBeUndefined();
  });
});

describe('non_neg', () => {
  test('no weight is below 0', async () => {
    expect(Math.min(...(await runConstraint(nonNeg(), example)))).toBe(0);
  });

  test.each([
    ['negatives become zeros', -3, 0],
    ['positives are kept', 3, 3],
    ['zeros are kept', 0, 0],
  ])('%s', async (_, value, wanted) => {
    const weight = tensor(new Float64Array(25).fill(value), 'float32', [5, 5]);
    expect([...(await runConstraint(nonNeg(), weight))]).toEqual(new Array(25).fill(wanted));
  });
});

describe('unit_norm', () => {
  test.each([0, 1, -1, null, [0, 1]] as const)('norms over axis %j are 1', async (axis) => {
    const found = await normsAfter(unitNorm({ axis }), axis);
    for (const norm of found) expect(norm).toBeCloseTo(1, 5);
  });
});

describe('min_max_norm', () => {
  test.each(testValues)('norms are between %d and twice that', async (m) => {
    const found = await normsAfter(minMaxNorm({ minValue: m, maxValue: 2 * m }));
    expect(Math.min(...found)).toBeGreaterThanOrEqual(m * (1 - 1e-6));
    expect(Math.max(...found)).toBeLessThanOrEqual(2 * m * (1 + 1e-6));
  });

  test('norms that are too small grow', async () => {
    const found = await normsAfter(minMaxNorm({ minValue: 1000, maxValue: 2000 }));
    for (const norm of found) expect(norm / 1000).toBeCloseTo(1, 5);
  });
});

describe('the base class', () => {
  test('leaves weights as they are', async () => {
    expect([...(await runConstraint(new Constraint(), tensor([1, 2, 3])))]).toEqual([1, 2, 3]);
  });

  test('has an empty config', () => {
    expect(new Constraint().getConfig()).toEqual({});
    expect(Constraint.fromConfig({})).toStrictEqual(new Constraint());
  });
});

describe('get', () => {
  test('finds names, and nothing for null', () => {
    expect(get('unit_norm')).toStrictEqual(new UnitNorm());
    expect(get('Constraint')).toStrictEqual(new Constraint());
    expect(get(null)).toBeNull();
    expect(get(undefined)).toBeNull();
    expect(() => get('typo')).toThrow("unknown constraint 'typo'");
  });

  test.each([
    ['max_norm', MaxNorm],
    ['non_neg', NonNeg],
    ['unit_norm', UnitNorm],
    ['min_max_norm', MinMaxNorm],
  ] as const)('%s is the class with its defaults, also when serialized', (name, owner) => {
    const constraint = get(name);
    expect(constraint).toStrictEqual(new owner());
    expect(deserialize(serialize(constraint as Constraint))).toStrictEqual(new owner());
  });
});

describe('get_config', () => {
  test.each([
    [new MaxNorm({ maxValue: 3, axis: 1 }), { max_value: 3, axis: 1 }],
    [new UnitNorm({ axis: 1 }), { axis: 1 }],
    [
      new MinMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.7, axis: 1 }),
      { min_value: 0.5, max_value: 2, rate: 0.7, axis: 1 },
    ],
    [new NonNeg(), {}],
  ])('of %o makes the same constraint again', async (constraint, config) => {
    expect(constraint.getConfig()).toEqual(config);
    const restored = (constraint.constructor as typeof Constraint).fromConfig(constraint.getConfig());
    expect(restored).toStrictEqual(constraint);
    expect(await runConstraint(restored, example)).toEqual(await runConstraint(constraint, example));
  });
});
