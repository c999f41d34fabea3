// safetensors files in and out, and those that are damaged, contradict themselves or mean harm.
import { describe, expect, test } from 'vitest';
import { FormatError, ShapeError } from '../../src/graph/errors.js';
import { openSafetensors } from '../../src/safetensors/safetensorsFile.js';

/** A file with this header, as it stands, and so many bytes of data: 0, 1, 2, … */
function build(header: string, dataLength: number, headerLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, headerLength ?? BigInt(text.length), true);
  bytes.set(text, 8);
  for (let i = 0; i < dataLength; i += 1) bytes[8 + text.length + i] = i;
  return bytes;
}

const entry = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const file = (header: object, dataLength: number): Uint8Array => build(JSON.stringify(header), dataLength);

function messageOf(bytes: Uint8Array): string {
  try {
    openSafetensors(bytes, { file: 'a.safetensors' });
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('tensors', () => {
  const header = {
    second: entry('F16', [2], 8, 12),
    __metadata__: { format: 'pt', note: 'kept' },
    first: entry('F64', [], 0, 8),
    brain: entry('BF16', [1, 1], 12, 14),
    none: entry('F32', [0, 3], 14, 14),
    count: entry('I64', [1], 14, 22),
  };
  const bytes = build(`${JSON.stringify(header)}   `, 22);

  test('come in the header’s order, with their dtypes', () => {
    const { weights, format } = openSafetensors(bytes);
    expect(format).toBe('safetensors');
    expect(weights.map(({ name, dtype, dims }) => [name, dtype, dims])).toEqual([
      ['second', 'float16', [2]],
      ['first', 'float64', []],
      ['brain', 'bfloat16', [1, 1]],
      ['none', 'float32', [0, 3]],
      ['count', 'int64', [1]],
    ]);
    expect(weights[0]?.read().data).toEqual(Uint16Array.of(0x0908, 0x0b0a));
    expect(weights[2]?.read().data).toEqual(Uint16Array.of(0x0d0c));
    expect(weights[3]?.read().data).toEqual(new Float32Array());
  });

  test.each([
    ['second', { dtype: 'float16', dims: [2], data: Uint16Array.of(0xffff, 0xffff) }, 8, 12],
    ['brain', { dtype: 'bfloat16', dims: [1, 1], data: Uint16Array.of(0xffff) }, 12, 14],
    ['first', { dtype: 'float64', dims: [], data: Float64Array.of(Number.NaN) }, 0, 8],
  ] as const)('%s is replaced and every other byte kept', async (name, value, begin, end) => {
    const opened = openSafetensors(bytes);
    const weight = opened.weights.find((each) => each.name === name);
    if (weight === undefined) throw new Error(name);
    const result = await opened.encode(new Map([[weight, value]]));
    const start = bytes.length - 22;
    const changed = [...result.keys()].filter((i) => result[i] !== bytes[i]);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((i) => i >= start + begin && i < start + end)).toBe(true);
    const again = openSafetensors(result).weights.find((each) => each.name === name);
    expect(again?.read()).toEqual(value);
  });

  test('nothing replaced gives the same bytes', async () => {
    expect(await openSafetensors(bytes).encode(new Map())).toEqual(bytes);
  });

  test('a value of another form is refused', async () => {
    const opened = openSafetensors(bytes);
    const [weight] = opened.weights;
    if (weight === undefined) throw new Error('no weight');
    const value = { dtype: 'float32', dims: [2], data: new Float32Array(2) } as const;
    await expect(async () => opened.encode(new Map([[weight, value]]))).rejects.toThrow(ShapeError);
  });
});

describe('refused with the reason', () => {
  test.each([
    ['an empty file', new Uint8Array(), 'is no safetensors file: it has 0 bytes'],
    ['a header longer than the file', build('{}', 0, 3n), 'its header of 3 bytes is longer than the file'],
    [
      'a header of 2^64 - 1 bytes',
      build('{}', 0, 2n ** 64n - 1n),
      'its header of 18446744073709551615 bytes',
    ],
    ['a header that is no JSON', build('{"a": ', 0), 'its header is no valid JSON'],
    ['a header that is a list', build('[]', 0), 'its header is no JSON object'],
    ['a header that is no UTF-8', build('{}', 1, 3n).fill(0xff, 9), 'its header is no valid JSON'],
    ['a header nested 100,000 deep', build('{"a":'.repeat(100_000), 0), 'nested deeper than 3 levels'],
    ['an entry that is no object', build('{"a": 1}', 0), 'a: is no description of a tensor'],
    ['an unknown dtype', file({ a: entry('F3', [1], 0, 1) }, 1), 'a: dtype "F3"; accepted are F64, F32'],
    ['a dtype named like a prototype', file({ a: entry('__proto__', [1], 0, 1) }, 1), 'a: dtype "__proto__"'],
    ['a negative size', file({ a: entry('U8', [-1], 0, 1) }, 1), 'a: shape is no list of sizes'],
    [
      'a size that is no whole number',
      file({ a: entry('U8', [1.5], 0, 1) }, 1),
      'a: shape is no list of sizes',
    ],
    [
      'offsets out of order',
      file({ a: entry('U8', [1], 1, 0) }, 1),
      'a: data_offsets are no two offsets in order',
    ],
    [
      'a negative offset',
      file({ a: entry('U8', [1], -1, 0) }, 1),
      'a: data_offsets are no two offsets in order',
    ],
    [
      'an offset past 2^53',
      build('{"a": {"dtype": "U8", "shape": [1], "data_offsets": [9007199254740992, 9007199254740993]}}', 1),
      'a: data_offsets are no two offsets in order',
    ],
    [
      'an offset that overflows',
      build('{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1e999]}}', 1),
      'a: data_offsets are no two offsets in order',
    ],
    [
      'a length that does not fit the shape',
      file({ a: entry('F32', [2], 0, 4) }, 4),
      'a: float32 [2] takes 8 bytes',
    ],
    [
      'a shape whose size overflows',
      file({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 4) }, 4),
      'takes more bytes than any file has',
    ],
    [
      'offsets past the end',
      file({ a: entry('U8', [8], 0, 8) }, 4),
      'a: data_offsets reach past the end of the file',
    ],
    [
      'overlapping offsets',
      file({ a: entry('U8', [4], 0, 4), b: entry('U8', [4], 2, 6) }, 6),
      'b: data_offsets overlap those of another tensor',
    ],
    [
      'the same offsets twice',
      file({ a: entry('U8', [4], 0, 4), b: entry('U8', [4], 0, 4) }, 4),
      'b: data_offsets overlap those of another tensor',
    ],
    [
      'a hole between tensors',
      file({ a: entry('U8', [1], 0, 1), b: entry('U8', [1], 2, 3) }, 3),
      'b: data_offsets leave bytes before them that no tensor has',
    ],
    ['bytes at the end', file({ a: entry('U8', [1], 0, 1) }, 3), 'has 2 bytes at its end that no tensor has'],
  ])('%s', (_, bytes, message) => {
    expect(messageOf(bytes)).toContain(message);
    expect(messageOf(bytes)).toMatch(/^a\.safetensors: /);
  });

  test('a name that is there twice, however it is written', () => {
    const tensor = JSON.stringify(entry('U8', [1], 0, 1));
    expect(messageOf(build(`{"a": ${tensor}, "a": ${tensor}}`, 1))).toContain(
      'a: the header has this key twice',
    );
    const spaces = ' '.repeat(1000);
    expect(messageOf(build(`{"a"${spaces}: ${tensor}, "\\u0061": ${tensor}}`, 1))).toContain('key twice');
    expect(messageOf(build('{"a": {"dtype": "U8", "dtype": "I8"}}', 1))).toContain(
      'dtype: the header has this key',
    );
  });

  test('a header over the limit of the format', () => {
    const bytes = new Uint8Array(100_000_100);
    new DataView(bytes.buffer).setBigUint64(0, 100_000_001n, true);
    expect(messageOf(bytes)).toContain(
      'has a header of 100000001 bytes; safetensors files have at most 100000000',
    );
  });
});

test('names that aim at prototypes are names like others', () => {
  const tensor = (begin: number): string => JSON.stringify(entry('U8', [1], begin, begin + 1));
  const bytes = build(`{"__proto__": ${tensor(0)}, "constructor": ${tensor(1)}}`, 2);
  expect(openSafetensors(bytes).weights.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
  expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
});
