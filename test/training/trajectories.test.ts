// Train steps exported from PyTorch and JAX, spliced, against the trajectories that these computed with every constraint
// applied after every update.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/node.js';
import { splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import {
  type ExportedStep,
  expectConstrained,
  expectTrajectory,
  follow,
  train,
} from '../support/followSteps.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { readTrajectory, slice, stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();

function exported(
  name: string,
  inputs: { x: string; y: string; lr: string; t?: string },
  loss: string,
): ExportedStep {
  const trajectory = readTrajectory(name);
  const { learning_rate: rate, steps } = JSON.parse(
    readFileSync(stepPath(`${name}/constraints.json`), 'utf8'),
  );
  const [x, y] = [trajectory('x'), trajectory('y')];
  return {
    name,
    steps,
    carried: readDescription(name).parameters,
    loss,
    feed: (step) => ({
      [inputs.x]: slice(x, step),
      [inputs.y]: slice(y, step),
      [inputs.lr]: { data: Float32Array.of(rate), dims: [] },
      ...(inputs.t !== undefined && { [inputs.t]: { data: Float32Array.of(step + 1), dims: [] } }),
    }),
  };
}

const cases = [
  exported('mlp_sgd', { x: 'x', y: 'y', lr: 'lr', t: 't' }, 'loss'),
  exported('jax_momentum', { x: 'in_8', y: 'in_9', lr: 'in_10' }, 'neg_out_0'),
];

function readDescription(name: string) {
  return parseStepDescription(readFileSync(stepPath(`${name}/constraints.json`), 'utf8'));
}

describe.each(cases)('$name', (step) => {
  const file = stepPath(`${step.name}/step.onnx`);

  test.each([{}, { provider: 'cpu' }, { functions: true }, { provider: 'cpu', functions: true }])(
    'spliced with %j it follows the trajectory, and is in the set after each step',
    async (options) => {
      const model = await readModel(file);
      splice(model, readDescription(step.name), options);
      expectTrajectory(step, await follow(step, model.encode()));
    },
  );

  test('as it was exported, it leaves the set and the trajectory', async () => {
    const run = await train(step, file);
    expect(() => expectConstrained(step, run.final)).toThrow();
    expect(() => expectTrajectory(step, run)).toThrow();
  });

  test('the command gives what the function gives', async () => {
    const out = join(folder, `${step.name}.onnx`);
    const params = stepPath(`${step.name}/constraints.json`);
    const { code, stdout, stderr } = await runCli('splice', file, '--params', params, '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/ MaxNorm +\S+ +canonical +5 +—/);
    expect(stdout).toContain(`wrote ${out}`);
    const model = await readModel(file);
    splice(model, readDescription(step.name));
    expect(readFileSync(out).equals(model.encode())).toBe(true);
    expectTrajectory(step, await follow(step, out));
  });
});
