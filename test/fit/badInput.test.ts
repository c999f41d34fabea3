// What cannot be trained is refused by name, with what was found and what is accepted; the model is as before.
import { describe, expect, test } from 'vitest';
import { modelFromConfig, sgd, fit as train } from '../../src/train.js';
import { classifier, quadrants } from '../support/tinyTrainings.js';

/** A model of two inputs, as Keras writes it. */
const functional = JSON.stringify({
  class_name: 'Functional',
  config: {
    name: 'two',
    layers: [
      ...['left', 'right'].map((name) => ({
        class_name: 'InputLayer',
        name,
        config: { name, batch_shape: [null, 2] },
        inbound_nodes: [],
      })),
      {
        class_name: 'Add',
        name: 'add',
        config: { name: 'add' },
        inbound_nodes: [
          [
            ['left', 0, 0, {}],
            ['right', 0, 0, {}],
          ],
        ],
      },
      {
        class_name: 'Dense',
        name: 'out',
        config: { name: 'out', units: 1 },
        inbound_nodes: [[['add', 0, 0, {}]]],
      },
    ],
    input_layers: [
      ['left', 0, 0],
      ['right', 0, 0],
    ],
    output_layers: [['out', 0, 0]],
  },
});

const logits = { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } };

describe('bad input is refused by name', () => {
  const { x, y } = quadrants(8);
  const options = { optimizer: sgd(), loss: logits };
  test.each([
    [
      'samples of another size',
      { x: x.slice(1), y },
      options,
      /x: each sample has shape \(2,\), so 2 numbers; found 15/,
    ],
    ['labels that are too few', { x, y: y.slice(1) }, options, /x has 8 samples, y 7/],
    [
      'a label out of range',
      { x, y: Int32Array.of(0, 1, 2, 3, 4, 0, 0, 0) },
      options,
      /label 4 of sample 4 .* 0 to 3/,
    ],
    [
      'a label that is no whole number',
      { x, y: Float32Array.of(0, 0.5, 0, 0, 0, 0, 0, 0) },
      options,
      /element 1 is 0.5/,
    ],
    ['NaN', { x: x.with(3, Number.NaN), y }, options, /x: element 3 is NaN, in sample 1/],
    [
      'a misspelled key',
      { x, y, sampleWeights: y },
      options,
      /unknown key 'sampleWeights'; accepted are x, y/,
    ],
    ['labels in a list', { x, y: [1, 2] }, options, /y: give a typed array, .* found a list/],
    ['samples in a view of bytes', { x: new DataView(x.buffer), y }, options, /x: give a typed array/],
    [
      'validation data, by the name of the option',
      { x, y },
      { ...options, validationData: { x, y: y.slice(1) } },
      /^validationData: x has 8 samples, y 7$/,
    ],
    ['an unknown loss', { x, y }, { ...options, loss: 'hinges' }, /unknown loss 'hinges'; known are/],
    [
      'an unknown optimizer',
      { x, y },
      { ...options, optimizer: 'sgdm' },
      /unknown optimizer 'sgdm'; known are SGD/,
    ],
    ['an unknown metric', { x, y }, { ...options, metrics: ['f1'] }, /metrics\[0\].*unknown metric 'f1'/],
    ['no loss', { x, y }, { optimizer: sgd() }, /with which loss/],
    ['no epochs', { x, y }, { ...options, epochs: 0 }, /epochs must be a whole number from 1/],
    ['an unknown option', { x, y }, { ...options, epoch: 1 }, /no option 'epoch'/],
  ])('%s', async (_, data, given, message) => {
    const model = classifier();
    const before = structuredClone([...model.weights]);
    await expect(train(model, data as never, given as never)).rejects.toThrow(message);
    expect([...model.weights]).toEqual(before);
    expect(model.optimizerState).toEqual([]);
    expect(model.compileConfig).toBeUndefined();
  });

  test('samples of several inputs that come as one array', async () => {
    const graph = JSON.parse(functional) as object;
    await expect(train(modelFromConfig(graph), { x, y: Float32Array.of(1) }, options)).rejects.toThrow(
      /^x: the model has the inputs left, right; give an object with an array of each$/,
    );
    await expect(
      train(modelFromConfig(graph), { x: { left: x }, y: Float32Array.of(1) }, { ...options, loss: 'mse' }),
    ).rejects.toThrow(/^right: give a typed array, .*; found an object with left$/);
  });
});
