// Keras's float32 golden answers on onnxruntime-node's WebGPU provider, which runs on software Vulkan without a GPU.
// Runs in a process of its own: the Vulkan driver is chosen by VK_DRIVER_FILES before the first session.
import { InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { providers } from '../../src/node.js';
import { goldenMismatches } from '../support/goldenMismatches.js';
import { readGoldenCases } from '../support/readGoldenCases.js';

const options: InferenceSession.SessionOptions = {
  executionProviders: ['webgpu'],
  logSeverityLevel: 3,
  extra: { session: { disable_cpu_ep_fallback: '1' } },
};

test('this build of ONNX Runtime bundles WebGPU', () => {
  expect(listSupportedBackends().map(({ name }) => name)).toContain('webgpu');
});

test('all float32 cases on WebGPU alone, whose Relu makes NaN 0', async () => {
  const cases = readGoldenCases().filter(({ dtype }) => dtype === 'float32');
  expect(cases).toHaveLength(200);
  const open = (model: Uint8Array): Promise<InferenceSession> => InferenceSession.create(model, options);
  expect(await goldenMismatches(cases, { open, Tensor })).toEqual([
    'c0365 NonNeg nan: element 4 is 0 instead of NaN',
  ]);
});

test('providers() finds WebGPU, and tells which dtypes it runs by itself', async () => {
  const webgpu = (await providers()).find(({ name }) => name === 'webgpu');
  expect(webgpu).toMatchObject({ available: true });
  expect(webgpu?.dtypes).toContain('float32');
  const codes = webgpu?.dtypeRefusals.map(({ dtype, code }) => `${dtype}: ${code}`);
  expect(codes).toContain('float64: cpu-fallback');
  // Software Vulkan lacks it, a GPU may have it.
  expect(webgpu?.dtypes.includes('float16')).toBe(!codes?.includes('float16: no-shader-f16'));
});
