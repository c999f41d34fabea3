// What `inspect` shows of training checkpoints of ONNX Runtime.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { readArtifact } from '../support/trainingOrt.js';

const folder = temporaryFolder();
const artifact = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/ort_training/${name}`, import.meta.url));

test('a table of the parameters in a training checkpoint', async () => {
  const { code, stdout } = await runCli('inspect', artifact('whole.ckpt'));
  expect(code).toBe(0);
  expect(stdout).toContain('training checkpoint of ONNX Runtime, version 2: 4 parameters\n');
  expect(stdout).toMatch(/head\.kernel +\(6, 3\) +float32 +18 +yes/);
  expect(stdout).toMatch(/scale +\(4,\) +float32 +4 +no/);
});

test('as JSON, and without shapes where the checkpoint has none', async () => {
  const { stdout } = await runCli('inspect', artifact('nominal.ckpt'), '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    kind: 'checkpoint',
    values: 'nominal',
    parameters: [
      { name: 'head.kernel', shape: null, dtype: 'float32', trainable: true },
      { name: 'fc1.bias' },
      { name: 'fc1.weight' },
      { name: 'scale', trainable: false },
    ],
  });
});

test('one that is cut short is refused by its name', async () => {
  const file = join(folder, 'cut');
  writeFileSync(file, readArtifact('whole.ckpt').subarray(0, 300));
  const { code, stderr } = await runCli('inspect', file);
  expect(code).toBe(2);
  expect(stderr).toContain(`${file}: module_state`);
  expect(stderr).toContain('is cut short, or inconsistent');
});

test('one that is given as a model is told from a model', async () => {
  const file = artifact('whole.ckpt');
  const { code, stderr } = await runCli('splice', file);
  expect(code).toBe(2);
  expect(stderr).toContain(
    `${file}: this is a training checkpoint of ONNX Runtime; an ONNX model is expected`,
  );
});
