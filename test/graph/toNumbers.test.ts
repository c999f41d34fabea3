// The numbers of a tensor in little memory are the same as in float64.
import { expect, test } from 'vitest';
import type { DType } from '../../src/graph/dtype.js';
import { fromFloat64, toFloat64, toNumbers } from '../../src/graph/numbers.js';

const floats: readonly DType[] = ['float16', 'bfloat16', 'float32', 'float64'];
const integers: readonly DType[] = ['int8', 'int16', 'int32', 'int64', 'int4', 'int2', 'bool'];
const unsigned: readonly DType[] = ['uint8', 'uint16', 'uint32', 'uint64', 'uint4', 'uint2'];

test.each([...floats, ...integers, ...unsigned])('%s', (dtype) => {
  const values = unsigned.includes(dtype) || dtype === 'bool' ? [0, 1, 1, 0] : [0, 1, -1, -2];
  const value = fromFloat64(values, dtype, [2, 2]);
  expect(Array.from(toNumbers(value))).toEqual(Array.from(toFloat64(value)));
});

test.each(['float16', 'bfloat16'] as const)('every %s, exactly', (dtype) => {
  const value = { dtype, dims: [65536], data: Uint16Array.from({ length: 65536 }, (_, bits) => bits) };
  const wide = toFloat64(value);
  expect(toNumbers(value).every((number, i) => Object.is(number, wide[i]))).toBe(true);
});

test('float32 and float64 are not copied', () => {
  const data = Float32Array.of(1, 2);
  expect(toNumbers({ dtype: 'float32', dims: [2], data })).toBe(data);
});
