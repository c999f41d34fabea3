// Plans for files of named weights: by rules, and by the constraints of a Keras model.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openKerasWeights } from '../../src/keras/kerasWeights.js';
import { openTensors, planWeights } from '../../src/resolve/planWeights.js';
import { resolveRules } from '../../src/resolve/resolveRules.js';
import { parseRules } from '../../src/resolve/rules.js';
import { openSafetensors } from '../../src/safetensors/safetensorsFile.js';
import { fixturePath } from '../support/fixtureModels.js';

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));
const rules = (match: string, config: object): ReturnType<typeof parseRules> =>
  parseRules({ constraints: [{ match, constraint: { class_name: 'MaxNorm', config } }] });

test('rules constrain the weights of a safetensors file', () => {
  const { tensors } = openTensors(openSafetensors(read('digits_cnn/constrained_before.safetensors')));
  const { entries } = resolveRules({ tensors: () => tensors }, rules('{hidden,logits}/kernel', { axis: 0 }));
  expect(entries.map(({ variable, status }) => [variable.path, status])).toEqual([
    ['hidden/kernel', 'resolved'],
    ['logits/kernel', 'resolved'],
  ]);
});

test('an axis that a weight does not have is refused by name', () => {
  const { tensors } = openTensors(openSafetensors(read('digits_cnn/constrained_before.safetensors')));
  const { entries } = resolveRules({ tensors: () => tensors }, rules('**', { axis: 1 }));
  const unresolved = entries.filter(({ status }) => status === 'unresolved');
  expect(unresolved.map(({ variable }) => variable.path).sort()).toEqual(['conv_a/bias', 'hidden/bias']);
  expect(unresolved[0]?.reason).toContain('axis 1');
});

test('what is written is read again, and is in the encoded file', async () => {
  const bytes = read('digits_cnn/constrained_before.safetensors');
  const { tensors, encode } = openTensors(openSafetensors(bytes));
  const tensor = tensors.find(({ name }) => name === 'hidden/kernel');
  const value = { dtype: 'float32', dims: [128, 64], data: new Float32Array(128 * 64).fill(2) } as const;
  tensor?.write(value);
  expect(tensor?.read()).toEqual(value);
  const stored = (file: Uint8Array): unknown =>
    openSafetensors(file)
      .weights.find(({ name }) => name === 'hidden/kernel')
      ?.read();
  expect(stored(await encode())).toEqual(value);
  expect(stored(bytes)).not.toEqual(value);
});

test('a variable that cannot be constrained is unresolved with the reason, before it is frozen', async () => {
  const { weights, model } = await openKerasWeights(read('digits_cnn/model.keras'));
  const variables = model.variables.map((variable) => ({
    ...variable,
    trainable: false,
    refusal: 'it is packed',
  }));
  const plan = planWeights(openTensors(weights).tensors, variables);
  expect(plan.entries.map(({ status, reason }) => [status, reason])).toEqual(
    Array(6).fill(['unresolved', 'it is packed']),
  );
});
