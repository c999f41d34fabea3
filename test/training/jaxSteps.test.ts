// Adam, AdamW, momentum, a CNN, an embedding and float16 weights with float32 masters, exported from JAX at several
// opsets: spliced, each follows what JAX computed with the constraints applied after every update.
import { describe, expect, test } from 'vitest';
import { readModel } from '../../src/node.js';
import { splice } from '../../src/training/splice.js';
import { opsetsOf, readDescription, readExportedStep } from '../support/exportedSteps.js';
import { expectConstrained, expectTrajectory, follow, train } from '../support/followSteps.js';
import { stepPath } from '../support/trainSteps.js';

const names = ['momentum', 'adam', 'adamw', 'cnn', 'embedding', 'float16_masters'].map(
  (name) => `jax/${name}`,
);
const models = names.flatMap((name) => opsetsOf(name).map((opset) => ({ name, opset })));

test('there is every opset, but 13 for the embedding, whose scattered sums came with 16', () => {
  for (const name of names) {
    expect(opsetsOf(name), name).toEqual(name === 'jax/embedding' ? [17, 18, 21, 23] : [13, 17, 18, 21, 23]);
  }
});

describe.each(models)('$name at opset $opset', ({ name, opset }) => {
  const step = readExportedStep(name);
  const file = stepPath(`${name}/step_${opset}.onnx`);

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
  const step = readExportedStep(name);
  const run = await train(step, stepPath(`${name}/step_21.onnx`));
  expect(() => expectConstrained(step, run.final)).toThrow();
  expect(() => expectTrajectory(step, run)).toThrow();
});
