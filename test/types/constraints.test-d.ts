// Types of the main entry point: what constraints, factories and configs accept and give.
import { describe, expectTypeOf, test } from 'vitest';
import {
  type Axis,
  type BuildGraphOptions,
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  type ConstraintFunction,
  type CustomObjects,
  type DType,
  deserialize,
  exportConstraint,
  get,
  judge,
  MaxNorm,
  type MaxNormArgs,
  MinMaxNorm,
  type MinMaxNormArgs,
  maxNorm,
  minMaxNorm,
  NonNeg,
  nonNeg,
  ops,
  type SerializedConstraint,
  type SymbolicTensor,
  serialize,
  UnitNorm,
  unitNorm,
  type Verdict,
} from '../../src/index.js';

class CenterAround extends Constraint {
  constructor(readonly refValue: number) {
    super();
  }
  override call(w: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.subtract(w, ops.mean(w)), this.refValue);
  }
  override getConfig(): ConstraintConfig {
    return { ref_value: this.refValue };
  }
}

describe('factories and constructors', () => {
  test('give their classes', () => {
    expectTypeOf(maxNorm()).toEqualTypeOf<MaxNorm>();
    expectTypeOf(maxNorm(2)).toEqualTypeOf<MaxNorm>();
    expectTypeOf(maxNorm(2, [0, 1])).toEqualTypeOf<MaxNorm>();
    expectTypeOf(maxNorm({ maxValue: 2, axis: [0, 1] })).toEqualTypeOf<MaxNorm>();
    expectTypeOf(minMaxNorm({ minValue: 0, maxValue: 1, rate: 1, axis: -1 })).toEqualTypeOf<MinMaxNorm>();
    expectTypeOf(unitNorm({ axis: null })).toEqualTypeOf<UnitNorm>();
    expectTypeOf(unitNorm([0, 1])).toEqualTypeOf<UnitNorm>();
    expectTypeOf(unitNorm(null)).toEqualTypeOf<UnitNorm>();
    expectTypeOf(nonNeg()).toEqualTypeOf<NonNeg>();
    expectTypeOf(MaxNorm).toBeConstructibleWith(2, 0);
    expectTypeOf(MinMaxNorm).toBeConstructibleWith({ epsilon: 1e-3 });
  });

  test('know their arguments, which cannot be changed', () => {
    expectTypeOf(maxNorm().maxValue).toBeNumber();
    expectTypeOf(maxNorm().axis).toEqualTypeOf<Axis>();
    expectTypeOf(maxNorm().epsilon).toBeNumber();
    expectTypeOf(minMaxNorm().rate).toBeNumber();
    // @ts-expect-error arguments are read-only
    maxNorm().maxValue = 3;
  });

  test('an axis is a number, a list, or null for all', () => {
    expectTypeOf<Axis>().toEqualTypeOf<number | readonly number[] | null>();
    expectTypeOf<MaxNormArgs['axis']>().toEqualTypeOf<Axis | undefined>();
    maxNorm({ axis: [0, 1] as const });
    // @ts-expect-error an axis is no text
    maxNorm({ axis: '0' });
    // @ts-expect-error a list holds numbers
    unitNorm(['0']);
  });

  test('wrong keys and kinds are refused', () => {
    // @ts-expect-error Keras's snake_case belongs to configs
    maxNorm({ max_value: 2 });
    // @ts-expect-error UnitNorm has no limit
    unitNorm({ maxValue: 2 });
    // @ts-expect-error a rate is a number
    minMaxNorm({ rate: '1' });
    // @ts-expect-error MinMaxNorm takes no bounds by position
    minMaxNorm(0.5, 1);
    // @ts-expect-error NonNeg has no arguments
    nonNeg(1);
    // @ts-expect-error a limit is a number
    maxNorm(null);
  });

  test('an argument is left out, not undefined', () => {
    expectTypeOf<{ maxValue: number }>().toExtend<MaxNormArgs>();
    // @ts-expect-error exactOptionalPropertyTypes: leave it out
    maxNorm({ maxValue: undefined });
    // @ts-expect-error exactOptionalPropertyTypes: leave it out
    expectTypeOf<{ rate: undefined }>().toExtend<MinMaxNormArgs>();
  });
});

describe('configs', () => {
  test('go both ways', () => {
    expectTypeOf(maxNorm().getConfig()).toEqualTypeOf<ConstraintConfig>();
    expectTypeOf(MaxNorm.fromConfig({ max_value: 2 })).toEqualTypeOf<MaxNorm>();
    expectTypeOf(MinMaxNorm.fromConfig({})).toEqualTypeOf<MinMaxNorm>();
    expectTypeOf(UnitNorm.fromConfig({})).toEqualTypeOf<UnitNorm>();
    expectTypeOf(NonNeg.fromConfig({})).toEqualTypeOf<NonNeg>();
    expectTypeOf(Constraint.fromConfig({})).toEqualTypeOf<Constraint>();
    expectTypeOf(CenterAround.fromConfig({ ref_value: 1 })).toExtend<Constraint>();
  });

  test('deserialize and get give a constraint or null', () => {
    expectTypeOf(deserialize('max_norm')).toEqualTypeOf<Constraint | null>();
    expectTypeOf(deserialize({ class_name: 'MaxNorm' })).toEqualTypeOf<Constraint | null>();
    expectTypeOf(get('max_norm')).toEqualTypeOf<Constraint | null>();
    expectTypeOf(get(null)).toEqualTypeOf<Constraint | null>();
    get(MaxNorm);
    get(maxNorm(2));
    get((w: SymbolicTensor) => ops.relu(w));
    // @ts-expect-error a number is no constraint
    get(2);
  });

  test('serialize takes constraints and functions', () => {
    expectTypeOf(serialize(maxNorm())).toEqualTypeOf<SerializedConstraint>();
    expectTypeOf(serialize((w) => w, {})).toEqualTypeOf<SerializedConstraint>();
    // @ts-expect-error a config is serialized already
    serialize({ class_name: 'MaxNorm', config: {} });
  });

  test('custom objects are classes and functions', () => {
    const customObjects: CustomObjects = { CenterAround, 'pkg>relu': (w) => ops.relu(w) };
    expectTypeOf(deserialize('CenterAround', customObjects)).toEqualTypeOf<Constraint | null>();
    // @ts-expect-error an instance is no class
    deserialize('CenterAround', { CenterAround: new CenterAround(1) });
  });
});

describe('custom constraints', () => {
  test('a subclass works on symbolic tensors', () => {
    expectTypeOf(new CenterAround(1)).toExtend<Constraint>();
    expectTypeOf(CenterAround).toExtend<ConstraintClass>();
    expectTypeOf(new CenterAround(1).call).parameters.toEqualTypeOf<[SymbolicTensor]>();
  });

  test('anything but a symbolic tensor as its answer is refused', () => {
    class Numeric extends Constraint {
      // @ts-expect-error a number is no symbolic tensor
      override call(): number {
        return 1;
      }
    }
    class Later extends Constraint {
      // @ts-expect-error a constraint is traced at once
      override async call(w: SymbolicTensor): Promise<SymbolicTensor> {
        return w;
      }
    }
    expectTypeOf(Numeric).toBeConstructibleWith();
    expectTypeOf(Later).toBeConstructibleWith();
  });

  test('overriding must be said, and must fit', () => {
    class Forgetful extends Constraint {
      // @ts-expect-error noImplicitOverride: write override
      call(w: SymbolicTensor): SymbolicTensor {
        return w;
      }
    }
    class Greedy extends Constraint {
      // @ts-expect-error call is given a weight and nothing else
      override call(w: SymbolicTensor, factor: number): SymbolicTensor {
        return ops.multiply(w, factor);
      }
    }
    expectTypeOf(Forgetful).toBeConstructibleWith();
    expectTypeOf(Greedy).toBeConstructibleWith();
  });

  test('a function is one from a symbolic tensor to another', () => {
    expectTypeOf<ConstraintFunction>().toEqualTypeOf<(w: SymbolicTensor) => SymbolicTensor>();
    // @ts-expect-error the answer is a symbolic tensor
    serialize((_w: SymbolicTensor) => 1);
  });
});

describe('graphs and verdicts', () => {
  test('exportConstraint gives bytes for anything that stands for a constraint', () => {
    expectTypeOf(exportConstraint(new CenterAround(1), { opset: 18, rank: 2 })).toEqualTypeOf<Uint8Array>();
    expectTypeOf(exportConstraint((w: SymbolicTensor) => ops.relu(w))).toEqualTypeOf<Uint8Array>();
    expectTypeOf(exportConstraint('max_norm', { shape: [784, 'units', null] })).toEqualTypeOf<Uint8Array>();
    expectTypeOf(exportConstraint(UnitNorm, { dtype: 'bfloat16' })).toEqualTypeOf<Uint8Array>();
    // @ts-expect-error no such dtype
    exportConstraint(nonNeg(), { dtype: 'float' });
    // @ts-expect-error no such option
    exportConstraint(nonNeg(), { version: 18 });
    // @ts-expect-error exactOptionalPropertyTypes: leave it out
    exportConstraint(nonNeg(), { opset: undefined });
  });

  test('the shape alone may be undefined, which is any', () => {
    expectTypeOf<{ shape: undefined }>().toExtend<BuildGraphOptions>();
  });

  test('a verdict is known for some constraints', () => {
    expectTypeOf(judge(nonNeg(), new Float64Array(1), [1], 0)).toEqualTypeOf<Verdict | undefined>();
    expectTypeOf<Verdict['status']>().toEqualTypeOf<'satisfied' | 'violated' | 'converging'>();
  });

  test('a symbolic tensor tells its dtype and what is known of its shape', () => {
    expectTypeOf<SymbolicTensor['dtype']>().toEqualTypeOf<DType>();
    expectTypeOf<SymbolicTensor['shape']>().toEqualTypeOf<readonly (number | string | null)[] | undefined>();
    expectTypeOf<SymbolicTensor['rank']>().toEqualTypeOf<number | undefined>();
  });
});
