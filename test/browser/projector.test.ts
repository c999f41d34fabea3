// The Projector in Chromium, on wasm and WebGPU: golden cases, and weights in GPUBuffers.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webGpuBuild from 'onnxruntime-web/webgpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { maxNorm } from '../../src/index.js';
import { Projector } from '../../src/web.js';
import arraysUrl from '../fixtures/golden/arrays.safetensors?url';
import casesText from '../fixtures/golden/cases.json?raw';
import { type GoldenCase, parseGoldenCases } from '../support/golden.js';
import { mismatch } from '../support/mismatch.js';
import { projectGolden } from '../support/projectGolden.js';
import { maxNorm as referenceMaxNorm } from '../support/reference.js';

let cases: readonly GoldenCase[];

beforeAll(async () => {
  const response = await fetch(arraysUrl);
  cases = parseGoldenCases(casesText, new Uint8Array(await response.arrayBuffer()));
});

test('all 374 cases on wasm', async () => {
  expect(cases).toHaveLength(374);
  expect(await projectGolden(cases, Projector, { ort })).toEqual([]);
});

test('all float32 cases on wasm of the build for WebGPU', async () => {
  const own = cases.filter(({ dtype }) => dtype === 'float32');
  expect(own).toHaveLength(200);
  expect(await projectGolden(own, Projector, { ort: webGpuBuild as never })).toEqual([]);
});

describe.each([
  ['onnxruntime-web', ort],
  ['onnxruntime-web/webgpu', webGpuBuild],
] as const)('%s on WebGPU', (_name, module) => {
  const options = { ort: module as never, providers: ['webgpu'], strict: true };
  const casesOf = (wanted: string): readonly GoldenCase[] =>
    cases.filter(({ dtype, constraint }) => dtype === wanted && constraint.class_name !== 'Constraint');

  test('all float32 cases, NaN kept', async () => {
    expect(casesOf('float32')).toHaveLength(193);
    expect(await projectGolden(casesOf('float32'), Projector, options)).toEqual([]);
  });

  test('all float16 cases where the adapter has shader-f16, and the reason where it has not', async () => {
    const own = casesOf('float16');
    expect(own.length).toBeGreaterThan(40);
    const { gpu } = navigator as unknown as {
      gpu: { requestAdapter(): Promise<{ features: ReadonlySet<string> }> };
    };
    if ((await gpu.requestAdapter()).features.has('shader-f16')) {
      expect(await projectGolden(own, Projector, options)).toEqual([]);
      return;
    }
    await expect(projectGolden(own, Projector, options)).rejects.toThrow(
      /float16\): strict, and the first provider refuses: webgpu: .*shader-f16.* \(keep the weights in float32, or use a GPU and driver that have shader-f16\)/,
    );
  });
});

test('weights in GPUBuffers are projected where they are', async () => {
  const shape = [3, 2];
  const before = Float32Array.of(3, -1, 4, 0.5, -5, 0.25);
  const projector = await Projector.create(
    { w: { shape, constraint: maxNorm(2) } },
    { ort, providers: ['webgpu'], strict: true },
  );
  const tensors = await projector.upload({ w: before });
  for (let i = 0; i < 10; i++) await projector.project(tensors);
  const { w } = await projector.download(tensors);
  const wanted = referenceMaxNorm([...before], shape, { maxValue: 2 });
  expect(mismatch(w as Float32Array, wanted, { relative: 5e-6, absolute: 1e-6 })).toBeUndefined();
  await projector.dispose();
});
