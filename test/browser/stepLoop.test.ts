// The step loop in Chromium on wasm and WebGPU: PyTorch's trajectory, checkpoints in memory, buffers disposed of.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import { parseStepDescription, type StepDescription, StepLoop } from '../../src/web.js';
import { drawCurves } from '../examples/drawCurves.js';
import { trainDigits } from '../examples/trainDigits.js';
import descriptionUrl from '../fixtures/train_steps/mlp_sgd/constraints.json?url';
import stepUrl from '../fixtures/train_steps/mlp_sgd/step.onnx?url';
import trajectoryUrl from '../fixtures/train_steps/mlp_sgd/trajectory.safetensors?url';
import {
  batches,
  farFromFinal,
  followTrajectory,
  initial,
  inputs,
  type Trajectory,
} from '../support/loopTrajectory.js';
import { readSafetensors, toNumbers } from '../support/safetensors.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

let step: Uint8Array;
let description: StepDescription;
let trajectory: Trajectory;

beforeAll(async () => {
  const [stepBytes, text, tensors] = (await Promise.all(
    [stepUrl, descriptionUrl, trajectoryUrl].map((url) => fetch(url)),
  )) as [Response, Response, Response];
  step = new Uint8Array(await stepBytes.arrayBuffer());
  description = parseStepDescription(await text.text());
  const arrays = readSafetensors(new Uint8Array(await tensors.arrayBuffer()));
  trajectory = (name) => {
    const found = arrays.get(name);
    if (found === undefined) throw new Error(`the trajectory lacks ${name}`);
    return { data: Float32Array.from(toNumbers(found)), dims: found.dims };
  };
});

const makeLoop = (options: object): Promise<StepLoop> =>
  StepLoop.create(step, description, { initial: initial(trajectory), inputs, ort, ...options });

test.each([
  { provider: 'wasm', route: 'returned', projector: false, constraints: 'splice' },
  { provider: 'wasm', route: 'returned', projector: true, constraints: 'projector' },
  { provider: 'webgpu', route: 'device', projector: false, constraints: 'splice' },
  { provider: 'webgpu', route: 'device', projector: true, constraints: 'projector' },
])('forty steps on $provider follow PyTorch by $constraints', async ({ provider, projector, ...wanted }) => {
  const loop = await makeLoop({ providers: [provider], projector });
  expect(loop.report()).toMatchObject({ provider, ...wanted });
  expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
  await loop.dispose();
});

test.each(['wasm', 'webgpu'])(
  'a run on %s that is cut by a checkpoint ends where the whole one does',
  async (provider) => {
    const before = await makeLoop({ providers: [provider] });
    const kept: Uint8Array[] = [];
    await before.run(batches(trajectory), {
      steps: 25,
      checkpoint: { every: 10, write: (bytes) => void kept.push(bytes) },
    });
    await before.dispose();
    expect(kept).toHaveLength(3);
    const loop = await StepLoop.resume(kept[2] as Uint8Array, step, description, {
      inputs,
      ort,
      providers: [provider],
    });
    expect(loop.step).toBe(25);
    await loop.run(batches(trajectory, 25));
    expect(await farFromFinal(loop, trajectory)).toEqual([]);
    await loop.dispose();
  },
);

test('on WebGPU no step leaves buffers behind', async () => {
  const loop = await makeLoop({ providers: ['webgpu'] });
  await loop.run(batches(trajectory), { steps: 5 });
  const device = ort.env.webgpu.device as unknown as { createBuffer(of: object): { destroy(): void } };
  const create = device.createBuffer;
  const alive = new Set<object>();
  device.createBuffer = function (of) {
    const buffer = create.call(this, of);
    const destroy = buffer.destroy;
    alive.add(buffer);
    buffer.destroy = () => {
      alive.delete(buffer);
      destroy.call(buffer);
    };
    return buffer;
  };
  try {
    await loop.run(batches(trajectory, 5), { steps: 30 });
  } finally {
    device.createBuffer = create;
  }
  // Without disposal the four parameters would leave four a step. ONNX Runtime keeps a few for later.
  expect(alive.size).toBeLessThan(15);
  await loop.dispose();
});

test('files and the progress line are for Node', async () => {
  const loop = await makeLoop({});
  expect(() => loop.run([], { checkpoint: { file: 'a' } })).toThrow('checkpoint.file: only Node has files');
  await loop.dispose();
});

test.each(['wasm', 'webgpu'])('digits are learned on %s within the limit', async (provider) => {
  const files = { step, description, trajectory, options: { ort, providers: [provider] } };
  const kept = await trainDigits(StepLoop, { ...files, constrained: true });
  const free = await trainDigits(StepLoop, { ...files, constrained: false });
  expect(Math.max(...kept.norm)).toBeLessThanOrEqual(0.8 * (1 + 1e-5));
  expect(Math.max(...free.norm)).toBeGreaterThan(0.8 * 1.05);
  expect(kept.loss.at(-1)).toBeLessThan((kept.loss[0] as number) * 0.75);
  expect(drawCurves([kept, free], 0.8).match(/<polyline/g)).toHaveLength(4);
});
