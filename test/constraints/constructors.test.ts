// The constructors and factories: arguments, defaults, warnings, and what stands for a constraint in `get`.
// Must not run graphs.
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  Constraint,
  get,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  type SymbolicTensor,
  UnitNorm,
  unitNorm,
} from '../../src/index.js';

/** Things that type checking refuses. */
function wrong(value: unknown): never {
  return value as never;
}

describe('arguments', () => {
  test('have the defaults of Keras', () => {
    expect(new MaxNorm()).toMatchObject({ maxValue: 2, axis: 0, epsilon: 1e-7 });
    expect(new MinMaxNorm()).toMatchObject({ minValue: 0, maxValue: 1, rate: 1, axis: 0, epsilon: 1e-7 });
    expect(new UnitNorm()).toMatchObject({ axis: 0, epsilon: 1e-7 });
    expect(maxNorm({ maxValue: undefined as never, axis: undefined as never })).toStrictEqual(new MaxNorm());
  });

  test('factories are constructors under the shortcut names', () => {
    expect(maxNorm()).toStrictEqual(new MaxNorm());
    expect(maxNorm(3)).toStrictEqual(new MaxNorm({ maxValue: 3 }));
    expect(maxNorm(3, [0, 1])).toStrictEqual(new MaxNorm({ maxValue: 3, axis: [0, 1] }));
    expect(maxNorm(3, null)).toStrictEqual(new MaxNorm({ maxValue: 3, axis: null }));
    expect(minMaxNorm({ rate: 0.5 })).toStrictEqual(new MinMaxNorm({ rate: 0.5 }));
    expect(nonNeg()).toStrictEqual(new NonNeg());
    expect(unitNorm(1)).toStrictEqual(new UnitNorm({ axis: 1 }));
    expect(unitNorm([0, 1])).toStrictEqual(new UnitNorm({ axis: [0, 1] }));
    expect(unitNorm(null)).toStrictEqual(new UnitNorm({ axis: null }));
    expect(unitNorm({ axis: -1 })).toStrictEqual(new UnitNorm({ axis: -1 }));
  });

  test('a list of axes is copied', () => {
    const axis = [0, 1];
    const constraint = new UnitNorm({ axis });
    axis.push(2);
    expect(constraint.axis).toEqual([0, 1]);
  });

  test.each([
    ['MaxNorm: maxValue must be a number, found NaN', () => maxNorm(Number.NaN)],
    ['MaxNorm: maxValue must be a number, found "2"', () => maxNorm({ maxValue: wrong('2') })],
    ['MaxNorm: axis must be an integer', () => maxNorm({ axis: 0.5 })],
    ['MaxNorm: axis must be an integer', () => maxNorm(2, wrong({ axis: 1 }))],
    ['MaxNorm: epsilon must not be negative, found -1', () => maxNorm({ epsilon: -1 })],
    ['MaxNorm: epsilon must be a number, found NaN', () => maxNorm({ epsilon: Number.NaN })],
    [
      "MaxNorm has no argument 'max_value'; accepted are maxValue, axis, epsilon",
      () => maxNorm(wrong({ max_value: 2 })),
    ],
    ['MaxNorm: give the axis among the arguments, not beside them', () => maxNorm({ maxValue: 2 }, 1)],
    [
      'MaxNorm takes an object of arguments (maxValue, axis, epsilon), found null',
      () => maxNorm(wrong(null)),
    ],
    ['MaxNorm takes an object of arguments (maxValue, axis, epsilon), found "2"', () => maxNorm(wrong('2'))],
    ['MaxNorm takes an object of arguments (maxValue, axis, epsilon), found [2]', () => maxNorm(wrong([2]))],
    [
      'MinMaxNorm takes an object of arguments (minValue, maxValue, rate, axis, epsilon), found 0.5',
      () => minMaxNorm(wrong(0.5)),
    ],
    ['MinMaxNorm: rate must be a number, found Symbol(r)', () => minMaxNorm({ rate: wrong(Symbol('r')) })],
    [
      "UnitNorm has no argument 'maxValue'; accepted are axis, epsilon",
      () => unitNorm(wrong({ maxValue: 1 })),
    ],
    ['UnitNorm takes an object of arguments (axis, epsilon), found "0"', () => unitNorm(wrong('0'))],
  ])('%s', (message, make) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});

describe('warnings', () => {
  test.each([
    [maxNorm(2), []],
    [maxNorm(0), []],
    [maxNorm(-1), ['max_value -1 is negative: every weight changes its sign']],
    [minMaxNorm({ minValue: 1, maxValue: 1 }), []],
    [
      minMaxNorm({ minValue: 2, maxValue: 1 }),
      ['min_value 2 is larger than max_value 1: every norm becomes 1'],
    ],
    [minMaxNorm({ rate: 0.5 }), []],
    [minMaxNorm({ rate: 1.5 }), ['rate 1.5 is outside [0, 1]']],
    [
      minMaxNorm({ minValue: 2, maxValue: 1, rate: -1 }),
      ['min_value 2 is larger than max_value 1: every norm becomes 1', 'rate -1 is outside [0, 1]'],
    ],
    [nonNeg(), []],
    [unitNorm(), []],
    [new Constraint(), []],
  ])('of %o', (constraint, wanted) => {
    expect(constraint.warnings()).toEqual(wanted);
  });
});

describe('get', () => {
  class Doubled extends Constraint {
    constructor(readonly factor: number = 2) {
      super();
    }
  }

  test('takes instances as they are', () => {
    const constraint = maxNorm(3);
    expect(get(constraint)).toBe(constraint);
  });

  test('constructs classes with their defaults', () => {
    expect(get(MaxNorm)).toStrictEqual(new MaxNorm());
    expect(get(Constraint)).toStrictEqual(new Constraint());
    expect(get(Doubled)).toStrictEqual(new Doubled(2));
  });

  test('wraps functions', () => {
    const identity = (w: SymbolicTensor): SymbolicTensor => w;
    expect(get(identity)).toMatchObject({ fn: identity });
  });

  test('looks names and configs up, with custom objects', () => {
    expect(get('max_norm')).toStrictEqual(new MaxNorm());
    expect(get({ class_name: 'MaxNorm', config: { max_value: 3 } })).toStrictEqual(new MaxNorm(3));
    expect(get('Doubled', { Doubled })).toStrictEqual(new Doubled(2));
  });

  test.each([
    ['a number is not a constraint; accepted are', 3],
    ['a boolean is not a constraint', true],
    ['a bigint is not a constraint', 3n],
    ['a symbol is not a constraint', Symbol('max_norm')],
    ["unknown constraint 'typo'", 'typo'],
    ['a constraint must be null, a name or an object, found a list', [maxNorm(2)]],
    ['a constraint object needs class_name and config', {}],
  ])('%s', (message, identifier) => {
    expect(() => get(wrong(identifier))).toThrow(ConfigError);
    expect(() => get(wrong(identifier))).toThrow(message);
  });
});
