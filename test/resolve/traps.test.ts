// The traps that exporters lay, each on a real exporter's file: how the variable was found, beside the answers of
// layers.test.ts, which hold for all of them.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyPlan, createRunner, planModel, readKerasFile, readModel } from '../../src/node.js';
import { carryOver } from '../../src/resolve/reference.js';
import { answerOf, fixturePath, readAnswers, relativeDistance } from '../support/fixtureModels.js';
import { asConstants, inBranches } from '../support/moveInitializer.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();

function layerFile(model: string, file: string): string {
  return fixturePath(`../layers/${model}/${file}`);
}

interface Found {
  readonly variable: string;
  readonly status: string;
  readonly how: readonly string[];
  readonly tensors: readonly string[];
}

async function found(model: string, exporter: string): Promise<readonly Found[]> {
  const config = layerFile(model, 'model.keras');
  const { stdout } = await runCli(
    'check',
    layerFile(model, `${exporter}.onnx`),
    '--config',
    config,
    '--json',
  );
  return (JSON.parse(stdout) as { entries: Found[] }).entries;
}

async function howOf(model: string, exporter: string, variable: RegExp): Promise<readonly string[]> {
  const own = (await found(model, exporter)).filter((entry) => variable.test(entry.variable));
  expect(own.length, `${variable} in ${model}`).toBeGreaterThan(0);
  return [...new Set(own.flatMap(({ how }) => how))];
}

const traps: readonly (readonly [
  trap: string,
  model: string,
  exporter: string,
  variable: RegExp,
  how: string[],
])[] = [
  ['a permuted convolution kernel', 'conv2d', 'tensorflow', /kernel$/, ['permuted']],
  ['a permuted transposed kernel', 'conv2d_transpose', 'tensorflow', /kernel$/, ['permuted']],
  ['heads merged into one dimension', 'multi_head_attention', 'tensorflow', /query\/kernel$/, ['reshaped']],
  [
    'channels merged with their multiplier',
    'depthwise_conv2d_m2_one',
    'tensorflow',
    /kernel$/,
    ['permuted', 'reshaped'],
  ],
  ['gates of an LSTM in another order', 'lstm', 'tensorflow', /lstm_cell\/kernel$/, ['permuted', 'gates']],
  ['gates of a recurrent kernel', 'lstm', 'tensorflow', /recurrent_kernel$/, ['permuted', 'gates']],
  ['gates of a bias, beside a recurrent bias of zeros', 'lstm', 'tensorflow', /bias$/, ['gates']],
  ['two directions stacked', 'bidirectional_lstm', 'tensorflow', /\/kernel$/, ['permuted', 'gates']],
  [
    'a kernel folded with batch normalization',
    'conv_bn_kernel',
    'tensorflow',
    /kernel$/,
    ['permuted', 'folded'],
  ],
  ['a beta inside a folded bias', 'batch_norm_beta_after_conv', 'tensorflow', /beta$/, ['folded']],
  ['a gamma that is in the scale and in the sum', 'batch_norm', 'tensorflow', /gamma$/, ['folded']],
  ['a gamma that is in the scale alone', 'batch_norm', 'torch', /gamma$/, ['folded']],
  ['slopes with the sign turned', 'prelu', 'tensorflow', /alpha$/, ['negated']],
  [
    'equal kernels merged, with one constraint',
    'equal_kernels_same_constraint',
    'tensorflow',
    /kernel$/,
    ['merged'],
  ],
  [
    'equal kernels merged, with two constraints',
    'equal_kernels_other_constraint',
    'tensorflow',
    /kernel$/,
    ['merged', 'split'],
  ],
  ['a bias cut in two', 'gru_unrolled', 'tensorflow', /bias$/, ['split']],
  ['a recurrent kernel cut unevenly', 'gru_reset_before', 'torch', /recurrent_kernel$/, ['split']],
  ['a weight that a loop carries', 'gru', 'tensorflow', /\/kernel$/, ['exact']],
  ['initializers that are graph inputs too', 'conv2d', 'pytorch_unfolded', /kernel$/, ['permuted']],
];

test.each(traps)('%s', async (_, model, exporter, variable, how) => {
  expect(await howOf(model, exporter, variable)).toEqual(how);
});

test('copies of one variable, one of them transposed, are all placed', async () => {
  const [entry] = await found('reversible_embedding', 'tensorflow');
  expect(entry?.tensors).toHaveLength(2);
  expect(entry?.how).toEqual(['permuted', 'exact']);
});

test('a bias that a first step computed ahead repeats is written there too', async () => {
  const bias = (await found('gru', 'torch')).find(({ variable }) => variable.endsWith('bias'));
  expect(bias?.tensors).toEqual(['select_1', 'select_4', 'add_1']);
});

test('dropped biases of zeros are satisfied', async () => {
  const entries = await found('zero_bias_non_neg', 'tensorflow');
  expect(entries.find(({ variable }) => variable.endsWith('bias'))).toMatchObject({
    status: 'satisfied',
    tensors: [],
  });
});

test('equal kernels that no name tells apart are refused', async () => {
  const entries = await found('equal_kernels_other_constraint', 'jax');
  expect(new Set(entries.map(({ status }) => status))).toEqual(new Set(['unresolved']));
});

test('external data: the same plan, and the data file of the source stays as it is', async () => {
  const home = join(folder, 'external');
  mkdirSync(home);
  const source = await readModel(layerFile('conv2d', 'tensorflow.onnx'));
  const { bytes, data } = source.encodeWithData({ location: 'weights.bin', threshold: 64 });
  writeFileSync(join(home, 'model.onnx'), bytes);
  writeFileSync(join(home, 'weights.bin'), Buffer.concat([...data]));
  const config = layerFile('conv2d', 'model.keras');
  const { code, stdout } = await runCli('check', join(home, 'model.onnx'), '--config', config, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).entries).toEqual(await found('conv2d', 'tensorflow').then((all) => all));
});

test('a model that was trained on resolves against the reference, and keeps what it learned', async () => {
  const reference = await readModel(layerFile('lstm', 'tensorflow.onnx'));
  const keras = await readKerasFile(layerFile('lstm', 'model.keras'));
  const file = join(folder, 'trained.onnx');
  copyFileSync(layerFile('lstm', 'tensorflow.onnx'), file);
  const trained = await readModel(file);
  for (const tensor of trained.tensors()) {
    if (tensor.dtype !== 'float32') continue;
    const { data } = tensor.read();
    tensor.write({
      dtype: 'float32',
      dims: tensor.dims,
      data: Float32Array.from(data as Float32Array, (x) => x * 3),
    });
  }
  const runner = await createRunner();
  const lost = await planModel(trained, keras, runner);
  expect(lost.entries.every(({ status }) => status === 'unresolved')).toBe(true);
  const plan = carryOver(await planModel(reference, keras, runner), trained);
  expect(plan.entries.map(({ status, placements }) => [status, placements[0]?.how])).toEqual(
    plan.entries.map(({ variable }) => [
      'resolved',
      variable.name === 'bias' ? ['gates'] : ['permuted', 'gates'],
    ]),
  );
  const before = plan.entries.map(({ placements }) => placements[0]?.read());
  await applyPlan(plan, runner);
  for (const [i, { constraint, placements }] of plan.entries.entries()) {
    const wanted = await runner.run(constraint, before[i] as never);
    expect(placements[0]?.read()).toEqual(wanted);
  }
  await runner.dispose();
});

/** Writes the model, applies the constraints of its Keras file, and compares what it then answers with Keras. */
async function applyTo(name: string, model: string, bytes: Uint8Array): Promise<readonly string[]> {
  const file = join(folder, `${name}.onnx`);
  const out = join(folder, `${name}-constrained.onnx`);
  writeFileSync(file, bytes);
  const { code, stdout } = await runCli(
    'apply',
    file,
    '--config',
    layerFile(model, 'model.keras'),
    '--out',
    out,
    '--json',
  );
  expect(code).toBe(0);
  const { x, before, after } = readAnswers(`../layers/${model}`);
  expect(relativeDistance(await answerOf(file, x), before)).toBeLessThan(1e-4);
  expect(relativeDistance(await answerOf(out, x), after)).toBeLessThan(1e-4);
  return (JSON.parse(stdout) as { entries: Found[] }).entries.flatMap(({ tensors }) => tensors);
}

test('weights as Constant nodes', async () => {
  const bytes = asConstants(readFileSync(layerFile('dense', 'tensorflow.onnx')));
  await applyTo('constants', 'dense', bytes);
});

test('weights in subgraphs: both branches of an If are written', async () => {
  const bytes = inBranches(readFileSync(layerFile('dense', 'tensorflow.onnx')), 'MatMul');
  const tensors = await applyTo('branches', 'dense', bytes);
  expect(tensors.filter((name) => /_(then|else)$/.test(name))).toHaveLength(2);
});

test("PyTorch's own export, constrained by a rules file with the units of each node", async () => {
  const rules = join(folder, 'rules.yaml');
  const keras = await readKerasFile(layerFile('dense', 'model.keras'));
  const kernel = keras.variables.find(({ name, constraint }) => name === 'kernel' && constraint !== null);
  const { entries } = await planModel(
    await readModel(layerFile('dense', 'pytorch.onnx')),
    keras,
    await createRunner(),
  );
  const lines = entries.map(({ variable, constraint, tensors }) => {
    const { axis: _, ...config } = constraint.getConfig();
    const units = variable.name === 'kernel' ? { axis: 'units' } : {};
    const serialized = { class_name: constraint.constructor.name, config: { ...config, ...units } };
    return `  - {match: "${tensors[0]?.name}", constraint: ${JSON.stringify(serialized)}}`;
  });
  expect(kernel?.constraint).not.toBeNull();
  expect(lines.join()).toContain('"axis":"units"');
  writeFileSync(rules, `constraints:\n${lines.join('\n')}\n`);
  const out = join(folder, 'ruled.onnx');
  const { code } = await runCli('apply', layerFile('dense', 'pytorch.onnx'), '--config', rules, '--out', out);
  expect(code).toBe(0);
  const { x, after } = readAnswers('../layers/dense');
  expect(relativeDistance(await answerOf(out, x), after)).toBeLessThan(1e-4);
});
