// Types of the main entry point: what constraints, factories and ops accept and give.
import { expectTypeOf, test } from 'vitest';
import {
  Constraint,
  type ConstraintConfig,
  type DType,
  exportConstraint,
  get,
  MaxNorm,
  type MaxNormArgs,
  maxNorm,
  minMaxNorm,
  nonNeg,
  ops,
  type SymbolicTensor,
  type UnitNorm,
  unitNorm,
} from '../../src/index.js';

test('factories give their classes', () => {
  expectTypeOf(maxNorm(2)).toEqualTypeOf<MaxNorm>();
  expectTypeOf(maxNorm({ maxValue: 2, axis: [0, 1] })).toEqualTypeOf<MaxNorm>();
  expectTypeOf(unitNorm({ axis: null })).toEqualTypeOf<UnitNorm>();
  expectTypeOf(MaxNorm.fromConfig({ max_value: 2 })).toEqualTypeOf<MaxNorm>();
  expectTypeOf(get('max_norm')).toEqualTypeOf<Constraint | null>();
});

test('arguments are camelCase and typed', () => {
  expectTypeOf<MaxNormArgs['axis']>().toEqualTypeOf<number | readonly number[] | null | undefined>();
  // @ts-expect-error Keras's snake_case belongs to configs
  maxNorm({ max_value: 2 });
  // @ts-expect-error a rate is a number
  minMaxNorm({ rate: '1' });
  // @ts-expect-error NonNeg has no arguments
  nonNeg(1);
});

test('a subclass works on symbolic tensors', () => {
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
  expectTypeOf(new CenterAround(1)).toExtend<Constraint>();
  expectTypeOf(exportConstraint(new CenterAround(1), { opset: 18, rank: 2 })).toEqualTypeOf<Uint8Array>();
  expectTypeOf(exportConstraint((w: SymbolicTensor) => ops.relu(w))).toEqualTypeOf<Uint8Array>();
});

test('a subclass that answers with anything but a symbolic tensor is refused', () => {
  class Numeric extends Constraint {
    // @ts-expect-error a number is no symbolic tensor
    override call(): number {
      return 1;
    }
  }
  expectTypeOf(Numeric).toBeConstructibleWith();
});

test('a symbolic tensor tells its dtype', () => {
  expectTypeOf<SymbolicTensor['dtype']>().toEqualTypeOf<DType>();
});
