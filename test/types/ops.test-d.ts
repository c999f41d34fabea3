// Types of the ops: what they take beside symbolic tensors, and what they give.
import { describe, expectTypeOf, test } from 'vitest';
import { ops, type SymbolicTensor, type TensorValue } from '../../src/index.js';

declare const w: SymbolicTensor;
declare const value: TensorValue;

describe('operands', () => {
  test('symbolic tensors, numbers, booleans, nested arrays, typed arrays, tensor values, on either side', () => {
    expectTypeOf(ops.add(w, w)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, 1)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(1, w)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, true)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, [1, 2])).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(
      ops.add(
        [
          [1, 2],
          [3, 4],
        ] as const,
        w,
      ),
    ).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, [[true, 0], [[1]]])).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, new Float32Array(2))).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(new Float64Array(2), w)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, new Int8Array(2))).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.add(w, value)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf<ops.NumericTypedArray>().toExtend<ops.TensorLike>();
    expectTypeOf<ops.NestedNumbers>().toExtend<ops.TensorLike>();
  });

  test('nothing else', () => {
    // @ts-expect-error text
    ops.add(w, '1');
    // @ts-expect-error nothing
    ops.add(w);
    // @ts-expect-error null
    ops.add(w, null);
    // @ts-expect-error a bigint
    ops.add(w, 1n);
    // @ts-expect-error bigints
    ops.add(w, new BigInt64Array(1));
    // @ts-expect-error text in an array
    ops.add(w, ['1']);
    // @ts-expect-error tensors in an array
    ops.add(w, [w]);
    // @ts-expect-error a promise
    ops.add(w, Promise.resolve(w));
  });

  test('the operators of the language are not for symbolic tensors', () => {
    // @ts-expect-error write ops.add(w, 1)
    w + 1;
    // @ts-expect-error write ops.negative(w)
    w * -1;
  });
});

describe('ops', () => {
  test('var is there under its own name', () => {
    expectTypeOf(ops.var(w, { axis: 0, keepdims: true })).toEqualTypeOf<SymbolicTensor>();
  });

  test('reductions take an axis or options', () => {
    expectTypeOf(ops.sum(w)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.sum(w, 0, true)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.mean(w, null)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.std(w, [0, -1] as const)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.max(w, { axis: [0, 1] })).toEqualTypeOf<SymbolicTensor>();
    // @ts-expect-error the option is keepdims
    ops.sum(w, { keepDims: true });
    // @ts-expect-error exactOptionalPropertyTypes: leave it out
    ops.sum(w, { axis: undefined });
    // @ts-expect-error an axis is no text
    ops.sum(w, '0');
  });

  test('norm takes an order', () => {
    expectTypeOf<ops.NormOrder>().toEqualTypeOf<number | 'fro' | null>();
    expectTypeOf(ops.norm(w, { ord: 'fro', axis: [0, 1] })).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.norm(w, { ord: Number.POSITIVE_INFINITY })).toEqualTypeOf<SymbolicTensor>();
    // @ts-expect-error the nuclear norm has no operator
    ops.norm(w, { ord: 'nuc' });
  });

  test('shapes are lists, or a tensor for reshape', () => {
    expectTypeOf(ops.reshape(w, [2, -1])).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.reshape(w, ops.shape(w))).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.full([2, 3], 1, 'float64')).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.transpose(w, [1, 0] as const)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.squeeze(w, null)).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.expandDims(w, [0, 1])).toEqualTypeOf<SymbolicTensor>();
    // @ts-expect-error a shape is a list
    ops.reshape(w, 6);
    // @ts-expect-error an axis must be said
    ops.expandDims(w, null);
  });

  test('dtypes are those of ONNX', () => {
    expectTypeOf(ops.cast(w, 'bfloat16')).toEqualTypeOf<SymbolicTensor>();
    expectTypeOf(ops.identity(3, 'bool')).toEqualTypeOf<SymbolicTensor>();
    // @ts-expect-error no such dtype
    ops.cast(w, 'float');
  });

  test('several tensors are a list', () => {
    expectTypeOf(ops.concatenate([w, [1], new Float32Array(1)], -1)).toEqualTypeOf<SymbolicTensor>();
    // @ts-expect-error a list
    ops.concatenate(w, w);
  });
});
