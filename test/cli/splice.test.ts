// `splice` without a step description: what it finds, shows and has confirmed.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeModelProto } from '../../src/onnx/codec.js';
import type { onnx } from '../../src/onnx/gen/onnx.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { fixturePath } from '../support/fixtureModels.js';
import { sgdStepBytes } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();
const step = stepPath('mlp_sgd/step.onnx');

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** What constraints.json of the fixture says, as rules. */
const rules = write(
  'rules.yaml',
  `
constraints:
  - {match: fc1.weight, constraint: {class_name: MaxNorm, config: {max_value: 0.8, axis: 1}}}
  - {match: fc2.weight, constraint: {class_name: UnitNorm, config: {axis: 1}}}
  - {match: fc1.bias, constraint: NonNeg}
`,
);

test('without constraints it shows pairs, and changes nothing', async () => {
  const { code, stdout } = await runCli('splice', stepPath('small/adamw.onnx'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ w +out_0 +\(4, 3\) +structure +parameter +—$/m);
  expect(stdout).toMatch(/^ m +out_1 +\(4, 3\) +structure +state +—$/m);
  const { description } = JSON.parse((await runCli('splice', stepPath('small/adamw.onnx'), '--json')).stdout);
  expect(description).toEqual({ parameters: { w: { input: 'w', output: 'out_0', constraint: null } } });
});

test('rules give the found parameters their constraints, written once they are confirmed', async () => {
  const [out, wanted] = [join(folder, 'found.onnx'), join(folder, 'described.onnx')];
  const args = ['splice', step, '--config', rules];
  expect((await runCli(...args)).stdout).toMatch(
    /fc2\.weight +fc2\.weight_new +\(10, 32\) +name +parameter +UnitNorm/,
  );
  const refused = await runCli(...args, '--out', out);
  expect([refused.code, existsSync(out)]).toEqual([2, false]);
  expect(refused.stderr).toContain('these pairs were found, not given');
  expect((await runCli(...args, '--out', out, '--yes')).code).toBe(0);
  const params = stepPath('mlp_sgd/constraints.json');
  expect((await runCli('splice', step, '--params', params, '--out', wanted)).code).toBe(0);
  expect(readFileSync(out).equals(readFileSync(wanted))).toBe(true);
});

test('the description that --json prints is one for --params', async () => {
  const { stdout } = await runCli('splice', step, '--config', rules, '--json');
  const params = write('found.json', JSON.stringify(JSON.parse(stdout).description));
  const out = join(folder, 'saved.onnx');
  const result = await runCli('splice', step, '--params', params, '--out', out, '--json');
  expect(JSON.parse(result.stdout)).toMatchObject({
    ok: true,
    parameters: [
      { name: 'fc1.weight', constraint: 'MaxNorm(max_value=0.8, axis=1)', form: 'canonical', nodes: 5 },
      { name: 'fc1.bias', constraint: 'NonNeg()', nodes: 1 },
      { name: 'fc2.weight', constraint: 'UnitNorm(axis=1)', nodes: 3 },
      { name: 'fc2.bias', constraint: null, nodes: 0 },
    ],
  });
});

test.each([
  [
    ['--out', join(folder, 'x.onnx')],
    2,
    'the constraints are missing: give --params, or --config with a Keras file or a rules file',
  ],
  [['--params', stepPath('mlp_sgd/constraints.json')], 2, '--out must say where the result goes'],
  [['--params', 'a.json', '--config', 'b.yaml', '--out', 'c.onnx'], 2, '--config goes without it'],
  [['--config', fixturePath('digits_cnn/config.json')], 3, 'none of the constraints could be placed'],
  [
    ['--params', stepPath('mlp_sgd/constraints.json'), '--allow-unresolved', '--out', 'c.onnx'],
    2,
    '--include-frozen and --allow-unresolved are for the constraints of --config',
  ],
  [
    ['--config', write('none.yaml', 'constraints: [{match: fc9.weight, constraint: NonNeg}]')],
    3,
    "no weight of the model is named 'fc9.weight'",
  ],
  [
    [
      '--config',
      write(
        'units.yaml',
        'constraints: [{match: fc1.weight, constraint: {class_name: MaxNorm, config: {axis: units}}}]',
      ),
    ],
    3,
    'is not known from input 0 of Transpose',
  ],
])('%j is refused', async (args, code, message) => {
  const result = await runCli('splice', step, ...args);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(message);
});

describe('a Keras file', () => {
  const config = stepPath('keras/mlp.json');

  test('gives the step what its description gives', async () => {
    const [out, wanted] = [join(folder, 'keras.onnx'), join(folder, 'keras_wanted.onnx')];
    const shown = await runCli('splice', step, '--config', config);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/fc1\/kernel +MaxNorm +fc1\.weight +resolved +name/);
    expect(shown.stdout).toMatch(/\(32, 10\) +axis=0 +\(10, 32\) permuted/);
    const args = ['splice', step, '--config', config, '--out', out];
    expect((await runCli(...args)).stderr).toContain('these pairs were found, not given');
    expect((await runCli(...args, '--yes')).code).toBe(0);
    const params = stepPath('mlp_sgd/constraints.json');
    expect((await runCli('splice', step, '--params', params, '--out', wanted)).code).toBe(0);
    expect(readFileSync(out).equals(readFileSync(wanted))).toBe(true);
  });

  test('what --json prints is a description, those with a layout of their own included', async () => {
    const source = join(folder, 'depthwise.onnx');
    writeFileSync(source, sgdStepBytes({ names: ['depth.weight'], shape: [8, 1, 3, 3] }));
    const layouts = stepPath('keras/layouts.json');
    const args = ['splice', source, '--config', layouts, '--allow-unresolved'];
    const { stdout } = await runCli(...args, '--json');
    const { entries, description } = JSON.parse(stdout);
    expect(entries[0]).toMatchObject({
      variable: 'depth/kernel',
      tensors: ['depth.weight'],
      how: ['permuted', 'reshaped'],
      status: 'resolved',
    });
    expect(description.parameters['depth.weight'].layout).toEqual({
      shape: [3, 3, 4, 2],
      order: [2, 3, 0, 1],
    });
    const params = write('depthwise.json', stdout);
    const [out, wanted] = [join(folder, 'depthwise_out.onnx'), join(folder, 'depthwise_wanted.onnx')];
    expect((await runCli('splice', source, '--params', params, '--out', out)).code).toBe(0);
    expect((await runCli(...args, '--yes', '--out', wanted)).code).toBe(0);
    expect(readFileSync(out).equals(readFileSync(wanted))).toBe(true);
  });

  test('what cannot be placed is shown and refused, and left out on request', async () => {
    const layouts = stepPath('keras/layouts.json');
    const source = join(folder, 'first.onnx');
    writeFileSync(source, sgdStepBytes({ names: ['second.weight'], shape: [8, 8] }));
    const out = join(folder, 'first_out.onnx');
    const args = ['splice', source, '--config', layouts, '--yes', '--out', out];
    const none = await runCli(...args);
    expect([none.code, existsSync(out)]).toEqual([3, false]);
    expect(none.stderr).toContain(
      "unresolved: second/kernel: second.weight has the variable's sizes in more",
    );
    expect(none.stderr).toContain('none of the constraints could be placed');

    writeFileSync(source, sgdStepBytes({ names: ['up.weight'], shape: [8, 5, 3, 3] }));
    const some = await runCli(...args, '--json');
    expect([some.code, existsSync(out)]).toEqual([3, false]);
    const failure = JSON.parse(some.stdout);
    expect(failure).toMatchObject({ ok: false, error: { code: 'UNRESOLVED' } });
    expect(failure.entries.map(({ status }: { status: string }) => status).sort()).toEqual([
      'resolved',
      ...Array.from({ length: 4 }, () => 'unresolved'),
    ]);
    const going = await runCli(...args, '--allow-unresolved');
    expect([going.code, existsSync(out)]).toEqual([0, true]);
    expect(going.stdout).toContain('1 constraint put in');
  });

  test('frozen variables are listed and left alone', async () => {
    const out = join(folder, 'frozen.onnx');
    const args = [
      'splice',
      step,
      '--config',
      stepPath('keras/mlp_frozen.json'),
      '--yes',
      '--force',
      '--out',
      out,
    ];
    const left = await runCli(...args);
    expect(left.stdout).toMatch(/fc2\/kernel +UnitNorm +— +frozen/);
    expect(left.stdout).toContain('2 constraints put in');
    expect((await runCli(...args, '--include-frozen')).stdout).toContain('3 constraints put in');
  });
});

test('a plugin may bring the constraint', async () => {
  const plugin = write('plugin.mjs', 'export const customObjects = { halve: (w) => w };\n');
  const params = write(
    'custom.json',
    JSON.stringify({ parameters: { b: { input: 'fc1.bias', output: 'fc1.bias_new', constraint: 'halve' } } }),
  );
  const out = join(folder, 'custom.onnx');
  const args = ['splice', step, '--params', params, '--out', out];
  expect((await runCli(...args)).stderr).toContain("unknown constraint 'halve'");
  expect((await runCli(...args, '--plugin', plugin)).code).toBe(0);
});

test('external data stays where it is, and comes along into another folder', async () => {
  const [home, other] = [join(folder, 'home'), join(folder, 'other')];
  for (const each of [home, other]) mkdirSync(each);
  const source = OnnxModel.decode(readFileSync(step));
  const moved = source.encodeWithData({ location: 'weights.data', move: 'all', threshold: 1024 });
  const data = Buffer.concat([...moved.data]);
  expect(data.length).toBe(64 * 10 * 4);
  writeFileSync(join(home, 'step.onnx'), moved.bytes);
  writeFileSync(join(home, 'weights.data'), data);
  const args = ['splice', join(home, 'step.onnx'), '--params', stepPath('mlp_sgd/constraints.json'), '--out'];
  const inline = join(folder, 'inline.onnx');
  expect((await runCli('splice', step, ...args.slice(2), inline)).code).toBe(0);
  const feeds = randomFeeds(source.inputs, new Random(4));
  const wanted = await runStep(inline, feeds);
  for (const out of [join(home, 'spliced.onnx'), join(other, 'spliced.onnx')]) {
    expect((await runCli(...args, out)).code).toBe(0);
    expect(await runStep(out, feeds)).toEqual(wanted);
  }
  expect(readdirSync(home).sort()).toEqual(['spliced.onnx', 'step.onnx', 'weights.data']);
  expect(readdirSync(other).sort()).toEqual(['spliced.onnx', 'spliced.onnx.data']);
  expect(readFileSync(join(home, 'weights.data')).equals(data)).toBe(true);
});

describe('the nodes that are reported', () => {
  /** Every node of a model, those in subgraphs and of training included. */
  function countNodes(file: string): number {
    const inGraph = (graph: onnx.GraphProto | null | undefined): number =>
      (graph?.node ?? []).reduce(
        (sum, { attribute }) => attribute.reduce((inner, { g }) => inner + inGraph(g), sum + 1),
        0,
      );
    const model = decodeModelProto(readFileSync(file));
    const trainings = model.trainingInfo.flatMap(({ algorithm, initialization }) => [
      algorithm,
      initialization,
    ]);
    return [model.graph, ...trainings].reduce((sum, graph) => sum + inGraph(graph), 0);
  }

  const schedule = { every: 3, warm_up: 2, counter: 'n', initial: true };
  test.each([
    ['adamw', 'out_0', schedule, ['every=3', 'warm_up=2', 'initial']],
    ['training_info', 'w_new', schedule, ['every=3', 'warm_up=2', 'initial']],
    ['accumulate_if', 'w_new', { when: 'update' }, ['when=update']],
    ['inner_loop', 'w_new', undefined, []],
  ])('%s: are those that were put in, with those of a schedule', async (name, output, given, words) => {
    const source = stepPath(`small/${name}.onnx`);
    const out = join(folder, `counted_${name}.onnx`);
    const parameters = {
      w: { input: 'w', output, constraint: { class_name: 'UnitNorm', config: { axis: 1 } } },
    };
    const params = write(`counted_${name}.json`, JSON.stringify({ parameters, schedule: given }));
    const args = ['splice', source, '--params', params, '--out', out, '--force'];
    const { stdout } = await runCli(...args);
    const wanted = countNodes(out) - countNodes(source);
    expect(stdout).toContain(`1 constraint put in, ${wanted} nodes`);
    for (const word of words) expect(stdout).toContain(word);
    const result = JSON.parse((await runCli(...args, '--json')).stdout);
    expect(result.nodes).toBe(wanted);
    expect(result.parameters[0].nodes + result.scheduleNodes).toBe(wanted);
    expect(result.scheduleNodes > 0).toBe(given !== undefined);
  });
});
