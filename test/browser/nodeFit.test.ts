// Training on onnxruntime-node's WebGPU provider: Keras's own training, with no node handed to the CPU.
import { expect, test } from 'vitest';
import { StepLoop } from '../../src/node.js';
import { evaluate, predict, fit as train } from '../../src/train.js';
import { fitCases, readFitCase } from '../support/fitCases.js';
import { farFromKeras, followFit } from '../support/followFit.js';
import { historyDistance, smallData, smallModel, smallOptions } from '../support/smallTraining.js';
import { stepsOnDevice } from './stepsOnDevice.js';

const strict = { providers: ['webgpu'], strict: true };

test.each(
  fitCases.flatMap((name) => [
    { name, batch: 'known' },
    { name, batch: 'open' },
  ]),
)('$name, the batch $batch', async ({ name, batch }) => {
  const answered = readFitCase(name);
  const size = batch === 'known' ? { batchSize: answered.batchSize } : {};
  const followed = await followFit(StepLoop, answered, { ...size, provider: 'webgpu' }, strict);
  expect(followed.report).toMatchObject({ provider: 'webgpu', route: 'device', refusals: [] });
  expect(farFromKeras(followed, answered)).toEqual([]);
});

test.each([8, undefined])('dropout and metrics stay on the device, batch size %s', async (batchSize) => {
  await stepsOnDevice(StepLoop, batchSize, strict);
});

test('fit, evaluate and predict tell what they tell on the CPU', async () => {
  const [here, there] = [smallModel(), smallModel()];
  const data = smallData();
  const { history } = await train(here, data, { ...smallOptions, providers: ['webgpu'] });
  const wanted = await train(there, data, smallOptions);
  expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
  expect(historyDistance(history, wanted.history)).toBeLessThan(1e-4);
  const told = await evaluate(here, data, { provider: 'webgpu' });
  expect(Math.abs((told.loss as number) - ((await evaluate(there, data)).loss as number))).toBeLessThan(1e-4);
  const predicted = await predict(here, data.x, { provider: 'webgpu' });
  const right = await predict(there, data.x);
  expect(predicted.dims).toEqual([22, 3]);
  for (const [i, value] of right.data.entries()) {
    expect(Math.abs((predicted.data[i] as number) - (value as number))).toBeLessThan(1e-4);
  }
});
