// `resolve`, and rules files and reports with every command that takes them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exporterName } from '../../src/cli/exporterName.js';
import { fixturePath } from '../support/fixtureModels.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const model = fixturePath('digits_cnn/tensorflow.onnx');
const keras = fixturePath('digits_cnn/model.keras');

function rulesFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** What the Keras file of the digits model asks for, as rules for its TensorFlow export. */
const rules = rulesFile(
  'rules.yaml',
  `
constraints:
  - match: '**/conv_a_1/convolution/*'
    constraint: {class_name: MaxNorm, config: {max_value: 0.5, axis: units}}
  - match: '**/conv_b_1/convolution/*'
    constraint: {class_name: MinMaxNorm, config: {min_value: 0.5, max_value: 1, rate: 0.9, axis: [1, 2, 3]}}
  - match: '**/hidden_1/Cast/*'
    constraint: UnitNorm
  - match: '**/hidden_1/BiasAdd/*'
    constraint: {class_name: MaxNorm, config: {max_value: 0.05}}
  - match: ['**/Squeeze:0', '**/logits_1/Cast/*']
    exclude: '**/conv_b_1/**'
    constraint: NonNeg
`,
);

test('resolve shows the tensor, the axis in both layouts and the units', async () => {
  const { code, stdout, stderr } = await runCli('resolve', model, '--config', keras);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/conv_b\/kernel .*resolved +axis \[0, 1, 2\] → \[1, 2, 3\]/);
  expect(stdout).toMatch(/\(32, 16, 3, 3\) permuted +each of 32 filters/);
  expect(stdout).toContain('over 3×3×16 weights');
  expect(stdout).toContain('each of 640 weights');
  expect(stdout).toContain('all 64 weights');
  expect(stdout).toContain('6 resolved');
});

test('resolve --json gives axis and units', async () => {
  const { stdout } = await runCli('resolve', model, '--config', keras, '--json');
  const { ok, entries } = JSON.parse(stdout);
  expect(ok).toBe(true);
  expect(entries[2]).toEqual({
    variable: 'conv_b/kernel',
    tensors: ['digits_cnn_1/conv_b_1/convolution/ReadVariableOp:0'],
    constraint: 'MinMaxNorm(min_value=0.5, max_value=1, rate=0.9, axis=[0, 1, 2])',
    how: ['permuted'],
    status: 'resolved',
    axis: { keras: [0, 1, 2], onnx: [[1, 2, 3]] },
    units: { count: 32, over: [3, 3, 16], text: 'each of 32 filters, over 3×3×16 weights' },
  });
});

test('the default axis on a convolution kernel is warned of, by resolve, check and apply', async () => {
  const config = fixturePath('eegnet/model.keras');
  const file = fixturePath('eegnet/tensorflow.onnx');
  const out = join(folder, 'eegnet.onnx');
  for (const argv of [
    ['resolve', file],
    ['check', file],
    ['apply', file, '--out', out, '--force'],
  ]) {
    const { stderr, stdout } = await runCli(...argv, '--config', config, '--json');
    expect(stderr).toMatch(
      /warning: spatial\/kernel: axis=0 normalizes .* for each filter write axis=\[0, 1\]/,
    );
    expect(typeof JSON.parse(stdout)).toBe('object');
  }
});

test('rules and the Keras file they say the same as give the same model', async () => {
  const [byRules, byKeras] = ['by-rules.onnx', 'by-keras.onnx'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  expect((await runCli('apply', model, '--config', rules, '--out', byRules)).code).toBe(0);
  expect((await runCli('apply', model, '--config', keras, '--out', byKeras)).code).toBe(0);
  expect(readFileSync(byRules).equals(readFileSync(byKeras))).toBe(true);
  expect((await runCli('check', model, '--config', rules)).code).toBe(1);
  expect((await runCli('check', byRules, '--config', rules)).code).toBe(0);
});

test('a rule that matches nothing ends with 3, the near names, and nothing written', async () => {
  const file = rulesFile('near.json', '{"constraints": [{"match": "*/kernel:0", "constraint": "NonNeg"}]}');
  const out = join(folder, 'never.onnx');
  const report = join(folder, 'never.html');
  const { code, stdout, stderr } = await runCli(
    ...['apply', model, '--config', file, '--out', out, '--report', report, '--json'],
  );
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /constraints\[0\]: no weight of the model is named '\*\/kernel:0'; near are digits_cnn_1/,
  );
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, entries: [{ status: 'unresolved' }] });
  expect([out, report].some(existsSync)).toBe(false);
  expect((await runCli('resolve', model, '--config', file)).code).toBe(3);
});

test('a wrong rules file ends with 2 and the place', async () => {
  const file = rulesFile('wrong.yml', 'constraints:\n  - {match: a, constraint: NonNeg}\n  - {macth: b}\n');
  const { code, stderr } = await runCli('check', model, '--config', file);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'wrong.yml: constraints[1].macth: unknown key; accepted are match, constraint, exclude',
  );
});

test('inspect shows rules, and which exporter made a model', async () => {
  const shown = await runCli('inspect', rules);
  expect(shown.stdout).toContain('rules file: 5 rules');
  expect(shown.stdout).toMatch(/\*\*\/conv_a_1\/convolution\/\* +— +MaxNorm\(max_value=0\.5, axis="units"\)/);
  expect(JSON.parse((await runCli('inspect', rules, '--json')).stdout).rules[4]).toEqual({
    match: ['**/Squeeze:0', '**/logits_1/Cast/*'],
    exclude: ['**/conv_b_1/**'],
    constraint: 'NonNeg()',
  });
  expect((await runCli('inspect', model)).stdout).toContain('made by Keras on TensorFlow (tf2onnx 1.16.1)');
});

test.each([
  ['tf2onnx 1.16.1 15c810', 'Keras on TensorFlow (tf2onnx 1.16.1)'],
  ['jax2onnx', 'Keras on JAX, or JAX (jax2onnx)'],
  ['pytorch 2.13.0', 'PyTorch, or Keras on torch (pytorch 2.13.0)'],
  ['CNTK 2.7', 'Microsoft CNTK (CNTK 2.7)'],
  ['something else 3', 'something else 3'],
  ['', 'unknown'],
])("producer '%s' is told as '%s'", (producer, name) => {
  expect(exporterName(producer)).toBe(name);
});

test('apply and check write a report beside their result', async () => {
  const [out, report] = [join(folder, 'reported.onnx'), join(folder, 'report.html')];
  const applied = ['apply', model, '--config', keras, '--out', out, '--report', report];
  expect((await runCli(...applied)).stdout).toContain(`wrote ${report}`);
  const page = readFileSync(report, 'utf8');
  expect(page.match(/<svg /g)).toHaveLength(6);
  expect(page).toContain('before: violated: unit 8: norm 0.7309 over the limit 0.5');
  expect(page).toContain('after: satisfied');
  expect(page).toContain('at most 0.5');
  const second = join(folder, 'second.html');
  expect((await runCli('check', out, '--config', keras, '--report', second, '--json')).code).toBe(0);
  expect(readFileSync(second, 'utf8')).toContain('5 satisfied, 1 converging');
});

test('a report overwrites neither an input nor, without --force, another file', async () => {
  const report = rulesFile('old.html', 'old');
  const check = ['check', model, '--config', keras, '--report'];
  expect(await runCli(...check, keras, '--force')).toMatchObject({ code: 2 });
  expect((await runCli(...check, report)).stderr).toContain('exists already; --force overwrites it');
  expect(readFileSync(report, 'utf8')).toBe('old');
  expect((await runCli(...check, report, '--force')).code).toBe(1);
  expect(readFileSync(report, 'utf8')).toContain('<!doctype html>');
});
