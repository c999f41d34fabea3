// What the judge of runtimes lets pass and what not, and how the tables tell it.
import { describe, expect, test } from 'vitest';
import { judge, unexpected } from './judge.mjs';
import { formatTables } from './table.mjs';

const bytesOf = (array: Float32Array | Float64Array): string => Buffer.from(array.buffer).toString('base64');
const float32 = (...values: number[]) => ({
  dtype: 'float32',
  dims: [values.length],
  data: bytesOf(Float32Array.from(values)),
});

function asked(values: number[], dtype = 'float32') {
  return {
    id: 'one',
    what: 'MaxNorm',
    model: 'one.onnx',
    inputs: [],
    outputs: ['w_out'],
    wanted: [{ dtype, dims: [values.length], values }],
    constraint: 'MaxNorm',
    opset: 18,
    dtype,
    form: undefined,
    sample: true,
  };
}

describe('judge', () => {
  test('lets pass what is within the tolerance, with its error', () => {
    const { status, error } = judge(asked([1, 2]), { outputs: [float32(1, 2 + 2e-6)] });
    expect(status).toBe('pass');
    expect(error).toBeGreaterThan(5e-7);
    expect(error).toBeLessThan(2e-6);
  });

  test.each([
    ['a value that is off', [1, 2], [1, 2.00002], '2.0000200271606445 for 2'],
    ['NaN where a number is wanted', [1, 2], [1, Number.NaN], 'NaN for 2'],
    ['a number where NaN is wanted', [1, Number.NaN], [1, 0], 'NaN becomes 0'],
    ['a finite number for infinity', [Number.POSITIVE_INFINITY], [3e38], 'Infinity'],
  ])('calls wrong %s', (_, wanted, found, words) => {
    const verdict = judge(asked(wanted), { outputs: [float32(...found)] });
    expect(verdict.status).toBe('wrong');
    expect(verdict.words).toContain(words);
  });

  test('calls wrong other dims, and float64 of float32 precision', () => {
    expect(judge(asked([1, 2]), { outputs: [{ ...float32(1, 2), dims: [1, 2] }] }).status).toBe('wrong');
    const data = bytesOf(Float64Array.of(Math.fround(0.1)));
    const verdict = judge(asked([0.1], 'float64'), { outputs: [{ dtype: 'float64', dims: [1], data }] });
    expect(verdict).toMatchObject({ status: 'wrong', words: 'computes float64 in float32' });
  });

  test('takes an error, another dtype, a missing output and no answer for refusals', () => {
    expect(
      judge(asked([1]), { error: 'no  kernel\nin /usr/lib/some/place/file.cc, src/cpp/deep/core.cc:8' }),
    ).toMatchObject({
      status: 'refused',
      words: 'no kernel in file.cc, core.cc:8',
    });
    expect(judge(asked([1], 'float64'), { outputs: [float32(1)] }).words).toBe('answers float64 in float32');
    expect(judge(asked([1]), { outputs: [] }).words).toBe('no output w_out');
    expect(judge(asked([1]), undefined).words).toBe('no answer');
  });
});

test.each([
  ['bfloat16', 1 + 2 ** -7, 'pass'],
  ['bfloat16', 1 + 2 ** -6, 'wrong'],
  ['float16', 1 + 2 ** -10, 'pass'],
  ['float16', 1 + 2 ** -9, 'wrong'],
])('a value of %s may be the one beside the nearest, and no further: %d', (dtype, value, status) => {
  const bits = dtype === 'bfloat16' ? 0x3f80 + (value - 1) * 2 ** 7 : 0x3c00 + (value - 1) * 2 ** 10;
  const data = Buffer.from(Uint16Array.of(bits).buffer).toString('base64');
  expect(judge(asked([1], dtype), { outputs: [{ dtype, dims: [1], data }] }).status).toBe(status);
});

test('a dtype that a runtime is said to lack must be refused, and every other case pass', () => {
  const words = { error: 0, words: '' };
  const judged = ['float32', 'bfloat16'].flatMap((dtype) =>
    (['pass', 'wrong', 'refused'] as const).map((status) => ({
      case: { dtype },
      verdict: { status, ...words },
    })),
  );
  const found = (lacks: string[]) =>
    unexpected({ lacks, judged }).map(({ case: { dtype }, verdict }) => `${dtype} ${verdict.status}`);
  expect(found([])).toEqual(['float32 wrong', 'float32 refused', 'bfloat16 wrong', 'bfloat16 refused']);
  expect(found(['bfloat16'])).toEqual([
    'float32 wrong',
    'float32 refused',
    'bfloat16 pass',
    'bfloat16 wrong',
  ]);
});

test('the tables tell what passes by opset, how many fail, and the words', () => {
  const at = (opset: number, verdict: ReturnType<typeof judge>) => ({
    case: { ...asked([1]), opset },
    verdict,
  });
  const pass = { status: 'pass' as const, error: 1.2e-7, words: '' };
  const refused = { status: 'refused' as const, error: Number.NaN, words: 'no | kernel' };
  const lost = { status: 'wrong' as const, error: Number.POSITIVE_INFINITY, words: 'NaN becomes 0' };
  const judged = [at(7, refused), at(11, pass), at(13, pass), at(18, pass), at(18, lost), at(18, refused)];
  const runtime = { name: 'Some', version: '1.0', note: 'CPU', checks: false, judged };
  const notRun = [{ name: 'Other', reason: 'not here' }];
  const text = formatTables([runtime], notRun, '2000-01-01', 'Not asked.');
  expect(text).toContain('| Some 1.0 (CPU) | ✗ 7 [1]; 11–13: 1e-7; ✗ 18 1 of 3 [1]; NaN [2] | – |');
  expect(text).toContain('- [1] Some: `no | kernel`');
  expect(text).toContain('- [2] Some: NaN becomes 0');
  expect(text).toContain('- Other was not run: not here');
});

test('words are told once for all constraints and sizes, and apart where dtypes or causes differ', () => {
  const refusals = [
    'Node Cast_1 of MaxNorm has no kernel',
    'Node Cast_12 of UnitNorm has no kernel',
    'answers float64 in float32',
    'answers float16 in float32',
    `${'a long preamble '.repeat(10)} first cause`,
    `${'a long preamble '.repeat(10)} second cause`,
  ].map((words) => ({ case: asked([1]), verdict: { status: 'refused' as const, error: Number.NaN, words } }));
  const wrong = ['0.5 for 0.25', '-3 for 4', 'NaN for 0', 'NaN for 8'].map((words) => ({
    case: asked([1]),
    verdict: { status: 'wrong' as const, error: 1, words },
  }));
  const judged = [...refusals, ...wrong];
  const runtime = { name: 'Some', version: '1.0', note: 'CPU', checks: false, judged };
  const text = formatTables([runtime], [], '2000-01-01', 'Not asked.');
  expect(text.match(/^- \[/gm)).toHaveLength(7);
  expect(text).toContain('Some: a wrong answer, such as 0.5 for 0.25 for MaxNorm');
  expect(text).toContain('Some: NaN for a number, such as NaN for 0 for MaxNorm');
  // In code are a runtime's own words alone.
  expect(text).toContain('Some: `Node Cast_1 of MaxNorm has no kernel`');
  expect(text).toContain('Some: answers float16 in float32\n');
});
