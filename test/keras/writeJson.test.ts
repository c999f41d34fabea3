// JSON as Python reads it: what JSON.stringify writes, but for floats that are whole, NaN and infinities.
import { expect, test } from 'vitest';
import { parseJson } from '../../src/keras/parseJson.js';
import { writeJson } from '../../src/keras/writeJson.js';

test('what is no float is written as JSON.stringify writes it', () => {
  const value = {
    a: [1, -2.5, 1e-7, 1e21, -0, []],
    'b"\u0000é': { c: null, d: true, e: undefined, f: {} },
    g: 'x',
  };
  expect(writeJson(value)).toBe(JSON.stringify(value));
});

test('whole numbers under the keys of floats, in lists too', () => {
  const value = { rate: 1, values: [0, 2.5, -3], large: 1e21, count: 1, inner: { rate: 0.5 } };
  expect(writeJson(value, (key) => ['rate', 'values', 'large'].includes(key))).toBe(
    '{"rate":1.0,"values":[0.0,2.5,-3.0],"large":1e+21,"count":1,"inner":{"rate":0.5}}',
  );
});

test('NaN and infinities are bare words, as they are read', () => {
  const value = [Number.NaN, Number.POSITIVE_INFINITY, { low: Number.NEGATIVE_INFINITY }];
  expect(writeJson(value)).toBe('[NaN,Infinity,{"low":-Infinity}]');
  expect(parseJson(writeJson(value), {})).toEqual(value);
});
