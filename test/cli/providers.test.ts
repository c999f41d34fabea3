// The command `providers`: a table for people, one object for programs, exit code 0 also where providers are absent.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { run } from '../../src/cli/program.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

afterEach(() => {
  vi.doUnmock('onnxruntime-node');
  vi.unstubAllEnvs();
});

test('the table has a row for each provider, with the way to mend what is absent', async () => {
  const { code, stdout } = await runCli('providers');
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^ provider +works +why not +how to mend it$/);
  expect(lines).toContainEqual(expect.stringMatching(/^ cpu +yes$/));
  for (const name of ['webgpu', 'cuda', 'tensorrt', 'dml', 'coreml']) {
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ ${name} +(yes|no +\\S.* {2,}\\S)`)));
  }
});

test('--json prints one object', async () => {
  const { code, stdout } = await runCli('providers', '--json');
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const { ok, providers } = JSON.parse(stdout);
  expect(ok).toBe(true);
  expect(providers[0]).toMatchObject({ name: 'cpu', available: true });
  for (const { available, refusal } of providers) expect(available).toBe(refusal === undefined);
});

test.each([80, 120])('the table fits a terminal of %d columns', async (columns) => {
  vi.stubEnv('NO_COLOR', '1');
  let stdout = '';
  const write = (text: string): unknown => (stdout += text);
  const streams = { stdout: { write, isTTY: true, columns }, stderr: { write: () => true } };
  expect(await run(['providers'], streams, '0.0.0-test')).toBe(0);
  const widths = stdout.split('\n').map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  expect(Math.max(...widths)).toBeGreaterThan(columns * 0.8);
});

test('without onnxruntime-node it fails with the command that installs it', async () => {
  vi.resetModules();
  vi.doMock('onnxruntime-node', () => {
    throw new Error("Cannot find package 'onnxruntime-node'");
  });
  const program = await import('../support/runCli.js');
  const { code, stdout, stderr } = await program.runCli('providers', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'PROVIDER' } });
  expect(stderr).toContain("install it with 'npm install onnxruntime-node'");
});

test('apply tells where it did not run on the first provider, and why', async () => {
  const out = join(temporaryFolder(), 'out.onnx');
  const files = [
    fixturePath('digits_cnn/tensorflow.onnx'),
    '--config',
    fixturePath('digits_cnn/model.keras'),
  ];
  const { code, stdout, stderr } = await runCli(
    'apply',
    ...files,
    '--out',
    out,
    '--provider',
    'coreml-x,cpu',
    '--json',
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, providers: ['cpu'] });
  expect(stderr).toMatch(
    /MaxNorm \(float32\).* ran on cpu, as coreml-x does not run it: .*; to mend it, .*accepted are cpu/,
  );
  expect(stderr.match(/coreml-x does not run it/g)).toHaveLength(1);
});

test('a provider that is not there, alone in the list, is a failure that writes nothing', async () => {
  const out = join(temporaryFolder(), 'out.onnx');
  const files = [
    fixturePath('digits_cnn/tensorflow.onnx'),
    '--config',
    fixturePath('digits_cnn/model.keras'),
  ];
  const { code, stderr } = await runCli('apply', ...files, '--out', out, '--provider', 'coreml-x');
  expect(code).toBe(2);
  expect(stderr).toMatch(/no provider of the list runs it: coreml-x: .*accepted are cpu, webgpu/);
  expect(existsSync(out)).toBe(false);
});
