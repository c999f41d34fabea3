// Written tensors in a scratch file: the same model comes out as from memory, nothing is left, and nothing is lost
// when something fails.
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeTemporaries } from '../../src/files/temporaryFiles.js';
import { FileError, FormatError, UsageError } from '../../src/graph/errors.js';
import { readModel, ScratchFile, writeModel } from '../../src/node.js';
import type { Scratch } from '../../src/onnx/model.js';
import { delimited, initializer, modelWith, varint } from '../onnx/wire.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const count = 6;
const elements = 5_000;

/** A folder with a model of some external tensors. */
function makeModel(name: string): string {
  const home = join(folder, name);
  mkdirSync(home);
  const tensors = Array.from({ length: count }, (_, i) =>
    initializer(
      { name: `t${i}`, dims: [elements] },
      delimited(13, delimited(1, 'location'), delimited(2, 'w.bin')),
      delimited(13, delimited(1, 'offset'), delimited(2, String(4 * elements * i))),
      varint(14, 1),
    ),
  );
  writeFileSync(join(home, 'model.onnx'), modelWith(...tensors));
  writeFileSync(
    join(home, 'w.bin'),
    new Uint8Array(Float32Array.from({ length: count * elements }, (_, i) => i).buffer),
  );
  return home;
}

/** Doubles all tensors but one, one of them twice, and writes the model. */
async function change(home: string, out: string, scratch?: Scratch): Promise<void> {
  const model = await readModel(join(home, 'model.onnx'), { scratch });
  for (const name of ['t3', 't0', 't1', 't3', 't5', 't4']) {
    const tensor = model.tensors().find((one) => one.name === name);
    const value = tensor?.read();
    if (tensor === undefined || value === undefined) throw new Error(`no ${name}`);
    const data = (value.data as Float32Array).map((x) => 2 * x);
    tensor.write({ ...value, data });
    expect(tensor.read().data).toEqual(data);
    // What the caller does with its array afterwards changes nothing.
    const kept = data.slice();
    data.fill(7);
    expect(tensor.read().data).toEqual(kept);
  }
  await writeModel(model, out);
}

test('the same files come out as from memory, and none is left', async () => {
  const home = makeModel('same');
  const targets = ['memory', 'scratch'].map((name) => join(folder, name));
  for (const target of targets) mkdirSync(target);
  const [fromMemory = '', fromScratch = ''] = targets;
  await change(home, join(fromMemory, 'out.onnx'));
  const scratch = new ScratchFile(join(fromScratch, 'out.onnx'));
  await change(home, join(fromScratch, 'out.onnx'), scratch);
  scratch.close();
  expect(readdirSync(fromScratch).sort()).toEqual(['out.onnx', 'out.onnx.data']);
  for (const name of ['out.onnx', 'out.onnx.data']) {
    expect(readFileSync(join(fromScratch, name)).equals(readFileSync(join(fromMemory, name)))).toBe(true);
  }
});

test('no folder shows it while it is in use, and closing ends its use', () => {
  const target = join(folder, 'hidden');
  mkdirSync(target);
  const scratch = new ScratchFile(join(target, 'out.onnx'));
  expect(readdirSync(target)).toEqual([]);
  const kept = scratch.keep(Uint8Array.of(1, 2, 3));
  const more = scratch.keep(Uint8Array.of(4, 5));
  removeTemporaries();
  if (process.platform !== 'win32') expect(readdirSync(target)).toEqual([]);
  expect([...kept.read(1, 2), ...more.read(0, 2)]).toEqual([2, 3, 4, 5]);
  scratch.close();
  scratch.close();
  expect(() => kept.read(0, 1)).toThrow(UsageError);
  expect(() => scratch.keep(Uint8Array.of(1))).toThrow(/the scratch file is closed/);
  expect(readdirSync(target)).toEqual([]);
});

test('where no file can be written, the message names the target', () => {
  const scratch = new ScratchFile(join(folder, 'nowhere', 'out.onnx'));
  expect(() => scratch.keep(Uint8Array.of(1))).toThrow(FileError);
  expect(() => scratch.keep(Uint8Array.of(1))).toThrow(/out\.onnx: could not be written: does not exist/);
  scratch.close();
});

test('a data file that was cut after it was first read leaves no output, and the original as it was', async () => {
  const home = makeModel('cut');
  const target = join(folder, 'cut-target');
  mkdirSync(target);
  const original = readFileSync(join(home, 'model.onnx'));
  const scratch = new ScratchFile(join(target, 'out.onnx'));
  const model = await readModel(join(home, 'model.onnx'), { scratch });
  for (const tensor of model.tensors().slice(0, 4)) tensor.write(tensor.read());
  truncateSync(join(home, 'w.bin'), 4 * elements * 5 + 100);
  const written = writeModel(model, join(target, 'out.onnx'));
  await expect(written).rejects.toThrow(FormatError);
  await expect(written).rejects.toThrow(/w\.bin: ends before byte/);
  scratch.close();
  expect(readdirSync(target)).toEqual([]);
  expect(readFileSync(join(home, 'model.onnx')).equals(original)).toBe(true);
});

test('when the model cannot come into place, neither does its data', async () => {
  const home = makeModel('blocked');
  const target = join(folder, 'blocked-target');
  mkdirSync(join(target, 'out.onnx'), { recursive: true });
  await expect(change(home, join(target, 'out.onnx'))).rejects.toThrow(/out\.onnx: could not be written/);
  expect(readdirSync(target)).toEqual(['out.onnx']);
  expect(existsSync(join(target, 'out.onnx.data'))).toBe(false);
});
