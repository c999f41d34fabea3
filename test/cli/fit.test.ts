// The commands fit and train-step.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { fromFloat64, toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { parseStepDescription, readModel, StepLoop } from '../../src/node.js';
import { encodeSafetensors } from '../../src/safetensors/encodeSafetensors.js';
import { openSafetensors } from '../../src/safetensors/safetensorsFile.js';
import { readFitCase } from '../support/fitCases.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const model = fileURLToPath(new URL('../fixtures/fit/dense/initial.keras', import.meta.url));
const at = (name: string): string => join(folder, name);

/** All batches of Keras's own training one after another, which is what one epoch without shuffling takes. */
function samples(): { x: TensorValue; y: TensorValue; losses: readonly number[] } {
  const { batches, losses } = readFitCase('dense');
  const x = batches.flatMap(({ x: batch }) => Array.from(batch as Float32Array));
  const y = batches.flatMap(({ y: batch }) => Array.from(batch as Int32Array));
  return { x: fromFloat64(x, 'float32', [960, 64]), y: fromFloat64(y, 'int32', [960]), losses };
}

const { x, y, losses } = samples();
writeFileSync(
  at('train.safetensors'),
  encodeSafetensors(
    new Map([
      ['x', x],
      ['y', y],
    ]),
  ),
);
const meanLoss = losses.reduce((a, b) => a + b, 0) / losses.length;

/** An array as NumPy saves it. */
function npy(descr: string, shape: string, bytes: Uint8Array): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const header = `${dict.padEnd(117)}\n`;
  const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
  return Uint8Array.from([...start, ...new TextEncoder().encode(header), ...bytes]);
}

const bytesOf = ({ data }: TensorValue): Uint8Array => new Uint8Array((data as Float32Array).buffer);

describe('fit', () => {
  test('trains as Keras does, and what it writes satisfies the constraints', async () => {
    const args = [
      'fit',
      model,
      '--data',
      at('train.safetensors'),
      '--no-shuffle',
      '--out',
      at('trained.keras'),
      '--json',
    ];
    const { code, stdout, stderr } = await runCli(...args);
    expect(stderr).toContain('epoch 1/1: loss');
    expect(code).toBe(0);
    const { history } = JSON.parse(stdout);
    expect(Math.abs(history.loss[0] - meanLoss) / meanLoss).toBeLessThan(1e-4);
    expect((await runCli('check', at('trained.keras'))).code).toBe(0);
    expect((await runCli('check', model)).code).toBe(1);
  });

  test('takes npz, and writes an inference model', async () => {
    const entries = { 'x.npy': npy('<f4', '960, 64', bytesOf(x)), 'y.npy': npy('<i4', '960,', bytesOf(y)) };
    writeFileSync(at('train.npz'), zipSync(entries));
    const args = [
      'fit',
      model,
      '--data',
      at('train.npz'),
      '--no-shuffle',
      '--out',
      at('trained.onnx'),
      '--json',
    ];
    const { code, stdout } = await runCli(...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).history.loss[0]).toBeCloseTo(meanLoss, 4);
    const written = await readModel(at('trained.onnx'));
    expect(written.inputs.map(({ name }) => name)).toEqual(['x']);
  });

  test.each([
    [['--out', 'trained.h5'], /--out must end in .keras or .onnx/],
    [['--out', 'new.keras', '--optimizer', 'sgdm'], /unknown optimizer 'sgdm'/],
    [['--out', 'new.keras', '--epochs', '0'], /--epochs must be a whole number from 1/],
    [
      ['--out', 'new.keras', '--validation-split', '1'],
      /--validation-split must leave samples on both sides/,
    ],
  ])('refuses %j', async (args, message) => {
    const given = args.map((arg) => (/\./.test(arg) ? at(arg) : arg));
    const { code, stderr } = await runCli('fit', model, '--data', at('train.safetensors'), ...given);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('refuses data without labels, and damaged arrays', async () => {
    writeFileSync(at('half.safetensors'), encodeSafetensors(new Map([['x', x]])));
    const half = await runCli('fit', model, '--data', at('half.safetensors'), '--out', at('new.keras'));
    expect(half.stderr).toMatch(/half.safetensors: has no array 'y'; found x/);
    writeFileSync(at('cut.npz'), zipSync({ 'x.npy': npy('<f4', '960, 64', bytesOf(x).subarray(4)) }));
    const cut = await runCli('fit', model, '--data', at('cut.npz'), '--out', at('new.keras'));
    expect(cut.stderr).toMatch(/cut.npz: x.npy: declares 245760 bytes of numbers, found 245756/);
  });
});

describe('train-step', () => {
  test('writes a step that a StepLoop runs as Keras trains', async () => {
    const files = [
      '--out',
      at('step.onnx'),
      '--params',
      at('step.json'),
      '--initial',
      at('initial.safetensors'),
    ];
    const { code, stdout } = await runCli('train-step', model, '--batch-size', '32', ...files);
    expect(code).toBe(0);
    expect(stdout).toContain('4 variables, 3 of them constrained, 5 values of state; wrote');
    const initial = openSafetensors(readFileSync(at('initial.safetensors'))).weights;
    const loop = await StepLoop.create(
      readFileSync(at('step.onnx')),
      parseStepDescription(readFileSync(at('step.json'), 'utf8')),
      {
        initial: Object.fromEntries(initial.map((weight) => [weight.name, weight.read()])),
        state: { 'optimizer/iteration': { input: 'optimizer/iteration', output: 'optimizer/iteration_new' } },
        inputs: { learning_rate: 0.1 },
      },
    );
    const { batches, losses: wanted, final } = readFitCase('dense');
    const last = await loop.run(batches as never);
    expect(Math.abs((last?.loss as number) - (wanted.at(-1) as number))).toBeLessThan(1e-4);
    const { 'o/kernel': kernel } = await loop.weights();
    const answered = final.get('o/kernel') ?? [];
    toFloat64(kernel as TensorValue).forEach((value, i) => {
      expect(Math.abs(value - (answered[i] as number))).toBeLessThan(1e-4);
    });
    await loop.dispose();
  });

  test('the same model gives the same bytes', async () => {
    await runCli('train-step', model, '--out', at('one.onnx'));
    await runCli('train-step', model, '--out', at('two.onnx'));
    expect(readFileSync(at('one.onnx')).equals(readFileSync(at('two.onnx')))).toBe(true);
  });
});
