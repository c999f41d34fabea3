// Constraints written as Keras 3 writes them, and read back.
// Must not run graphs.
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  Constraint,
  type ConstraintConfig,
  deserialize,
  get,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  type SymbolicTensor,
  serialize,
  UnitNorm,
  UnsupportedError,
  unitNorm,
} from '../../src/index.js';

describe('built-in constraints', () => {
  test.each([
    [maxNorm({ maxValue: 3, axis: [0, 1] }), 'MaxNorm', { max_value: 3, axis: [0, 1] }],
    [maxNorm({ axis: null }), 'MaxNorm', { max_value: 2, axis: null }],
    [
      minMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.9, axis: -1 }),
      'MinMaxNorm',
      { min_value: 0.5, max_value: 2, rate: 0.9, axis: -1 },
    ],
    [nonNeg(), 'NonNeg', {}],
    [unitNorm(), 'UnitNorm', { axis: 0 }],
    [unitNorm({ epsilon: 1e-3 }), 'UnitNorm', { axis: 0, epsilon: 1e-3 }],
    [new Constraint(), 'Constraint', {}],
  ])('%o', (constraint, className, config) => {
    const serialized = serialize(constraint);
    expect(serialized).toEqual({
      module: 'keras.constraints',
      class_name: className,
      config,
      registered_name: null,
    });
    expect(deserialize(JSON.parse(JSON.stringify(serialized)))).toStrictEqual(constraint);
  });
});

class Centered extends Constraint {
  constructor(readonly refValue: number) {
    super();
  }

  override getConfig(): ConstraintConfig {
    return { ref_value: this.refValue };
  }
}

describe('custom classes', () => {
  test('under their own name', () => {
    const serialized = serialize(new Centered(3));
    expect(serialized).toEqual({
      module: null,
      class_name: 'Centered',
      config: { ref_value: 3 },
      registered_name: 'Centered',
    });
    expect(deserialize(serialized, { Centered })).toStrictEqual(new Centered(3));
  });

  test('under their registered name', () => {
    const customObjects = { 'pkg>Centered': Centered };
    const serialized = serialize(new Centered(3), customObjects);
    expect(serialized).toMatchObject({ class_name: 'Centered', registered_name: 'pkg>Centered' });
    expect(deserialize(serialized, customObjects)).toStrictEqual(new Centered(3));
  });

  test('under the class name they set, which minifying leaves alone', () => {
    class A extends Centered {
      static override readonly className: string = 'Centered';
    }
    expect(serialize(new A(1)).class_name).toBe('Centered');
    class B extends A {}
    expect(serialize(new B(1)).class_name).toBe('B');
  });

  test('a class without a name is refused, unless custom objects name it', () => {
    const unnamed = [class extends Centered {}][0] as typeof Centered;
    expect(() => serialize(new unnamed(1))).toThrow(UnsupportedError);
    expect(() => serialize(new unnamed(1))).toThrow('an anonymous class cannot be serialized');
    const serialized = serialize(new unnamed(1), { 'pkg>Shift': unnamed });
    expect(serialized).toMatchObject({ class_name: 'Shift', registered_name: 'pkg>Shift' });
    expect(deserialize(serialized, { 'pkg>Shift': unnamed })).toStrictEqual(new unnamed(1));
  });
});

describe('functions', () => {
  const halve = (w: SymbolicTensor): SymbolicTensor => w;

  test('under the name custom objects give them', () => {
    const customObjects = { 'pkg>halve': halve };
    const serialized = serialize(halve, customObjects);
    expect(serialized).toEqual({
      module: 'builtins',
      class_name: 'function',
      config: 'pkg>halve',
      registered_name: 'function',
    });
    expect(deserialize(serialized, customObjects)).toMatchObject({ fn: halve });
    expect(serialize(get(halve) as Constraint, customObjects)).toEqual(serialized);
  });

  test('are refused without, with the reason', () => {
    expect(() => serialize((w) => w)).toThrow(UnsupportedError);
    expect(() => serialize((w) => w)).toThrow(
      'an anonymous function cannot be serialized: its code would not travel, and nothing names it; pass it in customObjects, or write a subclass of Constraint with getConfig',
    );
    expect(() => serialize(halve)).toThrow("the function 'halve' cannot be serialized");
    expect(() => get(halve)?.getConfig()).toThrow("the function 'halve' has no config");
    expect(() => get((w: SymbolicTensor) => w)?.getConfig()).toThrow('an anonymous function has no config');
  });
});

describe('fromConfig, where it is not overridden', () => {
  test('calls a positional constructor', () => {
    class Pair extends Constraint {
      constructor(
        readonly low: number,
        readonly highValue: number,
      ) {
        super();
      }
      override getConfig(): ConstraintConfig {
        return { low: this.low, high_value: this.highValue };
      }
    }
    expect(Pair.fromConfig({ low: 1, high_value: 2 })).toStrictEqual(new Pair(1, 2));
  });

  test('calls a constructor that takes an object of camelCase keys', () => {
    class Options extends Constraint {
      readonly lowValue: number;
      readonly axis2: number;
      constructor({ lowValue = 0, axis2 = 0 }: { lowValue?: number; axis2?: number } = {}) {
        super();
        this.lowValue = lowValue;
        this.axis2 = axis2;
      }
      override getConfig(): ConstraintConfig {
        return { low_value: this.lowValue, axis_2: this.axis2 };
      }
    }
    expect(Options.fromConfig({ axis_2: 3, low_value: 1 })).toStrictEqual(
      new Options({ lowValue: 1, axis2: 3 }),
    );
    expect(Options.fromConfig({})).toStrictEqual(new Options());
  });

  test('refuses where neither gives the config back, and says what each gave', () => {
    class Lossy extends Constraint {
      readonly total: number;
      constructor(a: number, b: number) {
        super();
        this.total = a + b;
      }
      override getConfig(): ConstraintConfig {
        return { total: this.total };
      }
    }
    const make = (): Constraint => Lossy.fromConfig({ total: 3 });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(
      'Lossy: no constructor call gives the config {"total":3} back (positional arguments: getConfig() gave {"total":null}; an object of arguments: getConfig() gave {"total":"[object Object]undefined"}); define static fromConfig(config) on Lossy',
    );
  });

  test('a constructor that throws counts as one that does not fit', () => {
    class Strict extends Constraint {
      constructor(readonly args: { limit: number }) {
        super();
        if (typeof args !== 'object') throw new TypeError('an object, please');
      }
      override getConfig(): ConstraintConfig {
        return { limit: this.args.limit };
      }
    }
    expect(Strict.fromConfig({ limit: 3 })).toStrictEqual(new Strict({ limit: 3 }));
    expect(() => Strict.fromConfig({ bound: 3 })).toThrow('positional arguments: an object, please');
  });
});

describe('subclasses of the built-in constraints', () => {
  test.each([
    [MaxNorm, { max_value: 3, axis: 1 }],
    [MinMaxNorm, { min_value: 0.5, max_value: 2, rate: 0.5, axis: [0, 1] }],
    [UnitNorm, { axis: null }],
    [NonNeg, {}],
  ] as const)('%o: fromConfig makes the subclass', (owner: typeof Constraint, config) => {
    const Sub = class Sub extends owner {};
    const constraint = Sub.fromConfig(config);
    expect(constraint).toBeInstanceOf(Sub);
    expect(constraint.getConfig()).toEqual(config);
    expect(deserialize(serialize(constraint), { Sub })).toStrictEqual(constraint);
  });

  test('they may take other arguments', () => {
    class Scaled extends MaxNorm {
      constructor(readonly scale: number) {
        super(2 * scale);
      }
      override getConfig(): ConstraintConfig {
        return { scale: this.scale };
      }
    }
    expect(Scaled.fromConfig({ scale: 3 })).toStrictEqual(new Scaled(3));
    expect(serialize(new Scaled(3))).toMatchObject({ module: null, class_name: 'Scaled' });
    expect(() => Scaled.fromConfig({ max_value: 3 })).toThrow('define static fromConfig(config) on Scaled');
  });
});
