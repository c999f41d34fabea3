// Keras's float32 golden answers in Chromium: the emitted graphs on onnxruntime-web, on wasm and on WebGPU.
// Must not import Node.
import { type InferenceSession, Tensor } from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import arraysUrl from '../fixtures/golden/arrays.safetensors?url';
import casesText from '../fixtures/golden/cases.json?raw';
import { type GoldenCase, parseGoldenCases } from '../support/golden.js';
import { goldenMismatches } from '../support/goldenMismatches.js';
import { openSession } from './openSession.js';

let cases: GoldenCase[];

beforeAll(async () => {
  const response = await fetch(arraysUrl);
  const all = parseGoldenCases(casesText, new Uint8Array(await response.arrayBuffer()));
  cases = all.filter(({ dtype }) => dtype === 'float32');
  expect(cases).toHaveLength(200);
});

test('all float32 cases on wasm', async () => {
  const open = (model: Uint8Array): Promise<InferenceSession> => openSession(model, 'wasm');
  expect(await goldenMismatches(cases, { open, Tensor })).toEqual([]);
});

test('all float32 cases on WebGPU alone, whose Relu makes NaN 0', async () => {
  const options = { extra: { session: { disable_cpu_ep_fallback: '1' } } };
  const open = (model: Uint8Array): Promise<InferenceSession> => openSession(model, 'webgpu', options);
  const projecting = cases.filter(({ constraint }) => constraint.class_name !== 'Constraint');
  expect(await goldenMismatches(projecting, { open, Tensor })).toEqual([
    'c0365 NonNeg nan: element 4 is 0 instead of NaN',
  ]);
});

test('the base class, whose Identity ONNX Runtime puts on the CPU, leaves weights as they are', async () => {
  const open = (model: Uint8Array): Promise<InferenceSession> => openSession(model, 'webgpu');
  const unchanged = cases.filter(({ constraint }) => constraint.class_name === 'Constraint');
  expect(unchanged).toHaveLength(7);
  expect(await goldenMismatches(unchanged, { open, Tensor })).toEqual([]);
});
