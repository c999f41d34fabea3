// The dtypes ops give, as Keras promotes them, and that every one of them runs on ONNX Runtime.
// Must not touch files or sessions itself.
import { describe, expect, test } from 'vitest';
import { type DType, dtypeKind } from '../../src/graph/dtype.js';
import * as ops from '../../src/ops/index.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { mismatch } from '../support/mismatch.js';
import { type OpFunction, runOp, tensor } from '../support/runOps.js';

/** What Keras 3.15 answers; int64 where JAX in its 32-bit mode says int32. */
const promotions = `
         bool     uint8    int8     int16    uint32   int32    int64    float16  float32  float64  bfloat16
bool     bool     uint8    int8     int16    uint32   int32    int64    float16  float32  float64  bfloat16
uint8    uint8    uint8    int16    int16    uint32   int32    int64    float16  float32  float64  bfloat16
int8     int8     int16    int8     int16    int64    int32    int64    float16  float32  float64  bfloat16
int16    int16    int16    int16    int16    int64    int32    int64    float16  float32  float64  bfloat16
uint32   uint32   uint32   int64    int64    uint32   int64    int64    float16  float32  float64  bfloat16
int32    int32    int32    int32    int32    int64    int32    int64    float16  float32  float64  bfloat16
int64    int64    int64    int64    int64    int64    int64    int64    float16  float32  float64  bfloat16
float16  float16  float16  float16  float16  float16  float16  float16  float16  float32  float64  float32
float32  float32  float32  float32  float32  float32  float32  float32  float32  float32  float64  float32
float64  float64  float64  float64  float64  float64  float64  float64  float64  float64  float64  float64
bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 float32  float32  float64  bfloat16`;

const [header = [], ...rows] = promotions
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/) as DType[]);
const pairs = rows.flatMap(([a, ...row]) => header.map((b, i) => [a as DType, b, row[i] as DType] as const));

function input(dtype: DType, shape: readonly number[] = [2, 2]): SymbolicTensor {
  return symbolicInput('x', dtype, shape);
}

describe('two tensors meet in the dtype Keras gives', () => {
  test.each(pairs)('%s with %s is %s', (a, b, wanted) => {
    const meet = [ops.add, ops.multiply, ops.maximum, ops.minimum, ops.matmul];
    for (const op of meet) expect(op(input(a), input(b)).dtype).toBe(wanted);
    expect(ops.where(true, input(a), input(b)).dtype).toBe(wanted);
    expect(ops.concatenate([input(a), input(b)]).dtype).toBe(wanted);
    expect(ops.equal(input(a), input(b)).dtype).toBe('bool');
    // Keras refuses the difference of booleans.
    expect(ops.subtract(input(a), input(b)).dtype).toBe(wanted === 'bool' ? 'int32' : wanted);
    expect(ops.divide(input(a), input(b)).dtype).toBe(dtypeKind(wanted) === 'float' ? wanted : 'float32');
  });

  test('float8 types meet in float32, uint64 meets signed integers there', () => {
    expect(ops.where(true, input('uint64'), input('int8')).dtype).toBe('float32');
    expect(ops.concatenate([input('float8_e4m3fn'), input('float8_e5m2')]).dtype).toBe('float32');
  });
});

describe('constants take the dtype of the tensor they meet', () => {
  test.each([
    ['bool', true, 'bool'],
    ['bool', 1, 'int32'],
    ['bool', 0.5, 'float32'],
    ['uint8', true, 'uint8'],
    ['uint8', 1, 'uint8'],
    ['int32', [1, 2], 'int32'],
    ['int32', 0.5, 'float32'],
    ['int64', Number.NaN, 'float32'],
    ['int64', Float32Array.of(1, 2), 'float32'],
    ['int64', Int32Array.of(1, 2), 'int64'],
    ['float16', 0.5, 'float16'],
    ['float64', Float32Array.of(1, 2), 'float64'],
    ['bfloat16', [[true, false]], 'bfloat16'],
    ['float32', tensor([1], 'float64', []), 'float64'],
  ] as const)('%s with %j is %s', (dtype, constant, wanted) => {
    expect(ops.add(input(dtype), constant).dtype).toBe(wanted);
    expect(ops.where(true, constant, input(dtype)).dtype).toBe(wanted);
  });

  test('constants alone are float32, booleans bool', () => {
    expect(ops.add(1, 2).dtype).toBe('float32');
    expect(ops.abs([1, -2]).dtype).toBe('float32');
    expect(ops.where(true, 1, 0).dtype).toBe('float32');
    expect(ops.where(true, [true, false], false).dtype).toBe('bool');
    expect(ops.sum([1, 2]).dtype).toBe('float32');
    expect(ops.expandDims(true, 0).dtype).toBe('bool');
  });
});

type Number64 = (x: number) => number;

/** Ops on [[3, 0], [1, 2]] (booleans: [[1, 0], [1, 1]]), the dtype they give integers, and what they give. */
const onIntegers: readonly (readonly [
  string,
  OpFunction,
  (dtype: DType) => DType,
  (x: number[]) => number[],
])[] = [
  ['add', (x) => ops.add(x, x), same, each((x) => 2 * x)],
  ['add 1', (x) => ops.add(x, 1), counted, each((x) => x + 1)],
  ['subtract from 5', (x) => ops.subtract(5, x), counted, each((x) => 5 - x)],
  ['multiply', (x) => ops.multiply(x, x), same, each((x) => x * x)],
  ['divide by 2', (x) => ops.divide(x, 2), float, each((x) => x / 2)],
  ['power 2', (x) => ops.power(x, 2), counted, each((x) => x ** 2)],
  ['power', (x) => ops.power(x, x), counted, each((x) => x ** x)],
  ['power 0.5', (x) => ops.power(x, 0.5), float, each(Math.sqrt)],
  ['maximum', (x) => ops.maximum(x, 1), counted, each((x) => Math.max(x, 1))],
  ['minimum', (x) => ops.minimum(x, 1), counted, each((x) => Math.min(x, 1))],
  ['abs', ops.abs, same, each((x) => x)],
  ['sign', ops.sign, counted, each(Math.sign)],
  ['square', ops.square, counted, each((x) => x * x)],
  ['relu', ops.relu, same, each((x) => x)],
  ['round', (x) => ops.round(x), same, each((x) => x)],
  ['sqrt', ops.sqrt, float, each(Math.sqrt)],
  ['exp', ops.exp, float, each(Math.exp)],
  ['log', ops.log, float, each(Math.log)],
  ['clip', (x) => ops.clip(x, 1, 2), counted, each((x) => Math.min(Math.max(x, 1), 2))],
  ['clip to tensors', (x) => ops.clip(x, [1, 1], [2, 2]), counted, each((x) => Math.min(Math.max(x, 1), 2))],
  ['sum', (x) => ops.sum(x, 1), summed, rowsOf((a, b) => a + b)],
  ['mean', (x) => ops.mean(x, 1), float, rowsOf((a, b) => (a + b) / 2)],
  ['max', (x) => ops.max(x, 1), same, rowsOf(Math.max)],
  ['min', (x) => ops.min(x, 1), same, rowsOf(Math.min)],
  ['var', (x) => ops.var(x, 1), float, rowsOf((a, b) => ((a - b) / 2) ** 2)],
  ['std', (x) => ops.std(x, 1), float, rowsOf((a, b) => Math.abs(a - b) / 2)],
  ['norm', (x) => ops.norm(x, { axis: 1 }), float, rowsOf(Math.hypot)],
  ['isnan', ops.isnan, () => 'bool', each(() => 0)],
  ['logicalNot', ops.logicalNot, () => 'bool', each((x) => Number(x === 0))],
  ['logicalAnd', (x) => ops.logicalAnd(x, x), () => 'bool', each((x) => Number(x !== 0))],
  ['equal', (x) => ops.equal(x, 1), () => 'bool', each((x) => Number(x === 1))],
  ['less', (x) => ops.less(x, 1), () => 'bool', each((x) => Number(x < 1))],
  ['where', (x) => ops.where([true, false], x, 1), counted, ([a = 0, , b = 0]) => [a, 1, b, 1]],
  [
    'matmul',
    (x) =>
      ops.matmul(x, [
        [0, 1],
        [1, 0],
      ]),
    counted,
    ([a = 0, b = 0, c = 0, d = 0]) => [b, a, d, c],
  ],
  ['transpose', (x) => ops.transpose(x), same, ([a = 0, b = 0, c = 0, d = 0]) => [a, c, b, d]],
  ['concatenate', (x) => ops.concatenate([x, x]), same, (x) => [...x, ...x]],
  ['zerosLike', (x) => ops.zerosLike(x), same, each(() => 0)],
];

function same(dtype: DType): DType {
  return dtype;
}

/** What a number beside it makes of a dtype. */
function counted(dtype: DType): DType {
  return dtype === 'bool' ? 'int32' : dtype;
}

function float(): DType {
  return 'float32';
}

function summed(dtype: DType): DType {
  if (dtype === 'uint8' || dtype === 'uint16') return 'uint32';
  return dtype === 'int8' || dtype === 'int16' || dtype === 'bool' ? 'int32' : dtype;
}

function each(fn: Number64): (x: number[]) => number[] {
  return (x) => x.map(fn);
}

function rowsOf(fn: (a: number, b: number) => number): (x: number[]) => number[] {
  return ([a = 0, b = 0, c = 0, d = 0]) => [fn(a, b), fn(c, d)];
}

const integers = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'bool'] as const;

describe.each(onIntegers)('%s of integers and booleans', (_, op, dtypeOf, wanted) => {
  test.each(integers)('%s', async (dtype) => {
    const values = dtype === 'bool' ? [1, 0, 1, 1] : [3, 0, 1, 2];
    const expected = wanted(values).map((x) => (dtypeOf(dtype) === 'bool' ? Number(x !== 0) : x));
    for (const opset of [13, 14, 20, 26]) {
      const found = await runOp(op, [tensor(values, dtype, [2, 2])], { opset });
      expect([found.dtype, found.inferred.dtype]).toEqual([dtypeOf(dtype), dtypeOf(dtype)]);
      expect([...found.values].map(Math.fround)).toEqual(expected.map((x) => expect.closeTo(x, 5)));
    }
  });
});

describe('bfloat16 is computed in float32 and rounded', () => {
  test.each(onIntegers)('%s', async (_, op, dtypeOf, wanted) => {
    const dtype = dtypeOf('bool') === 'bool' && dtypeOf('int8') === 'bool' ? 'bool' : 'bfloat16';
    expect(op(input('bfloat16')).dtype).toBe(dtype);
    const throughCasts: OpFunction = (x) => ops.cast(op(ops.cast(x, 'bfloat16')), 'float32');
    for (const opset of [13, 26]) {
      const { values } = await runOp(throughCasts, [tensor([3, 0, 1, 2], 'float32', [2, 2])], { opset });
      expect(mismatch(values, wanted([3, 0, 1, 2]), { relative: 2 ** -8, absolute: 0 })).toBeUndefined();
    }
  });
});

describe('booleans', () => {
  const two = [tensor([1, 0, 1, 0], 'bool'), tensor([1, 1, 0, 0], 'bool')];

  test.each([
    ['add', ops.add, 'bool', [1, 1, 1, 0]],
    ['multiply', ops.multiply, 'bool', [1, 0, 0, 0]],
    ['maximum', ops.maximum, 'bool', [1, 1, 1, 0]],
    ['minimum', ops.minimum, 'bool', [1, 0, 0, 0]],
    ['subtract', ops.subtract, 'int32', [0, -1, 1, 0]],
    ['matmul', ops.matmul, 'bool', [1]],
    ['where', (a, b) => ops.where(a, b, true), 'bool', [1, 1, 0, 1]],
  ] as [string, OpFunction, DType, number[]][])('%s', async (_, op, dtype, wanted) => {
    const found = await runOp(op, two);
    expect([found.dtype, [...found.values]]).toEqual([dtype, wanted]);
  });

  test('negative is int32, where Keras refuses', async () => {
    const found = await runOp(ops.negative, [tensor([1, 0], 'bool')]);
    expect([found.dtype, [...found.values]]).toEqual(['int32', [-1, 0]]);
  });
});

describe('unsigned integers wrap around', () => {
  test.each([
    ['uint8', 256],
    ['uint16', 65536],
    ['uint32', 2 ** 32],
  ] as const)('%s', async (dtype, size) => {
    const x = [tensor([0, 1, 5], dtype)];
    expect([...(await runOp(ops.negative, x)).values]).toEqual([0, size - 1, size - 5]);
    expect([...(await runOp((w) => ops.subtract(w, 3), x)).values]).toEqual([size - 3, size - 2, 2]);
  });
});

describe('what only stores numbers', () => {
  test.each(['float8_e4m3fn', 'float8_e5m2', 'float4_e2m1fn'] as const)('%s has no arithmetic', (dtype) => {
    const x = input(dtype);
    const fault = `there is no arithmetic on ${dtype}; cast it to float32 first`;
    for (const op of [
      ops.abs,
      ops.sign,
      ops.sqrt,
      ops.relu,
      ops.isnan,
      ops.sum,
      ops.max,
      ops.norm,
      ops.square,
    ]) {
      expect(() => op(x)).toThrow(fault);
    }
    expect(() => ops.add(x, x)).toThrow(`ops.add: ${fault}`);
    expect(() => ops.greater(x, x)).toThrow(`ops.greater: ${fault}`);
    expect(() => ops.power(x, x)).toThrow(`ops.power: ${fault}`);
  });

  test('it can be cast to and from where the opset has it', async () => {
    const quantize: OpFunction = (x) => ops.cast(ops.cast(x, 'float8_e4m3fn'), 'float32');
    const x = tensor([1.05, -3.3]);
    expect([...(await runOp(quantize, [x], { opset: 19 })).values]).toEqual([1, -3.25]);
    await expect(runOp(quantize, [x], { opset: 18 })).rejects.toThrow(
      'float8_e4m3fn needs opset 19 or later; this graph is for opset 18',
    );
    const four: OpFunction = (w) => ops.cast(ops.cast(w, 'int4'), 'float32');
    await expect(runOp(four, [x], { opset: 20 })).rejects.toThrow('int4 needs opset 21');
  });
});
