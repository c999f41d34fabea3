// TensorFlow.js models: model.json with its shards, quantized or not, and those that lead astray.
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKerasFile } from '../../src/files/kerasFile.js';
import { ConstraintError } from '../../src/graph/errors.js';
import { readKeras } from '../../src/keras.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const layer = (className: string, config: object): object => ({ class_name: className, config });
const topology = (...layers: readonly object[]): object => ({
  format: 'layers-model',
  modelTopology: layer('Sequential', { name: 'model', layers }),
});
const dense = (name: string, units: number): object =>
  layer('Dense', { name, units, use_bias: true, kernel_constraint: layer('NonNeg', {}) });

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly quantization?: object;
}
const manifest = (paths: readonly unknown[], weights: readonly Weight[]): object => ({
  paths,
  weights: weights.map((weight) => ({ dtype: 'float32', ...weight })),
});

type Shards = Readonly<Record<string, Uint8Array>>;
const bytes = (array: Float32Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer);
const range = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i - 2);

async function readModel(
  model: object,
  groups: readonly object[],
  shards: Shards,
): ReturnType<typeof readKeras> {
  const text = new TextEncoder().encode(JSON.stringify({ ...model, weightsManifest: groups }));
  const readSibling = (path: string): Promise<Uint8Array> =>
    Promise.resolve(shards[path] ?? new Uint8Array());
  return await readKeras(text, { file: 'model.json', readSibling });
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof ConstraintError)) throw new Error('no error of this package', { cause: error });
  return error.message;
}

describe('weights', () => {
  const model = topology(dense('d', 3), layer('BatchNormalization', { name: 'bn', axis: [1] }));
  const names = ['d/kernel', 'd/bias', 'bn/gamma', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance'];
  const weights = names.map((name, i) => ({ name, shape: i === 0 ? [2, 3] : [3] }));

  test('are read across shards', async () => {
    const whole = bytes(range(21));
    const shards = { 'a.bin': whole.slice(0, 10), 'sub/b.bin': whole.slice(10) };
    const { variables, format } = await readModel(model, [manifest(Object.keys(shards), weights)], shards);
    expect(format).toBe('tfjs');
    expect(variables.map(({ path }) => path)).toEqual(names);
    expect(variables[0]?.value).toEqual({ dtype: 'float32', dims: [2, 3], data: range(6) });
    expect(variables[0]?.constraint?.constructor.name).toBe('NonNeg');
    expect(variables.map(({ value }) => (value?.data as Float32Array | undefined)?.[0])).toEqual([
      -2, 4, 7, 10, 13, 16,
    ]);
  });

  test('are read from groups, in whichever order they come', async () => {
    const groups = [manifest(['b'], weights.slice(2).reverse()), manifest(['a'], weights.slice(0, 2))];
    const { variables } = await readModel(model, groups, { a: bytes(range(9)), b: bytes(range(12)) });
    const values = Object.fromEntries(
      variables.map(({ path, value }) => [path, (value?.data as Float32Array | undefined)?.[0]]),
    );
    expect(values).toMatchObject({ 'd/kernel': -2, 'd/bias': 4, 'bn/gamma': 7, 'bn/moving_variance': -2 });
  });

  test('stay unread where nothing reads the shards', async () => {
    const json = { ...model, weightsManifest: [manifest(['a'], weights)] };
    const { variables, format } = await readKeras(new TextEncoder().encode(JSON.stringify(json)));
    expect(format).toBe('json');
    expect(variables.every(({ value }) => value === undefined)).toBe(true);
  });

  test('of layers inside others go by the names of either', async () => {
    const inner = layer('Sequential', { name: 'inner', layers: [dense('one', 1), dense('two', 1)] });
    const wrapped = layer('Bidirectional', {
      name: 'both',
      merge_mode: 'concat',
      layer: layer('LSTM', { name: 'lstm', units: 1 }),
    });
    const sides = ['forward', 'backward'].flatMap((side) => [
      { name: `${side}_lstm/kernel`, shape: [1, 4] },
      { name: `${side}_lstm/recurrent_kernel`, shape: [1, 4] },
      { name: `${side}_lstm/bias`, shape: [4] },
    ]);
    for (const prefix of ['', 'inner/', 'model/inner/']) {
      const within = ['one', 'two'].flatMap((name) => [
        { name: `${prefix}${name}/kernel`, shape: [1, 1] },
        { name: `${prefix}${name}/bias`, shape: [1] },
      ]);
      const outer = sides.map((side) => ({ ...side, name: prefix === '' ? side.name : `both/${side.name}` }));
      const groups = [manifest(['a'], [...within, ...outer])];
      const { variables } = await readModel(topology(inner, wrapped), groups, { a: bytes(range(28)) });
      const first = variables.map(({ path, value }) => [
        path,
        (value?.data as Float32Array | undefined)?.[0],
      ]);
      expect(first).toEqual([
        ['inner/one/kernel', -2],
        ['inner/one/bias', -1],
        ['inner/two/kernel', 0],
        ['inner/two/bias', 1],
        ['both/forward_lstm/lstm_cell/kernel', 2],
        ['both/forward_lstm/lstm_cell/recurrent_kernel', 6],
        ['both/forward_lstm/lstm_cell/bias', 10],
        ['both/backward_lstm/lstm_cell/kernel', 14],
        ['both/backward_lstm/lstm_cell/recurrent_kernel', 18],
        ['both/backward_lstm/lstm_cell/bias', 22],
      ]);
    }
  });

  test.each([
    ['uint8', Uint8Array.of(0, 1, 255), { scale: 0.5, min: -1 }, [-1, -0.5, 126.5]],
    ['uint16', bytes(Uint16Array.of(0, 1, 65535)), { scale: 2, min: 1 }, [1, 3, 131071]],
    ['float16', bytes(Uint16Array.of(0x3c00, 0xc000, 0x7c00)), {}, [1, -2, Number.POSITIVE_INFINITY]],
  ])('quantized to %s are dequantized', async (dtype, shard, numbers, wanted) => {
    const bias = { name: 'd/bias', shape: [3], quantization: { dtype, ...numbers } };
    const groups = [manifest(['k'], [{ name: 'd/kernel', shape: [2, 3] }]), manifest(['b'], [bias])];
    const { variables } = await readModel(topology(dense('d', 3)), groups, { k: bytes(range(6)), b: shard });
    expect(variables[1]?.value).toEqual({ dtype: 'float32', dims: [3], data: Float32Array.from(wanted) });
  });
});

describe('refused with the reason', () => {
  const kernel = { name: 'd/kernel', shape: [2, 3] };
  const bias = { name: 'd/bias', shape: [3] };
  const shards = { a: bytes(range(9)) };
  const read = (paths: readonly unknown[], weights: readonly Weight[]): Promise<string> =>
    messageOf(readModel(topology(dense('d', 3)), [manifest(paths, weights)], shards));

  test.each([
    '../a',
    'sub/../../a',
    '/etc/passwd',
    'sub\\..\\..\\a',
    '\\\\host\\share',
    'c:\\a',
    'https://example.com/a',
    'file:///etc/passwd',
  ])('the path %s', async (path) => {
    expect(await read([path], [kernel, bias])).toContain(
      `model.json: weightsManifest[0].paths[0]: ${JSON.stringify(path)} leads out of the folder of the model`,
    );
  });

  test.each([
    ['a path that is none', [1], [kernel, bias], 'weightsManifest[0].paths[0]: is no path'],
    [
      'shards that are too short',
      ['a'],
      [kernel, bias, { name: 'd/x', shape: [1] }],
      'take 40 bytes, its shards hold 36',
    ],
    ['shards that are too long', ['a'], [kernel], 'its weights take 24 bytes, its shards hold more'],
    [
      'a shard named again and again',
      Array(9).fill('a'),
      [kernel, bias],
      'take 36 bytes, its shards hold more',
    ],
    [
      'a name that is there twice',
      ['a'],
      [bias, bias, bias],
      'weightsManifest[0].weights[1]: d/bias is there twice',
    ],
    [
      'a size below zero',
      ['a'],
      [{ ...kernel, shape: [-2, 3] }, bias],
      'd/kernel: shape is no list of sizes',
    ],
    [
      'sizes that overflow',
      ['a'],
      [{ ...kernel, shape: [2 ** 50, 2 ** 50] }],
      'd/kernel: no file can hold it',
    ],
    [
      'an unknown dtype',
      ['a'],
      [{ ...kernel, dtype: 'string' }],
      'd/kernel: dtype "string"; accepted are float32',
    ],
    [
      'an unknown quantization',
      ['a'],
      [{ ...kernel, quantization: { dtype: 'uint8', scale: 1 } }],
      'd/kernel: quantization {"dtype":"uint8","scale":1}; accepted are float16',
    ],
    [
      'a weight of a layer that is not there',
      ['a'],
      [kernel, { name: '__proto__/bias', shape: [3] }],
      'the weight __proto__/bias belongs to no layer of the config',
    ],
    ['a weight too few', ['a'], [{ name: 'd/kernel', shape: [9] }], 'expected kernel of layer d (Dense)'],
    ['a weight of another shape', ['a'], [{ ...kernel, shape: [3, 2] }, bias], 'found shape [3, 2]'],
  ])('%s', async (_, paths, weights, message) => {
    expect(await read(paths, weights)).toContain(message);
  });
});

describe('files', () => {
  const folder = temporaryFolder();
  const weights = [
    { name: 'd/kernel', shape: [2, 3] },
    { name: 'd/bias', shape: [3] },
  ];

  function write(path: string): string {
    const inside = mkdtempSync(join(folder, 'model-'));
    mkdirSync(join(inside, 'shards'));
    writeFileSync(join(inside, 'shards', 'one.bin'), bytes(range(9)));
    writeFileSync(join(folder, 'outside.bin'), bytes(range(9)));
    symlinkSync(join(folder, 'outside.bin'), join(inside, 'link.bin'));
    symlinkSync('shards/one.bin', join(inside, 'inner.bin'));
    const file = join(inside, 'model.json');
    const groups = [manifest([path], weights)];
    writeFileSync(file, JSON.stringify({ ...topology(dense('d', 3)), weightsManifest: groups }));
    return file;
  }

  test.each(['shards/one.bin', './shards/one.bin', 'inner.bin'])('%s is read', async (path) => {
    const { variables } = await readKerasFile(write(path));
    expect(variables[0]?.value?.data).toEqual(range(6));
  });

  test.each([
    ['link.bin', 'lies outside the folder of the model that names it'],
    ['shards', 'is named by the model and is no ordinary file'],
    ['missing.bin', 'is named by the model and does not exist'],
  ])('%s is refused', async (path, message) => {
    expect(await messageOf(readKerasFile(write(path)))).toContain(message);
  });
});
