// What does not go with the outputs of a model is refused by name, with what was found and what is accepted.
import { describe, expect, test } from 'vitest';
import { dense, input, modelFromConfig, sequential, fit as train } from '../../src/train.js';

/** Outputs that are not in the order of the alphabet. */
const outputs = ['value', 'class'];
const config = (output_layers: unknown) => ({
  class_name: 'Functional',
  config: {
    name: 'model',
    layers: [
      {
        class_name: 'InputLayer',
        name: 'x',
        config: { name: 'x', batch_shape: [null, 3] },
        inbound_nodes: [],
      },
      ...outputs.map((name) => ({
        class_name: 'Dense',
        name,
        config: { name, units: 2 },
        inbound_nodes: [[['x', 0, 0, {}]]],
      })),
    ],
    input_layers: [['x', 0, 0]],
    output_layers,
  },
});
const refs = outputs.map((name) => [name, 0, 0]);
const [x, y] = [new Float32Array(6), new Float32Array(4)];
const both = { value: y, class: y };
const sparse = 'sparse_categorical_crossentropy';
const losses = { value: 'mse', class: sparse };

describe('options that do not fit two outputs', () => {
  const model = () => modelFromConfig({ ...config(refs), compile_config: { optimizer: 'sgd' } });
  test.each<[string, object, string | RegExp]>([
    [
      'a list that is too short',
      { loss: ['mse'] },
      'loss: is a list of 1, for the outputs value, class; give one for each',
    ],
    [
      'a wrong name',
      { loss: { ...losses, other: 'mse' } },
      "loss: there is no output 'other' to give it for; there are the outputs value, class",
    ],
    [
      'a missing output',
      { loss: { value: 'mse' } },
      'loss: there is nothing for class; give a loss, or null, for each of value, class',
    ],
    [
      'no loss at all',
      { loss: [null, null] },
      'loss: no output has a loss; the model has the outputs value, class',
    ],
    [
      'an unknown loss of one',
      { loss: { ...losses, class: 'hinges' } },
      /^loss\.class: unknown loss 'hinges'/,
    ],
    ['a loss that is no class', { loss: ['mse', 3] }, /^loss\[1\]: the model: must be a name, or an object/],
    [
      'several weights of one loss',
      { loss: 'mse', lossWeights: [1, 2] },
      'lossWeights: one loss for all outputs takes one weight; give a loss for each of value, class',
    ],
    [
      'one weight of several losses',
      { loss: losses, lossWeights: 2 },
      'lossWeights: must be a list or an object, with a number for each of value, class; found 2',
    ],
    [
      'too many weights',
      { loss: losses, lossWeights: [1, 2, 3] },
      'lossWeights: is a list of 3, for the outputs value, class; give one for each',
    ],
    [
      'a weight that is missing',
      { loss: losses, lossWeights: { value: 2 } },
      'lossWeights: there is nothing for class; give a number for each of value, class',
    ],
    [
      'a weight that is no number',
      { loss: losses, lossWeights: { value: 2, class: '3' } },
      'lossWeights.class: must be a number, found "3"',
    ],
    [
      'weights by name of losses in a list, which Keras mistakes',
      { loss: ['mse', sparse], lossWeights: { value: 1, class: 2 } },
      /^lossWeights: the losses are a list, .* give both as lists, or both by name$/,
    ],
    [
      'metrics of one output alone',
      { loss: losses, metrics: ['mae'] },
      'metrics: is a list of 1, for the outputs value, class; give one for each',
    ],
    [
      'metrics of no output',
      { loss: losses, weightedMetrics: { other: ['mae'] } },
      "weightedMetrics: there is no output 'other' to give it for; there are the outputs value, class",
    ],
    [
      'a metric that is no list',
      { loss: losses, metrics: 'mae' },
      'metrics: must be a list, or an object by the names of outputs, found "mae"',
    ],
    [
      'a metric of other labels',
      { loss: losses, metrics: { class: ['mae'] } },
      /^metrics\.class\[0\]: MeanAbsoluteError does not go with the loss/,
    ],
    [
      'accuracy without a loss',
      { loss: ['mse', null], metrics: [[], 'accuracy'] },
      /^metrics\[1\]: the output 'class' has no loss, .* name the accuracy that is meant/,
    ],
    [
      'weights of classes',
      { loss: losses, classWeight: { 0: 2 } },
      'classWeight has no use here: the model has the outputs value, class; give sampleWeight',
    ],
  ])('%s', async (_, options, wanted) => {
    await expect(train(model(), { x, y: both }, options as never)).rejects.toThrow(
      typeof wanted === 'string' ? new RegExp(`^${wanted.replace(/[()[\].]/g, '\\$&')}$`) : wanted,
    );
  });
});

describe('data that do not fit two outputs', () => {
  const model = () => modelFromConfig(config(refs));
  const labels = { value: y, class: Int32Array.of(0, 1) };
  const weights = Float32Array.of(1, 2);
  test.each<[string, object, string | RegExp]>([
    [
      'one array',
      { y },
      'y: the model has the outputs value, class; give an object with an array of each, or a list',
    ],
    ['a missing output', { y: { value: y } }, /^y_class: give a typed array, .*; found nothing$/],
    [
      'a wrong name',
      { y: { ...labels, other: y } },
      "y: there is no output 'other' to give it for; there are the outputs value, class",
    ],
    [
      'a list that is too long',
      { y: [y, y, y] },
      'y: is a list of 3, for the outputs value, class; give one for each',
    ],
    [
      'a label out of range',
      { y: { ...labels, class: Int32Array.of(0, 2) } },
      'y_class: label 2 of sample 1 is out of range; the model has 2 classes, 0 to 1',
    ],
    ['too few labels', { y: { ...labels, class: Int32Array.of(0) } }, 'x has 2 samples, y_class 1'],
    [
      'weights of a wrong name',
      { y: labels, sampleWeight: { other: weights } },
      "sampleWeight: there is no output 'other' to give it for; there are the outputs value, class",
    ],
    [
      'a list of weights that is too short',
      { y: labels, sampleWeight: [weights] },
      'sampleWeight: is a list of 1, for the outputs value, class; give one for each',
    ],
    [
      'too many weights',
      { y: labels, sampleWeight: { class: new Float32Array(3) } },
      'x has 2 samples, sample_weight_class 3',
    ],
  ])('%s', async (_, data, wanted) => {
    await expect(train(model(), { x, ...data } as never, { optimizer: 'sgd', loss: losses })).rejects.toThrow(
      wanted,
    );
  });

  test('labels alone are enough for the outputs that take some', async () => {
    const options = { optimizer: 'sgd', loss: ['mse', null] };
    for (const given of [y, [y], [y, null], { value: y }, both]) {
      const { history } = await train(model(), { x, y: given } as never, options);
      expect(Object.keys(history)).toEqual(['loss']);
    }
  });
});

test('outputs that Keras calls by one name take lists alone', async () => {
  const twins = modelFromConfig(config([refs[0], refs[0]]));
  expect(twins.outputNames).toEqual(['value', 'value_1']);
  await expect(
    train(twins, { x, y: [y, y] }, { optimizer: 'sgd', loss: { value: 'mse', value_1: 'mae' } }),
  ).rejects.toThrow(/^loss: several outputs of the model have one name, .* give a list for value, value_1$/);
});

describe('a model with one output', () => {
  const model = () => sequential([input({ shape: [3] }), dense({ units: 2 })]);
  test.each<[string, object, string]>([
    ['losses', { loss: ['mse', 'mae'] }, 'loss: is a list of 2, for the output dense; give one for each'],
    [
      'a loss by name, where Keras has no names',
      { loss: { dense: 'mse' } },
      'loss: Keras takes no loss by name for a Sequential model; give the loss alone',
    ],
    [
      'metrics of another output',
      { loss: 'mse', metrics: { other: ['mae'] } },
      "metrics: there is no output 'other' to give it for; there is the output dense",
    ],
    [
      'weights of losses',
      { loss: 'mse', lossWeights: [1, 2] },
      'lossWeights: is a list of 2, for the output dense; give one for each',
    ],
  ])('refuses %s', async (_, options, wanted) => {
    await expect(train(model(), { x, y }, { optimizer: 'sgd', ...options } as never)).rejects.toThrow(wanted);
  });

  test('takes the loss, its weight and metrics in a list, and the weight alone', async () => {
    const options = { optimizer: 'sgd', epochs: 2 };
    const labels = y.map((_, i) => i);
    const trained = async (given: object) =>
      (await train(model(), { x, y: labels }, { ...options, ...given })).history;
    const plain = await trained({ loss: 'mse', metrics: ['mae'] });
    expect(await trained({ loss: ['mse'], metrics: [['mae']] })).toEqual(plain);
    expect(await trained({ loss: 'mse', metrics: { dense: 'mae' } })).toEqual(plain);
    const heavy = await trained({ loss: 'mse', lossWeights: 2 });
    expect(heavy.loss?.[0]).toBeCloseTo(2 * (plain.loss?.[0] as number), 5);
    expect(await trained({ loss: ['mse'], lossWeights: [2] })).toEqual(heavy);
    expect(await trained({ loss: 'mse', lossWeights: { dense: 2 } })).toEqual(heavy);
  });

  test('takes a loss by its name, where it has one', async () => {
    const functional = () => modelFromConfig(config([refs[0]]));
    const trained = async (loss: object | string) =>
      (await train(functional(), { x, y }, { optimizer: 'sgd', loss } as never)).history;
    expect(await trained({ value: 'mse' })).toEqual(await trained('mse'));
    await expect(trained({ other: 'mse' })).rejects.toThrow(
      "loss: there is no output 'other' to give it for; there is the output value",
    );
  });
});
