// What cannot be trained: the command's message, its exit code, and that no file is changed or left. Full disks are real
// ones, in processes of their own. Needs a build.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { beforeEach, describe, expect, test } from 'vitest';
import { fromFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { encodeSafetensors } from '../../src/safetensors/encodeSafetensors.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const model = fileURLToPath(new URL('../fixtures/fit/dense/initial.keras', import.meta.url));
const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const script = fileURLToPath(new URL('../support/fullDisk.mjs', import.meta.url));

const numbers = Array.from({ length: 20 * 64 }, (_, i) => Math.sin(i));
const labels = Array.from({ length: 20 }, (_, i) => i % 10);
const tensors = {
  x: fromFloat64(numbers, 'float32', [20, 64]),
  y: fromFloat64(labels, 'int32', [20]),
};
function data(name: string, changed: Readonly<Record<string, TensorValue>> = {}): string {
  writeFileSync(at(name), encodeSafetensors(new Map(Object.entries({ ...tensors, ...changed }))));
  return at(name);
}

/** The model with its config changed. */
function variant(name: string, change: (text: string) => string): string {
  const entries = unzipSync(readFileSync(model));
  const config = new TextDecoder().decode(entries['config.json']);
  const changed = change(config);
  expect(changed).not.toBe(config);
  writeFileSync(at(name), zipSync({ ...entries, 'config.json': strToU8(changed) }));
  return at(name);
}
const compiledWith = (config: string, change: (compiled: Record<string, unknown>) => object): string => {
  const { compile_config, ...rest } = JSON.parse(config);
  return JSON.stringify({ ...rest, compile_config: change(compile_config) });
};

const out = join(folder, 'out', 'trained.keras');
const old = Buffer.from('the model of yesterday');
beforeEach(() => {
  mkdirSync(join(folder, 'out'), { recursive: true });
  writeFileSync(out, old);
});

/** The old file is whole, and nothing lies beside it. */
function expectOld(): void {
  expect(readFileSync(out)).toEqual(old);
  expect(readdirSync(join(folder, 'out'))).toEqual(['trained.keras']);
}

async function expectRefused(
  file: string,
  samples: string,
  message: string,
  ...more: readonly string[]
): Promise<void> {
  const { code, stderr } = await runCli('fit', file, '--data', samples, '--out', out, '--force', ...more);
  expect(stderr).toBe(`error: ${message}\n`);
  expect(code).toBe(2);
  expectOld();
}

describe('data is refused with its file', () => {
  test.each<[string, Readonly<Record<string, TensorValue>>, string]>([
    [
      'shape',
      { x: fromFloat64(numbers.slice(0, 1200), 'float32', [20, 60]) },
      'x: each sample has shape (64,), so 64 numbers; found shape (20, 60) and 1200 numbers',
    ],
    [
      'label',
      { y: fromFloat64(labels.with(4, 12), 'int32', [20]) },
      'y: label 12 of sample 4 is out of range; the model has 10 classes, 0 to 9',
    ],
    [
      'nan',
      { x: fromFloat64(numbers.with(197, Number.NaN), 'float32', [20, 64]) },
      'x: element 197 is NaN, in sample 3; finite numbers are expected, without which a loss is NaN',
    ],
    ['count', { y: fromFloat64(labels.slice(1), 'int32', [19]) }, 'x has 20 samples, y 19'],
    [
      'fraction',
      { y: fromFloat64(labels.with(0, 0.5), 'float32', [20]) },
      'y: element 0 is 0.5; whole numbers of 32 bits are expected',
    ],
    [
      'none',
      { x: fromFloat64([], 'float32', [0, 64]), y: fromFloat64([], 'int32', [0]) },
      'there are no samples',
    ],
  ])('%s', async (name, changed, message) => {
    const file = data(`${name}.safetensors`, changed);
    await expectRefused(model, file, `${file}: ${message}`);
  });

  test('a file that is not there, and one that is neither of both kinds', async () => {
    await expectRefused(model, at('missing.npz'), `${at('missing.npz')}: does not exist`);
    writeFileSync(at('text.npz'), 'x and y');
    const { code, stderr } = await runCli('fit', model, '--data', at('text.npz'), '--out', out, '--force');
    expect(stderr).toMatch(/^error: .*text\.npz: .*zip/i);
    expect(code).toBe(2);
    expectOld();
  });
});

describe('the model is refused with its file and place', () => {
  const refused = async (name: string, change: (text: string) => string, message: string) => {
    const file = variant(name, change);
    const args = ['fit', file, '--data', data('train.safetensors'), '--out', out, '--force'];
    const { code, stderr } = await runCli(...args);
    expect(stderr).toMatch(`error: ${file}: ${message}`);
    expect(code).toBe(2);
    expectOld();
  };

  test('an unknown layer', async () => {
    const change = (text: string) => text.replace('"class_name": "Dense"', '"class_name": "MyDense"');
    const message =
      'config.layers[1].config: the layer MyDense cannot be trained here; those that can are Dense, ';
    await refused('layer.keras', change, message);
  });

  test('an unknown optimizer, and an unknown loss', async () => {
    const own = { class_name: 'Ftrl', config: {} };
    await refused(
      'optimizer.keras',
      (text) => compiledWith(text, (compiled) => ({ ...compiled, optimizer: own })),
      "compile_config.optimizer.config: unknown optimizer 'Ftrl'; known are SGD, ",
    );
    await refused(
      'loss.keras',
      (text) => compiledWith(text, (compiled) => ({ ...compiled, loss: 'ctc' })),
      "compile_config.loss: unknown loss 'ctc'; known are SparseCategoricalCrossentropy, ",
    );
  });

  test('none of both, with the flags that give them', async () => {
    await refused(
      'uncompiled.keras',
      (text) => JSON.stringify({ ...JSON.parse(text), compile_config: undefined }),
      'was not compiled with an optimizer and a loss; give --optimizer, such as --optimizer adam, and --loss, such as --loss sparse_categorical_crossentropy\n',
    );
    const file = at('uncompiled.keras');
    const message =
      'was not compiled with a loss; give --loss, such as --loss sparse_categorical_crossentropy';
    await expectRefused(file, data('train.safetensors'), `${file}: ${message}`, '--optimizer', 'adam');
    const step = await runCli('train-step', file, '--out', out, '--force', '--loss', 'mse');
    expect(step.stderr).toBe(
      `error: ${file}: was not compiled with an optimizer; give --optimizer, such as --optimizer adam\n`,
    );
    expectOld();
  });
});

describe('options are refused by their flags', () => {
  test.each([
    [['--optimizer', 'sgdm'], /^error: --optimizer: unknown optimizer 'sgdm'; known are SGD, /],
    [['--loss', 'hing'], /^error: --loss: unknown loss 'hing'; known are Sparse/],
    [['--batch-size', '0'], /^error: --batch-size must be a whole number from 1, found 0\n$/],
    [['--epochs', '0'], /^error: --epochs must be a whole number from 1, found 0\n$/],
    [
      ['--validation-split', '1'],
      /^error: --validation-split must leave samples on both sides, found 1 of 20\n$/,
    ],
    [['--provider', 'nope'], /^error: .*nope.*accepted are cpu, /],
  ])('%j', async (args, message) => {
    const samples = data('train.safetensors');
    const { code, stderr } = await runCli('fit', model, '--data', samples, '--out', out, '--force', ...args);
    expect(stderr).toMatch(message);
    expect(code).not.toBe(0);
    expectOld();
  });
});

test('fewer samples than a batch are one short step, which is told', async () => {
  const samples = data('train.safetensors');
  const { code, stderr } = await runCli('fit', model, '--data', samples, '--out', out, '--force');
  expect(stderr).toContain(
    `${samples} has 20 samples, fewer than --batch-size 32: one step takes them all\n`,
  );
  expect(code).toBe(0);
  expect(readFileSync(out)).not.toEqual(old);
});

/** Runs a program that may write no file of more than so many blocks of 512 bytes or a kilobyte. */
function limited(...args: readonly string[]) {
  return spawnSync('sh', ['-c', 'ulimit -f 8; exec "$@"', 'sh', process.execPath, ...args], {
    encoding: 'utf8',
  });
}

// Windows has no limit on the size of files that a process may write.
describe.skipIf(process.platform === 'win32')('a disk that fills up leaves what was there', () => {
  const tooLarge = /could not be written: would be larger than files may be/;

  test('under the command', () => {
    const { status, stderr } = limited(
      program,
      'fit',
      model,
      '--data',
      data('train.safetensors'),
      '--out',
      out,
      '--force',
    );
    expect(stderr).toContain(`error: ${out}: could not be written: would be larger than files may be`);
    expect(status).not.toBe(0);
    expectOld();
  });

  test('over the model itself, the model', () => {
    copyFileSync(model, out);
    const { stderr } = limited(program, 'fit', out, '--data', data('train.safetensors'), '--out', out);
    expect(stderr).toMatch(tooLarge);
    expect(readFileSync(out)).toEqual(readFileSync(model));
    expect(readdirSync(join(folder, 'out'))).toEqual(['trained.keras']);
  });

  test('under a checkpoint, whose training keeps what it has learnt', () => {
    const told = JSON.parse(limited(script, model, out).stdout);
    expect(told).toMatchObject({ name: 'FileError', code: 'FILE', file: out, steps: 2 });
    expect(told.message).toMatch(tooLarge);
    expectOld();
  });
});

/** A file system of 16 kB, which only root can have. */
function mountSmall(where: string): boolean {
  mkdirSync(where, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', where]).status === 0;
}

test('a file system without room leaves the old checkpoint whole', ({ skip }) => {
  const small = join(folder, 'small');
  if (!mountSmall(small)) skip('needs the right to mount a file system');
  try {
    const checkpoint = join(small, 'best.keras');
    writeFileSync(checkpoint, old);
    const run = spawnSync(process.execPath, [script, model, checkpoint], { encoding: 'utf8' });
    const told = JSON.parse(run.stdout);
    expect(told).toMatchObject({ name: 'FileError', file: checkpoint, steps: 2 });
    expect(told.message).toBe(`${checkpoint}: could not be written: has no room left (disk full)`);
    expect(readFileSync(checkpoint)).toEqual(old);
    expect(readdirSync(small)).toEqual(['best.keras']);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('interrupted while it trains, it leaves the old file whole', async () => {
  const samples = data('train.safetensors');
  const args = ['fit', model, '--data', samples, '--out', out, '--force', '--epochs', '1000000'];
  const child = spawn(process.execPath, [program, ...args]);
  child.stderr.on('data', (text: Buffer) => {
    if (text.includes('epoch 3/')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(130);
  expectOld();
});
