// Checkpoints of the step loop: a run that is cut by one ends as the whole one does, optimizer state and all; files of
// other steps are refused; trained weights go back into a model.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ModelTensor, OnnxModel, type TensorValue } from '../../src/index.js';
import {
  parseStepDescription,
  readModel,
  readWeightFile,
  type StepBatch,
  StepLoop,
  writeWeights,
} from '../../src/node.js';
import { encodeSafetensors } from '../../src/safetensors/encodeSafetensors.js';
import { readSafetensors } from '../support/safetensors.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { readTrajectory, slice, stepPath } from '../support/trainSteps.js';

const folder = temporaryFolder();
const trajectory = readTrajectory('jax_momentum');
const { parameters } = parseStepDescription(readFileSync(stepPath('jax_momentum/constraints.json'), 'utf8'));
// The momentum is left to be found.
const description = {
  parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => !name.endsWith('/momentum'))),
};
const step = new Uint8Array(readFileSync(stepPath('jax_momentum/step.onnx')));
const { learning_rate: lr, steps } = JSON.parse(
  readFileSync(stepPath('jax_momentum/constraints.json'), 'utf8'),
) as { learning_rate: number; steps: number };
const names = Object.keys(description.parameters);
const initial = Object.fromEntries(names.map((name) => [name, trajectory(`init/${name}`)]));
const inputs = { in_10: lr };

function* batches(from = 0): Generator<StepBatch> {
  const [x, y] = [trajectory('x'), trajectory('y')];
  for (let i = from; i < steps; i++) yield { in_8: slice(x, i), in_9: slice(y, i) };
}

async function expectFinal(loop: StepLoop): Promise<void> {
  const weights = await loop.weights();
  for (const name of names) {
    const answer = trajectory(`final/${name}`).data;
    const found = weights[name]?.data as Float32Array;
    const worst = Math.max(...answer.map((value, i) => Math.abs(value - (found[i] as number))));
    expect(worst, name).toBeLessThan(1e-4 * Math.max(...answer.map(Math.abs)));
  }
}

test('momentum is found, starts at zero, and is carried', async () => {
  const loop = await StepLoop.create(step, description, { initial, inputs });
  expect(loop.report().state).toEqual(['in_4', 'in_5', 'in_6', 'in_7']);
  expect((await loop.state()).in_5?.data).toEqual(new Float32Array(8));
  const losses: number[] = [];
  await loop.run(batches(), { onStep: ({ loss }) => void losses.push(loss) });
  for (const [i, right] of trajectory('loss').data.entries()) {
    expect(Math.abs((losses[i] as number) - right), `loss of step ${i}`).toBeLessThan(1e-4 * right);
  }
  await expectFinal(loop);
  await loop.dispose();
});

test('a run that is cut goes on from its file, to the same bytes', async () => {
  const file = join(folder, 'cut.safetensors');
  const whole = await StepLoop.create(step, description, { initial, inputs });
  await whole.run(batches());
  const wanted = await whole.checkpoint();
  await whole.dispose();
  const before = await StepLoop.create(step, description, { initial, inputs });
  await before.run(batches(), { steps: 17, checkpoint: { file, every: 5 } });
  await before.dispose();
  expect(readdirSync(folder)).toEqual(['cut.safetensors']);
  const loop = await StepLoop.resume(file, step, description, { inputs });
  expect(loop.step).toBe(17);
  await loop.run(batches(17));
  await expectFinal(loop);
  expect(Buffer.from(await loop.checkpoint()).equals(Buffer.from(wanted))).toBe(true);
  await loop.dispose();
});

test('checkpoints are kept when they are due, and after the last step', async () => {
  const loop = await StepLoop.create(step, description, { initial, inputs });
  const seen: number[] = [];
  const write = (bytes: Uint8Array): void => {
    const header = new TextDecoder().decode(bytes.subarray(8, 300));
    seen.push(Number(/"step":"(\d+)"/.exec(header)?.[1]));
  };
  await loop.run(batches(), { steps: 10, checkpoint: { every: 4, write } });
  await loop.run(batches(), { steps: 2, checkpoint: { every: 4, write } });
  await loop.run(batches(), { steps: 1, checkpoint: { write } });
  expect(seen).toEqual([4, 8, 10, 12, 13]);
  await loop.dispose();
});

test('other readers of safetensors read it', async () => {
  const file = join(folder, 'other.safetensors');
  const loop = await StepLoop.create(step, description, { initial, inputs });
  writeFileSync(file, await loop.checkpoint());
  await loop.dispose();
  expect([...readSafetensors(readFileSync(file)).keys()]).toEqual([...names, 'in_4', 'in_5', 'in_6', 'in_7']);
  const opened = await readWeightFile(file);
  expect(opened?.weights.weights.map(({ name }) => name)).toContain('kernel1');
});

describe('refuses', () => {
  const resume = (bytes: Uint8Array | string): Promise<StepLoop> =>
    StepLoop.resume(bytes, step, description, { inputs });
  const value = { dtype: 'float32', dims: [1], data: Float32Array.of(1) } as const;

  test('what is no checkpoint', async () => {
    await expect(resume(encodeSafetensors(new Map([['kernel1', value]])))).rejects.toThrow(
      'is no checkpoint of a step loop: its metadata tells no step, found none',
    );
    const odd = encodeSafetensors(new Map([['kernel1', value]]), { step: '-1' });
    await expect(resume(odd)).rejects.toThrow(/tells no step, found "-1"/);
    await expect(resume(join(folder, 'absent.safetensors'))).rejects.toThrow(
      /absent.safetensors: does not exist/,
    );
  });

  test('one cut short, anywhere', async () => {
    const loop = await StepLoop.create(step, description, { initial, inputs });
    const bytes = await loop.checkpoint();
    await loop.dispose();
    for (let length = 0; length < bytes.length; length += 97) {
      await expect(resume(bytes.slice(0, length))).rejects.toThrow(/safetensors file|past the end/);
    }
  });

  test('one of another step', async () => {
    const metadata = { step: '3' };
    await expect(resume(encodeSafetensors(new Map(), metadata))).rejects.toThrow(
      "has no parameter 'kernel1', which the step carries",
    );
    const wrong = encodeSafetensors(new Map([['kernel1', value]]), metadata);
    await expect(resume(wrong)).rejects.toThrow(
      /kernel1 is float32 \[12, 8\], found a value of float32 \[1\]/,
    );
    const loop = await StepLoop.create(step, description, { initial, inputs });
    const values = new Map(
      Object.entries({ ...(await loop.weights()), ...(await loop.state()), more: value }),
    );
    await loop.dispose();
    await expect(resume(encodeSafetensors(values, metadata))).rejects.toThrow(
      "has 'more', which the step does not carry: it is of another step",
    );
  });
});

describe('writeWeights', () => {
  const file = stepPath('../models/digits_cnn/tensorflow.onnx');

  async function readFirst(): Promise<{ model: OnnxModel; tensor: ModelTensor; before: TensorValue }> {
    const model = await readModel(file);
    const tensor = model.tensors().find(({ dims, dtype }) => dims.length === 2 && dtype === 'float32');
    if (tensor === undefined) throw new Error('the model has no matrix');
    return { model, tensor, before: tensor.read() };
  }

  const scaled = (value: TensorValue, by: number): TensorValue => ({
    ...value,
    data: (value.data as Float32Array).map((x) => by * x),
  });

  test('writes by name, and by the names it is told', async () => {
    const { model, tensor, before } = await readFirst();
    writeWeights(model, { kernel: scaled(before, 2) }, { kernel: tensor.name });
    const again = OnnxModel.decode(model.encode());
    const found = again.tensors().find(({ name }) => name === tensor.name);
    expect(found?.read()).toEqual(scaled(before, 2));
    writeWeights(model, { [tensor.name]: before });
    expect(tensor.read()).toEqual(before);
  });

  test('writes none unless all fit', async () => {
    const { model, tensor, before } = await readFirst();
    const { name, dims } = tensor;
    const good = scaled(before, 2);
    const attempts: [Record<string, TensorValue>, Record<string, string>, RegExp][] = [
      [{ [name]: good, absent: good }, {}, /no weight of the model is named 'absent'; near are /],
      [{ [name]: { ...good, dims: dims.toReversed() } }, {}, /; the model's '.*' is float32 \(/],
      [{ [name]: { ...good, dtype: 'float64' } }, {}, / is float64 .*; the model's '.*' is float32 /],
      [{ [name]: good }, { kernel: 'a' }, /names has 'kernel', which is no weight; those are /],
    ];
    for (const [weights, names, message] of attempts) {
      expect(() => writeWeights(model, weights, names)).toThrow(message);
    }
    expect(tensor.read()).toEqual(before);
  });
});
