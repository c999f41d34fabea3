// Weight files that mean harm, through the command line: each is refused with its message, quickly, and nothing is written.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { editWeights } from '../keras/h5Builder.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const archive = new Uint8Array(readFileSync(fixturePath('conv3d_net/model.keras')));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

/** Generous for slow machines; work that grew with what the files claim to hold would be far beyond. */
const limits = { milliseconds: 5000, bytes: 1024 ** 3 };

async function expectRefused(name: string, bytes: Uint8Array, message: string | RegExp): Promise<void> {
  const file = join(folder, name);
  const out = join(folder, 'out');
  writeFileSync(file, bytes);
  mkdirSync(out, { recursive: true });
  const config = name.endsWith('.safetensors') ? ['--config', fixturePath('conv1d_net/model.keras')] : [];
  const [start, before] = [performance.now(), process.memoryUsage().rss];
  const { code, stderr, stdout } = await runCli('apply', file, '--out', join(out, name), ...config);
  expect(performance.now() - start).toBeLessThan(limits.milliseconds);
  expect(process.memoryUsage().rss - before).toBeLessThan(limits.bytes);
  expect(stderr).toMatch(message);
  expect(stderr).toContain(file);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect([code, stdout]).toEqual([2, '']);
  expect(readdirSync(out)).toEqual([]);
}

/** An archive whose first entry is packed data that unpacks to `size` zeros. */
function bomb(size: number): Uint8Array {
  const bytes = zipSync({ 'config.json': deflateRawSync(new Uint8Array(size)) }, { level: 0 });
  const view = new DataView(bytes.buffer);
  const record = view.getUint32(bytes.length - 6, true);
  view.setUint16(record + 10, 8, true);
  view.setUint32(record + 24, size, true);
  return bytes;
}

function changed(bytes: Uint8Array, change: (view: DataView, directory: number) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view, view.getUint32(copy.length - 6, true));
  return copy;
}

function safetensors(header: string, length = BigInt(header.length)): Uint8Array {
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  bytes.set(encode(header), 8);
  return bytes;
}

test('a zip bomb', () =>
  expectRefused('bomb.keras', bomb(2 ** 29), /config\.json: declares 536870912 bytes/));

test('a zip entry outside the archive', () =>
  expectRefused(
    'outside.keras',
    changed(archive, (view, directory) => view.setUint32(directory + 42, 0x7ffffff0, true)),
    /metadata\.json: the entry lies outside the archive/,
  ));

test('a zip entry that overlaps another', () =>
  expectRefused(
    'overlap.keras',
    changed(archive, (view, directory) => view.setUint32(directory + 20, 200, true)),
    /lies inside another one/,
  ));

test('HDF5 groups that contain themselves', async () => {
  const subclassed = new Uint8Array(readFileSync(fixturePath('../keras/subclassed.keras')));
  const bytes = await editWeights(subclassed, [], (file) => {
    file.create_hard_link('/heads', 'heads/again');
    file.create_hard_link('/heads', 'heads/and_again');
  });
  await expectRefused('cyclic.keras', bytes, /nested too deep, or contain themselves/);
});

test('an HDF5 link that leads to itself', async () => {
  const bytes = await editWeights(archive, ['layers/dense/vars/0'], (file) => {
    file.create_soft_link('/layers/dense/vars/0', 'layers/dense/vars/0');
  });
  await expectRefused('loop.keras', bytes, /layers\/dense\/vars\/0: expected kernel .* found no dataset/);
});

test('JSON nested 100,000 deep', () =>
  expectRefused(
    'deep.keras',
    zipSync({ 'config.json': encode(nested), 'model.weights.h5': new Uint8Array(8) }),
    /config\.json: is nested deeper than 200 levels/,
  ));

test('a safetensors header nested 100,000 deep', () =>
  expectRefused('deep.safetensors', safetensors(nested), /nested deeper than 3 levels/));

test('a safetensors header longer than the file', () =>
  expectRefused('long.safetensors', safetensors('{}', 2n ** 63n), /longer than the file/));

test('__proto__ keys', async () => {
  const tensor = '{"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}';
  const header = `{"__proto__": ${tensor}, "__proto__": ${tensor}}`;
  await expectRefused('proto.safetensors', safetensors(header), /__proto__: the header has this key twice/);
  const config =
    '{"class_name": "Sequential", "config": {"__proto__": {"layers": []}, "layers": {"__proto__": 1}}}';
  const bytes = zipSync({ 'config.json': encode(config), __proto__: encode('{}') });
  await expectRefused('proto.keras', bytes, /config\.layers|expected an entry model\.weights\.h5/);
  expect(({} as Record<string, unknown>).layers).toBeUndefined();
});

test('a TensorFlow.js shard outside the folder', async () => {
  const model = { class_name: 'Sequential', config: { name: 'm', layers: [] } };
  const write = (path: string): string => {
    const file = join(folder, 'model.json');
    const weightsManifest = [{ paths: [path], weights: [] }];
    writeFileSync(file, JSON.stringify({ modelTopology: model, weightsManifest }));
    return file;
  };
  symlinkSync(fixturePath('custom/model.h5'), join(folder, 'link.bin'));
  for (const [path, message] of [
    ['../secret', 'leads out of the folder of the model'],
    ['/etc/passwd', 'leads out of the folder of the model'],
    ['link.bin', 'lies outside the folder of the model'],
  ] as const) {
    const config = ['--config', write(path)];
    const { code, stderr } = await runCli('check', fixturePath('custom/torch.onnx'), ...config);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  }
});
