// The forms for WebGPU in Chromium, on both builds that have it: wasm's answers, with no node handed to the CPU; and the
// forms for wasm.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webgpuBuild from 'onnxruntime-web/webgpu';
import { describe, expect, test } from 'vitest';
import { formCases } from '../support/formCases.js';
import { hostFormCases } from '../support/hostFormCases.js';
import { compareForms } from './compareForms.js';

const builds = [
  { name: 'onnxruntime-web', module: ort },
  { name: 'onnxruntime-web/webgpu', module: webgpuBuild },
];

describe.each(builds)('$name', ({ module }) => {
  module.env.wasm.numThreads = 1;
  module.env.logLevel = 'error';

  test.each(formCases)('$name', async (row) => {
    expect(await compareForms(module, row, 'wasm')).toEqual([]);
  });

  test.each([...formCases, ...hostFormCases])('on wasm, $name', async (row) => {
    expect(await compareForms(module, row, 'wasm', 'wasm')).toEqual([]);
  });
});
