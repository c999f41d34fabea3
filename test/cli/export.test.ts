// The command export: each option, what it prints, and the files it writes.
// Must not hold reference arithmetic.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ExportOptions, exportConstraint, exportText } from '../../src/export.js';
import { maxNorm } from '../../src/index.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
let count = 0;
const fresh = (): string => join(folder, `${count++}.onnx`);
const args = ['MaxNorm', '--args', '{"max_value": 2, "axis": 0}'];

describe('writes what exportConstraint gives', () => {
  const rows: readonly (readonly [string, ExportOptions])[] = [
    ['', {}],
    ['--opset 7 --dtype float64', { opset: 7, dtype: 'float64' }],
    ['--shape 784,128', { shape: [784, 128] }],
    ['--rank 4 --axis-input', { rank: 4, axisInput: true }],
    ['--rank 4 --axis-input --axis-count 3', { rank: 4, axisInput: true, axisCount: 3 }],
    ['--limit-inputs --dtype float16', { limitInputs: true, dtype: 'float16' }],
    ['--lowering fast --shape 784,128', { lowering: 'fast', shape: [784, 128] }],
    [
      '--lowering fast --provider webgpu --shape 8,4',
      { lowering: 'fast', provider: 'webgpu', shape: [8, 4] },
    ],
    ['--lowering canonical', { lowering: 'canonical' }],
    ['--function --opset 15', { function: true, opset: 15 }],
    ['--phase partial --axis-input', { phase: 'partial', axisInput: true }],
    ['--phase finish --limit-inputs', { phase: 'finish', limitInputs: true }],
  ];

  test.each(rows)('%s', async (options, same) => {
    const out = fresh();
    const given = options === '' ? [] : options.split(' ');
    const { code, stderr } = await runCli('export', ...args, ...given, '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(new Uint8Array(readFileSync(out))).toEqual(exportConstraint(maxNorm(2), same));
  });
});

test('the text is printed, or goes to a file', async () => {
  const text = exportText(maxNorm(2), { opset: 13 });
  const out = fresh();
  expect(await runCli('export', ...args, '--opset', '13', '--text')).toEqual({
    code: 0,
    stdout: text,
    stderr: '',
  });
  expect((await runCli('export', ...args, '--opset', '13', '--text', '--out', out)).code).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe(text);
});

test('--json prints one object: what was written, with its inputs and outputs', async () => {
  const out = fresh();
  const form = ['--axis-input', '--limit-inputs', '--function'];
  const { stdout } = await runCli('export', ...args, ...form, '--out', out, '--json');
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    out,
    constraint: 'MaxNorm',
    config: { max_value: 2, axis: 0 },
    dtype: 'float32',
    opset: 18,
    irVersion: 8,
    shape: ['d0', 'd1'],
    inputs: ['w', 'axes', 'max_value'],
    outputs: ['w_out'],
    bytes: readFileSync(out).length,
  });
  const printed = JSON.parse((await runCli('export', ...args, '--text', '--json')).stdout);
  expect(printed.text).toBe(exportText(maxNorm(2)));
});

describe('refused, with exit code 2 and nothing written', () => {
  test.each([
    ['MaxNorm', '--opset 12 --dtype bfloat16', /bfloat16 needs opset 13 or later/],
    ['MaxNorm', '--opset 12 --axis-input', /needs opset 13 or later/],
    ['MaxNorm', '--opset 14 --function', /functions need opset 15 or later/],
    ['MaxNorm', '--lowering fast', /give a shape in numbers/],
    ['MaxNorm', '--lowering quick', /Allowed choices are canonical, fast/],
    ['MaxNorm', '--provider cpu', /lowering 'fast' alone/],
    ['MaxNorm', '--phase both', /Allowed choices are partial, finish/],
    ['MaxNorm', '--phase finish --axis-input', /takes no axis/],
    ['NonNeg', '--phase partial', /each shard can be projected alone/],
    ['MaxNorm', '--axis-count 1', /which axisInput adds/],
    ['UnitNorm', '--limit-inputs', /no limits that could be inputs/],
  ])('%s %s', async (name, options, message) => {
    const out = fresh();
    const { code, stdout, stderr } = await runCli('export', name, ...options.split(' '), '--out', out);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });

  test('an axis that no weight can have', async () => {
    const far = ['MaxNorm', '--args', '{"axis": 999999998}', '--text'];
    const { code, stderr } = await runCli('export', ...far);
    expect(code).toBe(2);
    expect(stderr).toContain('rank must be a whole number from 0 to 64, found 1000000000');
  });

  test('a custom constraint whose operators the opset lacks', async () => {
    const plugin = fixturePath('../plugins/whereNegative.mjs');
    const common = ['ZeroWhereNegative', '--plugin', plugin, '--rank', '2'];
    for (const opset of [7, 8]) {
      const out = fresh();
      const { code, stderr } = await runCli('export', ...common, '--opset', `${opset}`, '--out', out);
      expect(code).toBe(2);
      expect(stderr).toContain(`Where needs opset 9 or later; this graph is for opset ${opset}`);
      expect(existsSync(out)).toBe(false);
    }
    const { code } = await runCli('export', ...common, '--opset', '9', '--out', fresh());
    expect(code).toBe(0);
  });

  test('neither --out nor --text', async () => {
    const { code, stderr } = await runCli('export', 'MaxNorm');
    expect(code).toBe(2);
    expect(stderr).toContain('--out is needed');
  });
});
