// The demo model in Chromium on onnxruntime-web: both providers read its digits.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import modelUrl from '../../models/digits/digits.onnx?url';
import dataUrl from '../../models/digits/test-data.safetensors?url';
import { readSafetensors, toNumbers } from '../support/safetensors.js';
import { openSession } from './openSession.js';

let x: ort.Tensor;
let labels: number[];

beforeAll(async () => {
  const response = await fetch(dataUrl);
  const arrays = readSafetensors(new Uint8Array(await response.arrayBuffer()));
  const images = arrays.get('x');
  const digits = arrays.get('y');
  if (images === undefined || digits === undefined) throw new Error('the demo data lacks x or y');
  x = new ort.Tensor('float32', Float32Array.from(toNumbers(images)), images.dims);
  labels = toNumbers(digits);
});

function argmax(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

test.each(['wasm', 'webgpu'] as const)('the digits model reads digits on %s', async (provider) => {
  const response = await fetch(modelUrl);
  const session = await openSession(new Uint8Array(await response.arrayBuffer()), provider);
  const results = await session.run({ [session.inputNames[0] as string]: x });
  const scores = Array.from(results[session.outputNames[0] as string]?.data as Float32Array);
  const right = labels.filter((label, i) => argmax(scores.slice(i * 10, i * 10 + 10)) === label);
  expect(right.length / labels.length).toBeGreaterThan(0.9);
  await session.release();
});
