import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/graph/dtype.js';
import { ShapeError, UnsupportedError, UsageError } from '../../src/graph/errors.js';
import { fromFloat64, toFloat64 } from '../../src/graph/numbers.js';
import golden from '../fixtures/numbers/numbers.json' with { type: 'json' };

const toNumber = (given: number | string): number =>
  typeof given === 'number' ? given : Number(given.replace('inf', 'Infinity'));
const every16 = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

function decode(dtype: DType, data: Uint8Array | Uint16Array): Float64Array {
  return toFloat64({ dtype, dims: [data.length], data });
}

function encode(values: readonly number[], dtype: DType): number[] {
  return Array.from(fromFloat64(values, dtype, [values.length]).data as ArrayLike<number>);
}

describe('from bits, as ml_dtypes reads them', () => {
  test.each(Object.entries(golden.patterns))('every %s', (dtype, numbers) => {
    const bits = Uint8Array.from(numbers, (_, i) => i);
    const packed = Uint8Array.from({ length: 8 }, (_, i) => 2 * i + (2 * i + 1) * 16);
    const decoded =
      dtype === 'float4_e2m1fn'
        ? toFloat64({ dtype, dims: [16], data: packed })
        : decode(dtype as DType, bits);
    expect([...decoded]).toEqual(numbers.map(toNumber));
  });

  test.each(Object.entries(golden.digests))('every %s', (dtype, digest) => {
    const numbers = decode(dtype as DType, every16).map((number) =>
      Number.isNaN(number) ? Number.NaN : number,
    );
    expect(createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('hex')).toBe(digest);
  });

  test('packed integers, with and without sign', () => {
    const data = Uint8Array.of(0b1110_0111, 0b0000_1000);
    expect([...toFloat64({ dtype: 'int4', dims: [3], data })]).toEqual([7, -2, -8]);
    expect([...toFloat64({ dtype: 'uint4', dims: [3], data })]).toEqual([7, 14, 8]);
    expect([...toFloat64({ dtype: 'int2', dims: [6], data })]).toEqual([-1, 1, -2, -1, 0, -2]);
    expect([...toFloat64({ dtype: 'uint2', dims: [6], data })]).toEqual([3, 1, 2, 3, 0, 2]);
  });

  test('int64 and uint64 round to the nearest float64', () => {
    const data = BigInt64Array.of(2n ** 53n + 1n, -5n);
    expect([...toFloat64({ dtype: 'int64', dims: [2], data })]).toEqual([2 ** 53, -5]);
    const unsigned = BigUint64Array.of(2n ** 64n - 1n);
    expect([...toFloat64({ dtype: 'uint64', dims: [1], data: unsigned })]).toEqual([2 ** 64]);
  });

  test.each<DType>(['string', 'complex64', 'complex128'])('%s has no real numbers', (dtype) => {
    expect(() => toFloat64({ dtype, dims: [0], data: new Float32Array(0) })).toThrow(UnsupportedError);
  });
});

describe.each([
  { dtype: 'float16', infinity: 0x7c00 },
  { dtype: 'bfloat16', infinity: 0x7f80 },
] as const)('to $dtype, rounded once', ({ dtype, infinity }) => {
  // Every pair of neighbours, the last one with what the format would hold next instead of infinity.
  const finite = decode(dtype, every16.subarray(0, infinity));
  const step = (finite.at(-1) ?? 0) - (finite.at(-2) ?? 0);
  const upper = [...finite.subarray(1), (finite.at(-1) ?? 0) + step];
  const middles = upper.map((number, bits) => (number + (finite[bits] ?? 0)) / 2);
  const bitsBelow = upper.map((_, bits) => bits);

  test('every number stays itself, with either sign', () => {
    expect(encode([...finite], dtype)).toEqual(bitsBelow);
    expect(
      encode(
        [...finite].map((number) => -number),
        dtype,
      ),
    ).toEqual(bitsBelow.map((bits) => bits | 0x8000));
  });

  test('half-way between neighbours goes to the even one', () => {
    expect(encode(middles, dtype)).toEqual(bitsBelow.map((bits) => bits + (bits & 1)));
    expect(
      encode(
        middles.map((middle) => -middle),
        dtype,
      ),
    ).toEqual(bitsBelow.map((bits) => (bits + (bits & 1)) | 0x8000));
  });

  test('the float64 next to half-way goes to the nearer one, where a detour over float32 would not', () => {
    const nudge = 1 + Number.EPSILON;
    expect(
      encode(
        middles.map((middle) => middle * nudge),
        dtype,
      ),
    ).toEqual(bitsBelow.map((bits) => bits + 1));
    expect(
      encode(
        middles.map((middle) => middle / nudge),
        dtype,
      ),
    ).toEqual(bitsBelow);
    expect(
      encode(
        middles.map((middle) => -middle * nudge),
        dtype,
      ),
    ).toEqual(bitsBelow.map((bits) => (bits + 1) | 0x8000));
  });

  test('NaN and infinities', () => {
    expect(encode([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300], dtype)).toEqual([
      infinity,
      infinity | 0x8000,
      infinity,
    ]);
    const [nan] = toFloat64(fromFloat64([Number.NaN], dtype, []));
    expect(nan).toBeNaN();
  });
});

test('float16 as NumPy rounds it', () => {
  expect(encode(golden.halves.numbers, 'float16')).toEqual(golden.halves.float16);
});

describe('to other dtypes', () => {
  test('integers round half to even', () => {
    expect(encode([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.6], 'int8')).toEqual([0, 2, 2, 0, -2, 2, -3]);
    expect(encode([2 ** 31 - 1, -(2 ** 31)], 'int32')).toEqual([2 ** 31 - 1, -(2 ** 31)]);
  });

  test.each<[DType, number]>([
    ['int8', 127.5],
    ['int8', -128.6],
    ['uint8', -1],
    ['uint16', 65536],
    ['int32', 2 ** 31],
    ['int64', 2 ** 63],
    ['uint64', 2 ** 64],
    ['int4', 8],
    ['uint2', 4],
    ['int32', Number.NaN],
    ['int32', Number.POSITIVE_INFINITY],
  ])('%s refuses %d', (dtype, value) => {
    expect(() => fromFloat64([0, value], dtype, [2])).toThrow(UsageError);
    expect(() => fromFloat64([0, value], dtype, [2])).toThrow(/\(element 1\) does not fit/);
  });

  test('64-bit integers at their ends', () => {
    expect(fromFloat64([-(2 ** 63), 2 ** 62], 'int64', [2]).data).toEqual(
      BigInt64Array.of(-(2n ** 63n), 2n ** 62n),
    );
    expect(fromFloat64([2 ** 63], 'uint64', []).data).toEqual(BigUint64Array.of(2n ** 63n));
  });

  test.each<[DType, number[]]>([
    ['int4', [7, -8, -1]],
    ['uint4', [15, 0, 9]],
    ['int2', [1, -2, -1, 0, 1]],
    ['uint2', [3, 0, 2, 1, 3]],
  ])('%s packed and unpacked again', (dtype, numbers) => {
    const value = fromFloat64(numbers, dtype, [numbers.length]);
    expect(value.data).toHaveLength(2);
    expect([...toFloat64(value)]).toEqual(numbers);
  });

  test('float32, float64 and bool', () => {
    expect(fromFloat64([0.1], 'float32', [1]).data).toEqual(Float32Array.of(0.1));
    expect(fromFloat64([0.1], 'float64', [1]).data).toEqual(Float64Array.of(0.1));
    expect(encode([0, -0, 2, Number.NaN], 'bool')).toEqual([0, 0, 1, 1]);
  });

  test.each<DType>(['float8_e4m3fn', 'float4_e2m1fn', 'string', 'complex64'])('%s is refused', (dtype) => {
    expect(() => fromFloat64([1], dtype, [1])).toThrow(UnsupportedError);
  });

  test('more or fewer numbers than the dims say are refused', () => {
    expect(() => fromFloat64([1, 2], 'float32', [3])).toThrow(ShapeError);
  });
});
