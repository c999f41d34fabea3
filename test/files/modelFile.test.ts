// Models with data files: read, changed and written so that they are whole or absent, and nothing that was read changes.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { toFloat64 } from '../../src/index.js';
import { readModel, writeModel } from '../../src/node.js';
import { fixturePath } from '../support/fixtureModels.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();

/** A copy of the digits model with its tensors of 64 bytes and more in a data file. */
async function externalModel(name: string): Promise<string> {
  const home = join(folder, name);
  mkdirSync(home);
  const model = await readModel(fixturePath('digits_cnn/tensorflow.onnx'));
  const { bytes, data } = model.encodeWithData({ location: 'weights.bin', threshold: 1024 });
  writeFileSync(join(home, 'model.onnx'), bytes);
  writeFileSync(join(home, 'weights.bin'), Buffer.concat([...data]));
  return join(home, 'model.onnx');
}

async function double(file: string, out: string): Promise<void> {
  const model = await readModel(file);
  const tensor = model.tensors().find(({ name }) => name.endsWith('logits_1/Cast/ReadVariableOp:0'));
  if (tensor === undefined) throw new Error('no logits kernel');
  const value = tensor.read();
  tensor.write({ ...value, data: Float32Array.from(value.data as Float32Array, (x) => 2 * x) });
  await writeModel(model, out);
}

async function kernelOf(file: string): Promise<Float64Array> {
  const tensors = (await readModel(file)).tensors();
  return toFloat64(
    tensors.find(({ name }) => name.endsWith('logits_1/Cast/ReadVariableOp:0'))?.read() as never,
  );
}

async function loads(file: string): Promise<boolean> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
  await session.release();
  return true;
}

test('a changed model in its own folder gets a new data file for what changed; the old ones stay as they were', async () => {
  const file = await externalModel('same');
  const before = readFileSync(join(dirname(file), 'weights.bin'));
  const original = await kernelOf(file);
  await double(file, file);
  expect(readFileSync(join(dirname(file), 'weights.bin')).equals(before)).toBe(true);
  expect(readdirSync(dirname(file)).sort()).toEqual(['model.onnx', 'model.onnx.data', 'weights.bin']);
  expect(await kernelOf(file)).toEqual(original.map((x) => 2 * x));
  expect(await loads(file)).toBe(true);
});

test('written again, no data file in use is replaced', async () => {
  const file = await externalModel('again');
  const original = await kernelOf(file);
  await double(file, file);
  await double(file, file);
  expect(readdirSync(dirname(file)).sort()).toEqual([
    'model.onnx',
    'model.onnx.1.data',
    'model.onnx.data',
    'weights.bin',
  ]);
  expect(await kernelOf(file)).toEqual(original.map((x) => 4 * x));
});

test('in another folder all data goes along', async () => {
  const file = await externalModel('source');
  const target = join(folder, 'target');
  mkdirSync(target);
  const out = join(target, 'moved.onnx');
  await double(file, out);
  expect(readdirSync(target).sort()).toEqual(['moved.onnx', 'moved.onnx.data']);
  expect(await kernelOf(out)).toEqual((await kernelOf(file)).map((x) => 2 * x));
  expect(await loads(out)).toBe(true);
});

test('a missing data file is named', async () => {
  const file = await externalModel('missing');
  const alone = join(folder, 'alone.onnx');
  copyFileSync(file, alone);
  await expect(kernelOf(alone)).rejects.toThrow(/weights\.bin.* does not exist/);
});

test('a data file that is a link out of the folder is refused', async () => {
  const file = await externalModel('linked');
  const lone = join(folder, 'lone');
  mkdirSync(lone);
  copyFileSync(file, join(lone, 'model.onnx'));
  symlinkSync(join(dirname(file), 'weights.bin'), join(lone, 'weights.bin'));
  await expect(kernelOf(join(lone, 'model.onnx'))).rejects.toThrow(/outside the folder of the model/);
});

test('when the data cannot be read to its end, nothing is left behind', async () => {
  const file = await externalModel('short');
  const data = join(dirname(file), 'weights.bin');
  writeFileSync(data, readFileSync(data).subarray(0, 2000));
  const target = join(folder, 'short-target');
  mkdirSync(target);
  const out = join(target, 'moved.onnx');
  const model = await readModel(file);
  await expect(writeModel(model, out)).rejects.toThrow(/weights\.bin/);
  expect(readdirSync(target)).toEqual([]);
  expect(existsSync(out)).toBe(false);
  expect(basename(file)).toBe('model.onnx');
});
