// Which execution providers onnxruntime-web has in Chromium.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import { type ProviderStatus, providers } from '../../src/web.js';

ort.env.wasm.numThreads = 1;

let statuses: ReadonlyMap<string, ProviderStatus>;

beforeAll(async () => {
  statuses = new Map((await providers()).map((status) => [status.name, status]));
});

test('providers() tells of all three', () => {
  expect([...statuses.keys()]).toEqual(['webgpu', 'wasm', 'webnn']);
});

test('wasm runs float32, float64 and float16', () => {
  expect(statuses.get('wasm')).toMatchObject({ available: true, dtypes: ['float32', 'float64', 'float16'] });
});

test('WebGPU runs float32 by itself, and float16 where the adapter has it', async () => {
  const webgpu = statuses.get('webgpu');
  expect(webgpu).toMatchObject({ available: true, detail: expect.stringMatching(/\S/) });
  expect(webgpu?.dtypes).toContain('float32');
  expect(webgpu?.dtypes).not.toContain('float64');
  const { gpu } = navigator as unknown as {
    gpu: { requestAdapter(): Promise<{ features: ReadonlySet<string> }> };
  };
  const hasFloat16 = (await gpu.requestAdapter()).features.has('shader-f16');
  expect(webgpu?.dtypes.includes('float16')).toBe(hasFloat16);
  const refusal = webgpu?.dtypeRefusals.find(({ dtype }) => dtype === 'float16');
  expect(refusal?.code).toBe(hasFloat16 ? undefined : 'no-shader-f16');
});

test('WebNN works, or says why not and how to mend it', () => {
  const { available, refusal } = statuses.get('webnn') as ProviderStatus;
  if (available) return;
  expect(['no-api', 'no-device']).toContain(refusal?.code);
  expect(refusal?.cause).toMatch(/WebNN is not supported/);
  expect(refusal?.remedy).toMatch(/WebNN/);
});

test('the same is told of a module that is passed', async () => {
  const told = await providers({ ort: ort as never });
  expect(told).toEqual([...statuses.values()]);
});
