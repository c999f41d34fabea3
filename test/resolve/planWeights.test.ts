// Plans for files of named weights, with constraints that a rule gives.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Constraint, MaxNorm, maxNorm } from '../../src/constraints/index.js';
import { openKerasWeights } from '../../src/keras/kerasWeights.js';
import { planWeights, variablesByRule } from '../../src/resolve/planWeights.js';
import { openSafetensors } from '../../src/safetensors/safetensorsFile.js';
import { fixturePath } from '../support/fixtureModels.js';

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));
const kernels = (name: string, dims: readonly number[]): Constraint | undefined =>
  name.endsWith('kernel') && dims.length === 2 ? maxNorm(1) : undefined;

test('a rule constrains the weights of a safetensors file', () => {
  const file = openSafetensors(read('digits_cnn/constrained_before.safetensors'));
  const { plan } = planWeights(file, variablesByRule(file, kernels));
  expect(plan.entries.map(({ variable, status }) => [variable.path, status])).toEqual([
    ['hidden/kernel', 'resolved'],
    ['logits/kernel', 'resolved'],
  ]);
});

test("a rule takes the place of a Keras file's own constraints", async () => {
  const { weights, model } = await openKerasWeights(read('digits_cnn/model.keras'));
  const { plan } = planWeights(weights, variablesByRule(weights, kernels, model));
  expect(plan.entries.map(({ variable }) => variable.path)).toEqual(['hidden/kernel', 'logits/kernel']);
  expect(plan.entries.every(({ constraint }) => constraint instanceof MaxNorm)).toBe(true);
});

test('an axis that a weight does not have is refused by name', () => {
  const file = openSafetensors(read('digits_cnn/constrained_before.safetensors'));
  const { plan } = planWeights(
    file,
    variablesByRule(file, () => maxNorm({ maxValue: 1, axis: 1 })),
  );
  const unresolved = plan.entries.filter(({ status }) => status === 'unresolved');
  expect(unresolved.map(({ variable }) => variable.path).sort()).toEqual(['conv_a/bias', 'hidden/bias']);
  expect(unresolved[0]?.reason).toContain('axis 1');
});

test('what is written is read again, and is in the encoded file', async () => {
  const bytes = read('digits_cnn/constrained_before.safetensors');
  const file = openSafetensors(bytes);
  const { plan, encode } = planWeights(file, variablesByRule(file, kernels));
  const tensor = plan.entries[0]?.tensors[0]?.tensor;
  const value = {
    dtype: 'float32',
    dims: tensor?.dims ?? [],
    data: new Float32Array(128 * 64).fill(2),
  } as const;
  tensor?.write(value);
  expect(tensor?.read()).toEqual(value);
  const again = openSafetensors(await encode()).weights.find(({ name }) => name === tensor?.name);
  expect(again?.read()).toEqual(value);
  expect(
    openSafetensors(bytes)
      .weights.find(({ name }) => name === tensor?.name)
      ?.read(),
  ).not.toEqual(value);
});

test('a variable that cannot be constrained is unresolved with the reason, before it is frozen', async () => {
  const { weights, model } = await openKerasWeights(read('digits_cnn/model.keras'));
  const variables = model.variables.map((variable) => ({
    ...variable,
    trainable: false,
    refusal: 'it is packed',
  }));
  const { plan } = planWeights(weights, variables);
  expect(plan.entries.map(({ status, reason }) => [status, reason])).toEqual(
    Array(6).fill(['unresolved', 'it is packed']),
  );
});
