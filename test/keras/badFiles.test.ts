// Files that are damaged, of another format, contradict themselves or mean harm: each gets its message.
import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { Dataset } from 'h5wasm';
import { describe, expect, test } from 'vitest';
import { ConstraintError } from '../../src/graph/errors.js';
import { H5File } from '../../src/keras/h5File.js';
import { parseKerasConfig, readKeras } from '../../src/keras.js';
import { buildH5, editArchive, editConfig, editH5, editWeights, entryOf, groupAt } from './h5Builder.js';

const read = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${path}`, import.meta.url)));
const archive = read('models/conv3d_net/model.keras');
const legacy = read('models/conv3d_net/model.h5');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function readText(bytes: Uint8Array, path: string, name: string): Promise<string> {
  return H5File.use(bytes, {}, (h5) => h5.text(path, name) ?? '');
}

async function failure(bytes: Uint8Array, file = 'model.keras'): Promise<ConstraintError> {
  const error = await readKeras(bytes, { file }).catch((reason: unknown) => reason);
  if (!(error instanceof ConstraintError)) throw new Error('no error of this package', { cause: error });
  return error;
}

describe('other formats', () => {
  test.each([
    ['an empty file', new Uint8Array(), 'is no Keras file: it is empty'],
    ['a picture', encode('\u0089PNG\r\n\u001a\n'), 'is no Keras file: it starts with the bytes c2 89 50 4e'],
    [
      'an archive of something else',
      zipSync({ 'word/document.xml': encode('<a/>') }),
      'expected an entry config.json, found word/document.xml',
    ],
    [
      'an archive without weights',
      editArchive(archive, { 'model.weights.h5': undefined }),
      'expected an entry model.weights.h5, found metadata.json, config.json',
    ],
    [
      'bytes that only start like an archive',
      encode('PK\u0003\u0004 and no more'),
      'is no whole zip archive: it has no directory at its end',
    ],
    [
      'JSON that is no model',
      encode('{"a": 1}'),
      'is no Keras model config: found an object with a; expected',
    ],
    ['a list', encode('[]'), 'is no Keras model config: found a list'],
    ['half a JSON', encode('{"class_name": "Seq'), 'is no valid JSON: '],
    [
      'a TensorFlow.js graph model',
      encode('{"modelTopology": {"node": []}}'),
      'found a TensorFlow.js graph model',
    ],
    ['text that is no UTF-8', Uint8Array.of(0x7b, 0xff, 0xff), 'is no UTF-8 text'],
  ])('%s', async (_, bytes, message) => {
    const error = await failure(bytes);
    expect(error.message).toContain(message);
    expect(error.file).toBe('model.keras');
    expect(['FORMAT', 'CONFIG']).toContain(error.code);
  });

  test('weights without a model', async () => {
    const error = await failure(entryOf(archive, 'model.weights.h5'), 'a.weights.h5');
    expect(error.message).toMatch(/^a\.weights\.h5: holds weights only: .* accepted are whole-model files/);
  });

  test('another HDF5 file', async () => {
    const error = await failure(await buildH5((file) => file.create_group('measurements')), 'a.h5');
    expect(error.message).toMatch(/^a\.h5: is an HDF5 file without a model_config/);
  });
});

describe('damage', () => {
  test.each([
    ['model.keras', archive],
    ['model.h5', legacy],
  ])('%s cut at every 100th byte', async (_, whole) => {
    for (let length = 0; length < whole.length; length += 100) {
      expect((await failure(whole.slice(0, length))).code).toBe('FORMAT');
    }
  });

  test('weights cut short inside a whole archive', async () => {
    const weights = entryOf(archive, 'model.weights.h5');
    for (let length = 0; length < weights.length; length += 997) {
      const error = await failure(editArchive(archive, { 'model.weights.h5': weights.slice(0, length) }));
      expect(error.message).toMatch(/^model\.keras: model\.weights\.h5: .*is no whole HDF5 file/);
    }
  });

  test('bytes changed anywhere never give more than an error of this package', async () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    let refused = 0;
    for (let round = 0; round < 150; round += 1) {
      const bytes = (round % 2 === 0 ? legacy : archive).slice();
      for (let count = 0; count < 8; count += 1) bytes[random(bytes.length)] = random(256);
      const result = await readKeras(bytes).catch((reason: unknown) => reason);
      if (result instanceof Error) {
        refused += 1;
        expect(result).toBeInstanceOf(ConstraintError);
      }
    }
    expect(refused).toBeGreaterThan(20);
    expect((await readKeras(archive)).variables).toHaveLength(4);
  });
});

describe('weights that contradict the config', () => {
  const fewerUnits = (config: string): string => config.replace('"units": 3', '"units": 5');

  test('a wrong size', async () => {
    const error = await failure(editConfig(archive, fewerUnits));
    expect(error.message).toBe(
      'model.keras: model.weights.h5: layers/dense/vars/0: expected kernel of layer out (Dense) of shape [4, 5] by the ' +
        'config at config.layers[3], found shape [4, 3]',
    );
  });

  test('a wrong size in a whole-model file', async () => {
    const config = await readText(legacy, '', 'model_config');
    const bytes = await editH5(legacy, ['@model_config'], (file) => {
      file.create_attribute('model_config', fewerUnits(config));
    });
    const error = await failure(bytes, 'model.h5');
    expect(error.message).toMatch(
      /^model\.h5: model_weights\/out\/.*kernel: expected kernel .* \[\?, 5\] .* found shape \[4, 3\]$/,
    );
  });

  test('a wrong rank', async () => {
    const edited = await editWeights(archive, ['layers/dense/vars/1'], (file) => {
      file.create_dataset({ name: 'layers/dense/vars/1', data: new Float32Array(3), shape: [3, 1] });
    });
    expect((await failure(edited)).message).toContain(
      'expected bias of layer out (Dense) of shape [3] by the config',
    );
  });

  test('a missing variable', async () => {
    const edited = await editWeights(archive, ['layers/dense/vars/1']);
    const error = await failure(edited);
    expect(error.path).toBe('layers/dense/vars/1');
    expect(error.detail).toBe('expected bias of layer out (Dense) of shape [3], found no dataset');
  });

  test('a missing layer', async () => {
    const edited = await editWeights(archive, ['layers/dense']);
    expect((await failure(edited)).message).toContain(
      'layers/dense/vars/0: expected kernel of layer out (Dense)',
    );
  });

  test('a variable too many', async () => {
    const edited = await editWeights(archive, [], (file) => {
      file.create_dataset({ name: 'layers/dense/vars/2', data: new Float32Array(3) });
    });
    expect((await failure(edited)).detail).toBe(
      'layer out (Dense) has 2 variables (kernel, bias) by the config at config.layers[3], found 3',
    );
  });

  test('a layer of which the config knows nothing', async () => {
    const bytes = await editH5(legacy, ['model_weights@layer_names'], (file) => {
      groupAt(file, 'model_weights').create_attribute('layer_names', ['c3', 'out', 'stranger']);
      const stranger = file.create_group('model_weights/stranger');
      stranger.create_attribute('weight_names', ['kernel']);
      stranger.create_dataset({ name: 'kernel', data: new Float32Array(3) });
    });
    expect((await failure(bytes)).message).toContain(
      'stores weights of a layer stranger, which its config does not have',
    );
  });
});

describe('malice', () => {
  test('nesting a hundred thousand deep', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const text of [deep, `{"class_name": "Sequential", "config": ${deep}}`]) {
      expect((await failure(encode(text))).message).toContain('is nested deeper than 200 levels');
    }
    const parsed = { class_name: 'Sequential', config: JSON.parse(deep) as unknown };
    expect(() => parseKerasConfig(parsed)).toThrow('is nested deeper than 200 levels');
    const circle: Record<string, unknown> = { class_name: 'Sequential' };
    circle.config = circle;
    expect(() => parseKerasConfig(circle)).toThrow('is nested deeper than 200 levels');
  });

  test('keys that aim at prototypes', async () => {
    const trap = '{"trainable": false, "kernel_constraint": "NonNeg", "polluted": 1}';
    const bytes = editConfig(archive, (config) => {
      return config.replaceAll('"config": {"name"', `"config": {"__proto__": ${trap}, "name"`);
    });
    const model = await readKeras(bytes);
    expect(model.variables).toEqual((await readKeras(archive)).variables);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    const named = parseKerasConfig(
      '{"class_name": "Sequential", "config": {"layers": [{"class_name": "constructor", "config": {"name": "__proto__"}}]}}',
    );
    expect(named.layers).toEqual([{ name: '__proto__', className: 'constructor', path: '__proto__' }]);
  });

  test('an archive that unpacks to more than it can hold', async () => {
    const bomb = zipSync({ 'config.json': new Uint8Array(200) });
    const view = new DataView(bomb.buffer);
    // The size before packing, in the central directory.
    const directory = view.getUint32(bomb.length - 6, true);
    view.setUint32(directory + 24, 0xfffffff0, true);
    expect((await failure(bomb)).message).toMatch(
      /config\.json: declares 4294967280 bytes, packed in \d+: not accepted/,
    );
  });

  test('two entries of one name', async () => {
    const twice = zipSync({ 'config.json': encode('{}'), 'config.jsom': encode('{}') });
    const text = new TextDecoder('latin1').decode(twice).replaceAll('jsom', 'json');
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    expect((await failure(bytes)).message).toContain('config.json: the archive has two entries of this name');
  });

  test('a dataset that declares more than the file can hold', async () => {
    const edited = await editWeights(archive, ['layers/dense/vars/0'], (file) => {
      const shape = [40_000, 40_000];
      const chunks = [1000, 1000];
      const name = 'layers/dense/vars/0';
      file.create_dataset({
        name,
        data: new Float32Array(0),
        shape: [0, 0],
        maxshape: shape,
        chunks,
        compression: 4,
      });
      const dataset = file.get(name);
      if (dataset instanceof Dataset) dataset.resize(shape);
    });
    expect((await failure(edited)).message).toContain(
      'declares 6400000000 bytes, far more than the file can hold',
    );
  });

  test('groups that contain themselves', async () => {
    const edited = await editWeights(read('keras/subclassed.keras'), [], (file) => {
      file.create_hard_link('/heads', 'heads/again');
      file.create_hard_link('/heads', 'heads/and_again');
    });
    expect((await failure(edited)).message).toContain('nested too deep, or contain themselves');
  });

  test('links that lead out of the file or nowhere', async () => {
    const outward = await editWeights(archive, ['layers/dense/vars/0'], (file) => {
      file.create_external_link('other.h5', '/secret', 'layers/dense/vars/0');
    });
    expect((await failure(outward)).message).toContain('layers/dense/vars/0: HDF5: a link to another file');
    const nowhere = await editWeights(archive, ['layers/dense/vars/0'], (file) => {
      file.create_soft_link('/nothing', 'layers/dense/vars/0');
    });
    expect((await failure(nowhere)).message).toContain('layers/dense/vars/0: HDF5: a soft link into nothing');
  });
});

test('files read at the same time do not meet', async () => {
  const one = await readKeras(archive);
  const [a, b, c] = await Promise.all([readKeras(archive), readKeras(legacy), readKeras(archive)]);
  expect(a).toEqual(one);
  expect(c).toEqual(one);
  expect(b?.variables).toEqual(one.variables);
});
