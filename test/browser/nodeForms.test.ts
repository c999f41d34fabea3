// The forms for WebGPU on onnxruntime-node's WebGPU provider: the CPU's answers, with no node handed to the CPU.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { formCases } from '../support/formCases.js';
import { compareForms } from './compareForms.js';

test.each(formCases)('$name', async (row) => {
  expect(await compareForms(ort as never, row, 'cpu')).toEqual([]);
});
