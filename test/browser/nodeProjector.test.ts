// The Projector on onnxruntime-node's WebGPU provider: golden cases, and weights that stay on the device.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { maxNorm, ops } from '../../src/index.js';
import { Projector, providers } from '../../src/node.js';
import { mismatch } from '../support/mismatch.js';
import { projectGolden } from '../support/projectGolden.js';
import { readGoldenCases } from '../support/readGoldenCases.js';

test('all float32 cases, NaN kept', async () => {
  const cases = readGoldenCases().filter(({ dtype }) => dtype === 'float32');
  expect(cases).toHaveLength(200);
  const own = cases.filter(({ constraint }) => constraint.class_name !== 'Constraint');
  expect(await projectGolden(own, Projector, { providers: ['webgpu'], strict: true })).toEqual([]);
});

test('all float16 cases where the adapter has shader-f16, and the reason where it has not', async () => {
  const own = readGoldenCases().filter(
    ({ dtype, constraint }) => dtype === 'float16' && constraint.class_name !== 'Constraint',
  );
  expect(own.length).toBeGreaterThan(40);
  const options = { providers: ['webgpu'], strict: true };
  const webgpu = (await providers()).find(({ name }) => name === 'webgpu');
  if (webgpu?.dtypes.includes('float16')) {
    expect(await projectGolden(own, Projector, options)).toEqual([]);
    return;
  }
  await expect(projectGolden(own, Projector, options)).rejects.toThrow(
    /float16\): strict, and the first provider refuses: webgpu: .*requires f16.* \(keep the weights in float32, or use a GPU and driver that have shader-f16\)/,
  );
});

test('100 steps on the device, with nothing sent or fetched between', async () => {
  const locations: string[] = [];
  const watched = {
    Tensor: ort.Tensor,
    env: ort.env,
    InferenceSession: {
      create: async (model: Uint8Array, options?: object) => {
        const session = await ort.InferenceSession.create(model, options);
        return {
          run: async (feeds: Record<string, ort.Tensor>, fetches: Record<string, ort.Tensor>) => {
            const results = await session.run(feeds, fetches ?? {});
            for (const tensor of [...Object.values(feeds), ...Object.values(results)])
              locations.push(tensor.location);
            return results;
          },
          release: () => session.release(),
        };
      },
    },
  };
  const shape = [64, 32];
  const constraint = maxNorm({ maxValue: 0.5 });
  const before = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i));
  const onDevice = await Projector.create(
    { w: { shape, constraint } },
    { providers: ['webgpu'], strict: true, ort: watched as never },
  );
  const tensors = await onDevice.upload({ w: before });
  locations.length = 0;
  for (let i = 0; i < 100; i++) await onDevice.project(tensors);
  expect(locations).toHaveLength(200);
  expect(new Set(locations)).toEqual(new Set(['gpu-buffer']));
  const { w } = await onDevice.download(tensors);
  const onCpu = await Projector.create({ w: { shape, constraint } });
  const wanted = before.slice();
  for (let i = 0; i < 100; i++) await onCpu.project({ w: wanted });
  expect(mismatch(w as Float32Array, wanted, { relative: 1e-5, absolute: 1e-7 })).toBeUndefined();
  await expect(onCpu.project(tensors)).rejects.toThrow(
    /the tensor is on a device \(gpu-buffer\).*runs on cpu/,
  );
  await onDevice.dispose();
  await onCpu.dispose();
});

test.each(['float64', 'bfloat16', 'float16'] as const)(
  '%s is refused under strict, and goes to the next otherwise',
  async (dtype) => {
    const parameters = { w: { shape: [2, 2], dtype, constraint: maxNorm(2) } };
    await expect(Projector.create(parameters, { providers: ['webgpu'], strict: true })).rejects.toThrow(
      /webgpu: /,
    );
    const projector = await Projector.create(parameters, { providers: ['webgpu', 'cpu'] });
    expect(projector.report()[0]).toMatchObject({ provider: 'cpu', refusals: [{ provider: 'webgpu' }] });
    await projector.dispose();
  },
);

test('operators that go to the CPU are told', async () => {
  const constraint = (w: Parameters<typeof ops.sign>[0]): ReturnType<typeof ops.sign> => ops.sign(w);
  const projector = await Projector.create({ w: { shape: [3], constraint } }, { providers: ['webgpu'] });
  expect(projector.report()[0]).toMatchObject({ provider: 'webgpu', cpuNodes: ['Sign (float32)'] });
  const w = Float32Array.of(-2, 0, 3);
  await projector.project({ w });
  expect([...w]).toEqual([-1, 0, 1]);
  await projector.dispose();
});
