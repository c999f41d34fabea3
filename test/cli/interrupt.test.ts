// The program as a process: interrupted at any moment it leaves the original and no half-written file; pipes may close.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fixturePath } from '../support/fixtureModels.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { stepPath } from '../support/trainSteps.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = temporaryFolder();

function run(
  args: readonly string[],
  interruptAfter?: number,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args]);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    if (interruptAfter !== undefined) setTimeout(() => child.kill(signal), interruptAfter);
    child.on('close', (code) => resolve({ code, stdout }));
  });
}

test('interrupted at any moment, apply over the model itself leaves the old or the new model whole', async () => {
  const file = join(folder, 'model.onnx');
  const original = readFileSync(fixturePath('digits_cnn/tensorflow.onnx'));
  const args = ['apply', file, '--config', fixturePath('digits_cnn/model.keras'), '--out', file];
  copyFileSync(fixturePath('digits_cnn/tensorflow.onnx'), file);
  expect((await run(args)).code).toBe(0);
  const constrained = readFileSync(file);
  const codes = new Set<number | null>();
  for (let delay = 20; delay <= 900; delay += 80) {
    copyFileSync(fixturePath('digits_cnn/tensorflow.onnx'), file);
    const { code } = await run(args, delay);
    codes.add(code);
    const found = readFileSync(file);
    expect(found.equals(original) || found.equals(constrained)).toBe(true);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  }
  // Before the program has set its handler the signal itself ends it, which Node reports as null.
  for (const code of codes) expect([0, 130, null]).toContain(code);
  expect(codes.has(130)).toBe(true);
}, 60_000);

test('interrupted at any moment, splice over the step itself leaves the old or the new step whole', async () => {
  const own = join(folder, 'steps');
  mkdirSync(own);
  const file = join(own, 'step.onnx');
  const params = stepPath('mlp_sgd/constraints.json');
  const args = ['splice', file, '--params', params, '--out', file];
  const original = readFileSync(stepPath('mlp_sgd/step.onnx'));
  writeFileSync(file, original);
  expect((await run(args)).code).toBe(0);
  const spliced = readFileSync(file);
  expect(spliced.equals(original)).toBe(false);
  const codes = new Set<number | null>();
  for (let delay = 20; delay <= 600; delay += 40) {
    writeFileSync(file, original);
    codes.add((await run(args, delay)).code);
    const found = readFileSync(file);
    expect(found.equals(original) || found.equals(spliced)).toBe(true);
    expect(readdirSync(own)).toEqual(['step.onnx']);
  }
  for (const code of codes) expect([0, 130, null]).toContain(code);
}, 60_000);

test('killed at any moment, splice leaves the old or the new step, and the next run what was begun to none', async () => {
  const own = join(folder, 'killed');
  mkdirSync(own);
  const file = join(own, 'step.onnx');
  const params = stepPath('mlp_sgd/constraints.json');
  const args = ['splice', stepPath('mlp_sgd/step.onnx'), '--params', params, '--out', file, '--force'];
  expect((await run(args)).code).toBe(0);
  const spliced = readFileSync(file);
  for (let delay = 20; delay <= 600; delay += 40) {
    await run(args, delay, 'SIGKILL');
    expect(readFileSync(file).equals(spliced)).toBe(true);
  }
  expect((await run(args)).code).toBe(0);
  expect(readdirSync(own)).toEqual(['step.onnx']);
}, 60_000);

test('version and help are printed with exit code 0, wrong usage with 2', async () => {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n` });
  for (const command of ['apply', 'check', 'export', 'inspect']) {
    const { code, stdout } = await run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}onnx-constraints/);
  }
  expect((await run([])).code).toBe(2);
  expect((await run(['paint'])).code).toBe(2);
});
