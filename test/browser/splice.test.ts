// A train step exported from PyTorch, spliced in Chromium and run there on onnxruntime-web for forty steps, against
// PyTorch's trajectory.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import { beforeAll, expect, test } from 'vitest';
import { OnnxModel } from '../../src/index.js';
import { parseStepDescription, splice } from '../../src/web.js';
import descriptionUrl from '../fixtures/train_steps/mlp_sgd/constraints.json?url';
import stepUrl from '../fixtures/train_steps/mlp_sgd/step.onnx?url';
import trajectoryUrl from '../fixtures/train_steps/mlp_sgd/trajectory.safetensors?url';
import { readSafetensors, toNumbers } from '../support/safetensors.js';
import { openSession } from './openSession.js';

const names = ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'];
let step: Uint8Array;
let description: string;
let arrays: ReturnType<typeof readSafetensors>;

beforeAll(async () => {
  const [stepBytes, text, trajectory] = await Promise.all(
    [stepUrl, descriptionUrl, trajectoryUrl].map((url) => fetch(url)),
  );
  step = new Uint8Array(await (stepBytes as Response).arrayBuffer());
  description = await (text as Response).text();
  arrays = readSafetensors(new Uint8Array(await (trajectory as Response).arrayBuffer()));
});

function array(name: string): { data: Float32Array; dims: readonly number[] } {
  const found = arrays.get(name);
  if (found === undefined) throw new Error(`the trajectory lacks ${name}`);
  return { data: Float32Array.from(toNumbers(found)), dims: found.dims };
}

function batch(name: string, i: number): ort.Tensor {
  const { data, dims } = array(name);
  const size = data.length / (dims[0] as number);
  return new ort.Tensor('float32', data.slice(i * size, (i + 1) * size), dims.slice(1));
}

test.each(['wasm', 'webgpu'] as const)('forty steps on %s follow PyTorch', async (provider) => {
  const model = OnnxModel.decode(step);
  splice(model, parseStepDescription(description), { provider });
  const session = await openSession(model.encode(), provider);
  let parameters: ort.Tensor[] = names.map((name) => {
    const { data, dims } = array(`init/${name}`);
    return new ort.Tensor('float32', data, dims);
  });
  const wanted = array('loss').data;
  for (let i = 0; i < 40; i++) {
    const outputs = await session.run({
      ...Object.fromEntries(names.map((name, j) => [name, parameters[j] as ort.Tensor])),
      x: batch('x', i),
      y: batch('y', i),
      lr: new ort.Tensor('float32', [0.2], []),
      t: new ort.Tensor('float32', [i + 1], []),
    });
    const loss = (outputs.loss as ort.Tensor).data[0] as number;
    expect(Math.abs(loss - (wanted[i] as number))).toBeLessThan(1e-4 * (wanted[i] as number));
    parameters = names.map((name) => outputs[`${name}_new`] as ort.Tensor);
  }
  await session.release();
  for (const [j, name] of names.entries()) {
    const answer = array(`final/${name}`).data;
    const largest = Math.max(...answer.map(Math.abs));
    const found = parameters[j]?.data as Float32Array;
    for (const [k, value] of answer.entries()) {
      expect(Math.abs((found[k] as number) - value)).toBeLessThan(1e-4 * largest);
    }
  }
});
