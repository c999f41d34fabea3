// The step loop on onnxruntime-node's WebGPU provider: PyTorch's trajectory, with parameters that stay on the device.
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { parseStepDescription, StepLoop } from '../../src/node.js';
import { batches, farFromFinal, followTrajectory, initial, inputs } from '../support/loopTrajectory.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';

const trajectory = readTrajectory('mlp_sgd');
const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
const bytes = new Uint8Array(readFileSync(stepPath('mlp_sgd/step.onnx')));
const options = { initial: initial(trajectory), inputs, providers: ['webgpu'] };

test.each([
  { projector: false, constraints: 'splice' },
  { projector: true, constraints: 'projector' },
])('forty steps follow PyTorch by $constraints', async ({ projector, constraints }) => {
  const loop = await StepLoop.create(bytes, description, { ...options, projector });
  expect(loop.report()).toMatchObject({ provider: 'webgpu', route: 'device', constraints });
  expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
  await loop.dispose();
});

test('parameters go in once and stay; the loss alone comes back', async () => {
  const runs: { fed: Record<string, string>; given: Record<string, string> }[] = [];
  const places = (tensors: Record<string, ort.Tensor>): Record<string, string> =>
    Object.fromEntries(Object.entries(tensors).map(([name, { location }]) => [name, location]));
  const watched = {
    Tensor: ort.Tensor,
    env: ort.env,
    listSupportedBackends: ort.listSupportedBackends,
    InferenceSession: {
      create: async (model: Uint8Array, settings?: object) => {
        const session = await ort.InferenceSession.create(model, settings);
        return {
          run: async (feeds: Record<string, ort.Tensor>, fetches: Record<string, ort.Tensor>) => {
            const results = await session.run(feeds, fetches ?? {});
            if ('lr' in feeds) runs.push({ fed: places(feeds), given: places(results) });
            return results;
          },
          release: () => session.release(),
        };
      },
    },
  };
  const loop = await StepLoop.create(bytes, description, { ...options, ort: watched as never });
  await loop.run(batches(trajectory), { steps: 10 });
  expect(runs).toHaveLength(10);
  for (const { fed, given } of runs) {
    expect(fed).toMatchObject({ 'fc1.weight': 'gpu-buffer', 'fc2.bias': 'gpu-buffer', x: 'cpu' });
    expect(given).toEqual({
      loss: 'cpu',
      'fc1.weight_new': 'gpu-buffer',
      'fc1.bias_new': 'gpu-buffer',
      'fc2.weight_new': 'gpu-buffer',
      'fc2.bias_new': 'gpu-buffer',
    });
  }
  await loop.dispose();
});

test('a run that is cut by a checkpoint ends where the whole one does', async () => {
  const before = await StepLoop.create(bytes, description, options);
  await before.run(batches(trajectory), { steps: 25 });
  const kept = await before.checkpoint();
  await before.dispose();
  // Nothing of the device is in it: the processor could go on as well.
  for (const provider of ['webgpu', 'cpu']) {
    const loop = await StepLoop.resume(kept, bytes, description, { inputs, providers: [provider] });
    await loop.run(batches(trajectory, 25));
    expect(await farFromFinal(loop, trajectory), provider).toEqual([]);
    await loop.dispose();
  }
});

test('NaN on the device is found there, with the step that made it', async () => {
  const lr = (step: number): number => (step === 4 ? Number.NaN : 0.2);
  const loop = await StepLoop.create(bytes, description, { ...options, inputs: { ...inputs, lr } });
  await expect(loop.run(batches(trajectory))).rejects.toThrow(
    /^the loss of step 5 is NaN: parameter 'fc1.weight' came out of step 4 with NaN/,
  );
  await loop.dispose();
});
