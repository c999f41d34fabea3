// The whole path on real files: every exporter's model of the fixtures, with its config from `.keras` and from `.h5`.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readModel, writeModel } from '../../src/node.js';
import {
  answerOf,
  exportedFiles,
  fixturePath,
  readAnswers,
  relativeDistance,
} from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const plugin = fixturePath('../plugins/centerAround.mjs');

interface Entry {
  readonly variable: string;
  readonly status: string;
  readonly tensors: readonly string[];
  readonly moved?: number;
  readonly violation?: { readonly measure: string; readonly found: number; readonly limit: number };
}

/** What each model's variables are before and after, read off its config and weights by hand. */
const models = {
  digits_cnn: {
    violated: ['conv_a/kernel', 'hidden/bias', 'hidden/kernel', 'logits/kernel'],
    converging: ['conv_b/kernel'],
    satisfied: ['conv_a/bias'],
  },
  conv1d_net: { violated: ['c1/bias', 'c1/kernel', 'c1b/kernel', 'out/bias'], converging: [], satisfied: [] },
  conv3d_net: { violated: ['c3/bias'], converging: ['c3/kernel'], satisfied: ['out/kernel'] },
  custom: { violated: ['a/kernel'], converging: [], satisfied: ['b/kernel'] },
} as const;

const runs = Object.keys(models).flatMap((model) =>
  exportedFiles(model).flatMap((file) =>
    ['model.keras', 'model.h5'].map((config) => [model, basename(file), config] as const),
  ),
);

function entriesOf(stdout: string): Record<string, Entry> {
  const { entries } = JSON.parse(stdout) as { entries: Entry[] };
  return Object.fromEntries(entries.map((entry) => [entry.variable, entry]));
}

function withStatus(entries: Record<string, Entry>, status: string): string[] {
  return Object.keys(entries)
    .filter((name) => entries[name]?.status === status)
    .sort();
}

test('every exporter that can export a model is here', () => {
  expect(runs).toHaveLength(2 * (2 + 3 + 2 + 3));
});

describe.each(runs)('%s, %s with %s', (model, exported, config) => {
  const source = fixturePath(`${model}/${exported}`);
  const configFile = fixturePath(`${model}/${config}`);
  const out = join(folder, `${model}-${config}-${exported}`);
  const common = ['--config', configFile, '--plugin', plugin, '--json'];
  const expected = models[model as keyof typeof models];

  test('check fails on the original and names what is violated', async () => {
    const { code, stdout } = await runCli('check', source, ...common);
    expect(code).toBe(1);
    const entries = entriesOf(stdout);
    expect(withStatus(entries, 'violated')).toEqual([...expected.violated]);
    expect(withStatus(entries, 'converging')).toEqual([...expected.converging]);
    expect(withStatus(entries, 'satisfied')).toEqual([...expected.satisfied]);
    for (const name of [...expected.violated, ...expected.converging]) {
      const { found, limit } = entries[name]?.violation ?? { found: 0, limit: 0 };
      expect(Math.abs(found - limit), name).toBeGreaterThan(1e-4);
    }
  });

  test('apply makes the model answer as Keras does once its constraints are applied', async () => {
    const { x, before, after } = readAnswers(model);
    const original = readFileSync(source);
    expect(relativeDistance(await answerOf(source, x), before)).toBeLessThan(1e-4);
    const { code } = await runCli('apply', source, ...common, '--out', out);
    expect(code).toBe(0);
    expect(relativeDistance(await answerOf(out, x), after)).toBeLessThan(1e-4);
    expect(relativeDistance(await answerOf(out, x), before)).toBeGreaterThan(1e-3);
    expect(readFileSync(source).equals(original)).toBe(true);
  });

  test('check passes on the result; a rate below 1 is converging, and fails under --strict', async () => {
    const { code, stdout } = await runCli('check', out, ...common);
    const entries = entriesOf(stdout);
    expect(code).toBe(0);
    expect(withStatus(entries, 'converging')).toEqual([...expected.converging]);
    expect(withStatus(entries, 'satisfied')).toEqual([...expected.violated, ...expected.satisfied].sort());
    const strict = await runCli('check', out, ...common, '--strict');
    expect(strict.code).toBe(expected.converging.length === 0 ? 0 : 1);
  });
});

test('check answers in the terms of the constraint', async () => {
  const { stdout } = await runCli(
    'check',
    fixturePath('digits_cnn/tensorflow.onnx'),
    '--config',
    fixturePath('digits_cnn/model.keras'),
  );
  expect(stdout).toContain('conv_a/kernel: violated: unit 8: norm 0.7309 over the limit 0.5');
  expect(stdout).toContain('conv_b/kernel: converging: unit 25: norm 1.45 over the limit 1');
  expect(stdout).toMatch(/logits\/kernel: violated: weight \[9, 2\]: value -0\.4566 under the limit 0/);
  expect(stdout).toContain('1 satisfied, 4 violated, 1 converging');
});

test('apply may write over the model itself, and again', async () => {
  const file = join(folder, 'in-place.onnx');
  copyFileSync(fixturePath('digits_cnn/torch.onnx'), file);
  const config = ['--config', fixturePath('digits_cnn/model.keras'), '--json'];
  expect((await runCli('apply', file, ...config, '--out', file)).code).toBe(0);
  expect((await runCli('check', file, ...config)).code).toBe(0);
  const again = entriesOf((await runCli('apply', file, ...config, '--out', file)).stdout);
  expect(again['hidden/kernel']?.moved).toBeLessThan(1e-6);
});

test('without weights in the config nothing is resolved, nothing written, and the reason given', async () => {
  const out = join(folder, 'never.onnx');
  const source = fixturePath('digits_cnn/tensorflow.onnx');
  const { code, stdout, stderr } = await runCli(
    'apply',
    source,
    '--config',
    fixturePath('digits_cnn/config.json'),
    '--out',
    out,
    '--json',
  );
  expect(code).toBe(3);
  expect(stderr).toContain('holds no weights');
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'UNRESOLVED', file: source } });
  expect(existsSync(out)).toBe(false);
});

describe('models with batch normalization, folded or not, answer as Keras does', () => {
  const further = ['eegnet', 'conv_bn_net'].flatMap((model) =>
    exportedFiles(model).map((file) => [model, basename(file), file] as const),
  );

  test.each(further)('%s, %s', async (model, exported, file) => {
    const target = join(folder, `${model}-${exported}`);
    const config = ['--config', fixturePath(`${model}/model.keras`)];
    expect((await runCli('check', file, ...config)).code).toBe(1);
    expect((await runCli('apply', file, ...config, '--out', target)).code).toBe(0);
    const { x, after } = readAnswers(model);
    expect(relativeDistance(await answerOf(target, x), after)).toBeLessThan(1e-4);
    expect((await runCli('check', target, ...config)).code).toBe(0);
  });

  test('a folded kernel and a folded beta are told as such', async () => {
    const file = fixturePath('conv_bn_net/tensorflow.onnx');
    const config = fixturePath('conv_bn_net/model.keras');
    const { stdout } = await runCli('check', file, '--config', config, '--json');
    const { entries } = JSON.parse(stdout) as { entries: { variable: string; how: string[] }[] };
    expect(Object.fromEntries(entries.map(({ variable, how }) => [variable, how]))).toEqual({
      'ca/kernel': ['permuted', 'folded'],
      'bna/beta': ['folded'],
      'dw/kernel': ['permuted', 'reshaped'],
      'out/kernel': ['exact'],
    });
  });
});

test('a model that was trained on is found through the reference it was exported as', async () => {
  const reference = fixturePath('digits_cnn/torch.onnx');
  const keras = fixturePath('digits_cnn/model.keras');
  const trained = join(folder, 'trained.onnx');
  const model = await readModel(reference);
  for (const tensor of model.tensors()) {
    if (tensor.dtype !== 'float32') continue;
    const { data } = tensor.read();
    tensor.write({ dtype: 'float32', dims: tensor.dims, data: (data as Float32Array).map((x) => 1.5 * x) });
  }
  await writeModel(model, trained);
  expect((await runCli('check', trained, '--config', keras)).code).toBe(3);
  const common = ['--config', keras, '--reference', reference];
  const out = join(folder, 'trained-constrained.onnx');
  expect((await runCli('check', trained, ...common)).code).toBe(1);
  expect((await runCli('apply', trained, ...common, '--out', out)).code).toBe(0);
  const { code, stdout } = await runCli('check', out, ...common, '--json');
  expect(code).toBe(0);
  expect(withStatus(entriesOf(stdout), 'unresolved')).toEqual([]);
});

test('apply may be repeated where a rate below 1 goes a part of the way each time', async () => {
  const file = join(folder, 'repeated.onnx');
  copyFileSync(fixturePath('digits_cnn/torch.onnx'), file);
  const config = ['--config', fixturePath('digits_cnn/model.keras'), '--json'];
  const left: number[] = [];
  for (let round = 0; round < 5; round++) {
    expect((await runCli('apply', file, ...config, '--out', file)).code).toBe(0);
    const { violation } = entriesOf((await runCli('check', file, ...config)).stdout)['conv_b/kernel'] ?? {};
    left.push(violation === undefined ? 0 : violation.found - violation.limit);
  }
  for (const [i, distance] of left.slice(1).entries())
    expect(distance).toBeLessThan((left[i] as number) * 0.2 + 1e-9);
});
