// The web entry point in Chromium: weights projected by onnxruntime-web, and by a module the caller passes.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { maxNorm, nonNeg } from '../../src/index.js';
import { project, projectInPlace } from '../../src/web.js';
import { mismatch } from '../support/mismatch.js';
import { maxNorm as referenceMaxNorm } from '../support/reference.js';

const weights = [3, -1, 4, 0.5, -5, 0.25];
const tolerance = { relative: 2e-6, absolute: 1e-7 };

test.each(['wasm', 'webgpu'])('project answers on %s', async (provider) => {
  const weight = { data: Float32Array.from(weights), dims: [3, 2] };
  const { data } = await project(maxNorm(2), weight, { providers: [provider], ort });
  const wanted = referenceMaxNorm(weights, [3, 2], { maxValue: 2 });
  expect(mismatch(data as Float32Array, wanted, tolerance)).toBeUndefined();
  expect(Array.from(weight.data)).toEqual(weights);
});

test('projectInPlace writes back, with the module loaded by the package', async () => {
  const kernel = { data: Float32Array.from(weights), dims: [2, 3], constraint: maxNorm({ axis: null }) };
  const bias = { data: Float32Array.of(-1, 2), dims: [2], constraint: nonNeg() };
  await projectInPlace({ kernel, bias });
  const wanted = referenceMaxNorm(weights, [2, 3], { axis: null });
  expect(mismatch(kernel.data, wanted, tolerance)).toBeUndefined();
  expect(Array.from(bias.data)).toEqual([0, 2]);
});
