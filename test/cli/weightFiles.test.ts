// apply and check straight on files that carry weights by name: `.keras`, `.h5`, `.safetensors`.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { loadPlugins } from '../../src/cli/plugin.js';
import { readKeras } from '../../src/keras.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { readSafetensors, toNumbers } from '../support/safetensors.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const models = ['digits_cnn', 'conv1d_net', 'conv3d_net', 'custom', 'eegnet', 'conv_bn_net'];
const plugin = ['--plugin', fixturePath('../plugins/centerAround.mjs')];

const read = (file: string): Uint8Array => new Uint8Array(readFileSync(file));
const answers = (model: string): ReturnType<typeof readSafetensors> =>
  readSafetensors(read(fixturePath(`${model}/constrained_after.safetensors`)));

function expectClose(found: ArrayLike<number>, wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  const distance = wanted.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (found[i] as number))),
    0,
  );
  expect(distance).toBeLessThan(1e-6);
}

async function variablesOf(file: string): Promise<ReadonlyMap<string, ArrayLike<number>>> {
  const customObjects = await loadPlugins([plugin[1] as string]);
  const { variables } = await readKeras(read(file), { file, customObjects });
  return new Map(variables.map(({ path, value }) => [path, value?.data as Float32Array]));
}

/** The bytes of a Keras file without its weights' own file. */
function otherEntries(file: string): Record<string, Uint8Array> {
  if (!file.endsWith('.keras')) return {};
  return unzipSync(read(file), { filter: ({ name }) => name !== 'model.weights.h5' });
}

describe.each(models.flatMap((model) => ['keras', 'h5'].map((format) => [model, format] as const)))(
  '%s.%s',
  (model, format) => {
    const source = fixturePath(`${model}/model.${format}`);
    const out = join(folder, `${model}.${format}`);

    test("apply writes Keras's values and nothing else", async () => {
      const { code, stderr } = await runCli('apply', source, '--out', out, ...plugin);
      expect(stderr).not.toMatch(/error:|unresolved:/);
      expect(code).toBe(0);
      const after = answers(model);
      const before = await variablesOf(source);
      for (const [path, data] of await variablesOf(out)) {
        const wanted = after.get(path);
        if (wanted === undefined) expect(data).toEqual(before.get(path));
        else expectClose(data, toNumbers(wanted));
      }
      expect(otherEntries(out)).toEqual(otherEntries(source));
      expect(read(out)).toHaveLength(read(source).length);
    });

    test('check holds for the result and not for the source', async () => {
      expect((await runCli('check', source, ...plugin)).code).toBe(1);
      const { code, stdout } = await runCli('check', out, ...plugin, '--json');
      const { entries } = JSON.parse(stdout) as {
        entries: { variable: string; tensors: string[]; how: string[] }[];
      };
      expect(code).toBe(0);
      expect(entries.map(({ variable }) => variable).sort()).toEqual([...answers(model).keys()].sort());
      for (const { variable, tensors, how } of entries) {
        expect([tensors, how]).toEqual([[variable], ['exact']]);
      }
    });
  },
);

test.each(models)('%s.safetensors with the Keras file of its constraints', async (model) => {
  const source = fixturePath(`${model}/constrained_before.safetensors`);
  const out = join(folder, `${model}.safetensors`);
  const config = ['--config', fixturePath(`${model}/model.keras`), ...plugin];
  expect((await runCli('apply', source, '--out', out, ...config)).code).toBe(0);
  const found = readSafetensors(read(out));
  const after = answers(model);
  expect([...found.keys()]).toEqual([...readSafetensors(read(source)).keys()]);
  for (const [name, tensor] of found) {
    const wanted = after.get(name);
    expect(tensor.dims).toEqual(wanted?.dims);
    expectClose(toNumbers(tensor), wanted === undefined ? [] : toNumbers(wanted));
  }
  expect((await runCli('check', out, ...config)).code).toBe(0);
});

test('the constraints may come from another Keras file', async () => {
  const config = ['--config', fixturePath('digits_cnn/config.json')];
  expect((await runCli('check', fixturePath('digits_cnn/model.h5'), ...config)).code).toBe(1);
  expect((await runCli('check', join(folder, 'digits_cnn.h5'), ...config)).code).toBe(0);
});

test('weights that another file knows nothing of are refused by name, and nothing is written', async () => {
  const out = join(folder, 'never.keras');
  const config = ['--config', fixturePath('conv1d_net/model.keras')];
  const { code, stderr } = await runCli(
    'apply',
    fixturePath('digits_cnn/model.keras'),
    '--out',
    out,
    ...config,
  );
  expect(code).toBe(3);
  expect(stderr).toContain('unresolved: c1/kernel: the file has no weight of this name');
  expect(existsSync(out)).toBe(false);
});

test('weights of another shape are refused with both shapes', async () => {
  const config = join(folder, 'wider.json');
  const text = new TextDecoder().decode(read(fixturePath('digits_cnn/config.json')));
  writeFileSync(config, text.replaceAll('"units": 64', '"units": 65'));
  const { code, stderr } = await runCli('check', fixturePath('digits_cnn/model.keras'), '--config', config);
  expect(code).toBe(3);
  expect(stderr).toContain('hidden/bias: the file holds it with shape (64,), not (65,)');
});

test('apply may write over the file itself', async () => {
  const file = join(folder, 'in-place.keras');
  copyFileSync(fixturePath('digits_cnn/model.keras'), file);
  expect((await runCli('apply', file, '--out', file)).code).toBe(0);
  expect(read(file)).toEqual(read(join(folder, 'digits_cnn.keras')));
  expect(readdirSync(folder).filter((name) => basename(name).startsWith('.'))).toEqual([]);
});

describe('without --config', () => {
  test.each([
    ['an ONNX model', fixturePath('digits_cnn/tensorflow.onnx'), 'an ONNX model carries no constraints'],
    [
      'a safetensors file',
      fixturePath('digits_cnn/constrained_before.safetensors'),
      'a safetensors file carries no constraints',
    ],
  ])('%s is refused', async (_, file, message) => {
    const { code, stderr } = await runCli('check', file);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test('a rules file constrains the weights of a safetensors file and of a Keras file', async () => {
  const rules = join(folder, 'rules.yaml');
  writeFileSync(
    rules,
    'constraints:\n  - match: hidden/kernel\n    constraint: {class_name: MaxNorm, config: {max_value: 0.1}}\n',
  );
  for (const name of ['constrained_before.safetensors', 'model.keras', 'model.h5']) {
    const out = join(folder, `ruled-${name}`);
    const source = fixturePath(`digits_cnn/${name}`);
    expect((await runCli('check', source, '--config', rules)).code).toBe(1);
    expect((await runCli('apply', source, '--config', rules, '--out', out)).code).toBe(0);
    expect((await runCli('check', out, '--config', rules)).code).toBe(0);
  }
});

test('a result whose name says another format is refused', async () => {
  for (const [source, out] of [
    ['model.h5', 'result.onnx'],
    ['model.keras', 'result.h5'],
  ] as const) {
    const file = join(folder, out);
    const { code, stderr } = await runCli('apply', fixturePath(`digits_cnn/${source}`), '--out', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/has the format of the input/);
    expect(existsSync(file)).toBe(false);
  }
});

test('inspect lists the weights of a safetensors file', async () => {
  const { code, stdout } = await runCli(
    'inspect',
    fixturePath('digits_cnn/constrained_before.safetensors'),
    '--json',
  );
  expect(code).toBe(0);
  const { kind, weights } = JSON.parse(stdout);
  expect(kind).toBe('weights');
  expect(weights[0]).toEqual({ name: 'conv_a/bias', shape: [16], dtype: 'float32' });
});

test('a provider that is not there is refused by check too', async () => {
  const { code, stderr } = await runCli(
    'check',
    fixturePath('digits_cnn/model.keras'),
    '--provider',
    'abacus',
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(/abacus/);
});
