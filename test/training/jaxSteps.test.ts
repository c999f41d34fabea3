// Adam, AdamW, momentum, a CNN, an embedding and float16 weights with float32 masters, exported from JAX at several
// opsets: spliced, each follows what JAX computed with the constraints applied after every update.
import { readFileSync } from 'node:fs';
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
import { readTrajectory, slice, stepPath } from '../support/trainSteps.js';

const names = ['momentum', 'adam', 'adamw', 'cnn', 'embedding', 'float16_masters'];

function readDescription(name: string) {
  return parseStepDescription(readFileSync(stepPath(`jax/${name}/constraints.json`), 'utf8'));
}

function readRun(name: string) {
  return JSON.parse(readFileSync(stepPath(`jax/${name}/run.json`), 'utf8'));
}

function exported(name: string): ExportedStep {
  const { steps, learning_rate: rate, feeds, loss, copies } = readRun(name);
  const trajectory = readTrajectory(`jax/${name}`);
  return {
    name: `jax/${name}`,
    steps,
    carried: { ...copies, ...readDescription(name).parameters },
    loss,
    feed: (step) => ({
      [feeds.x]: slice(trajectory('x'), step),
      [feeds.y]: slice(trajectory('y'), step),
      [feeds.rate]: { data: Float32Array.of(rate), dims: [] },
      [feeds.t]: { data: Float32Array.of(step + 1), dims: [] },
    }),
  };
}

const models = names.flatMap((name) => (readRun(name).opsets as number[]).map((opset) => ({ name, opset })));

test('there is every opset, but 13 for the embedding, whose scattered sums came with 16', () => {
  for (const name of names) {
    const opsets = models.filter((model) => model.name === name).map(({ opset }) => opset);
    expect(opsets, name).toEqual(name === 'embedding' ? [17, 18, 21, 23] : [13, 17, 18, 21, 23]);
  }
});

describe.each(models)('$name at opset $opset', ({ name, opset }) => {
  const step = exported(name);
  const file = stepPath(`jax/${name}/step_${opset}.onnx`);

  test.each([{}, { provider: 'cpu' }, { functions: true }])(
    'spliced with %j it follows the trajectory, and is in the set after each step',
    async (options) => {
      const model = await readModel(file);
      expect(model.opset()).toBe(opset);
      splice(model, readDescription(name), options);
      expect(model.opset()).toBe(opset);
      expectTrajectory(step, await follow(step, model.encode()));
    },
  );
});

test.each(names)('%s as it was exported leaves the set and the trajectory', async (name) => {
  const step = exported(name);
  const run = await train(step, stepPath(`jax/${name}/step_21.onnx`));
  expect(() => expectConstrained(step, run.final)).toThrow();
  expect(() => expectTrajectory(step, run)).toThrow();
});
