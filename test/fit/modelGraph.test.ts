// How Keras writes that layers are joined: calls by number, inputs by name, what a layer is called with.
import { expect, test } from 'vitest';
import { modelFromConfig, predict } from '../../src/train.js';

/** Doubles what it takes when its weights are ones: a model of one layer of two units. */
const inner = (className: 'Functional' | 'Sequential', name: string) => ({
  class_name: className,
  name,
  config: {
    name,
    layers: [
      {
        class_name: 'InputLayer',
        name: 'in',
        config: { name: 'in', batch_shape: [null, 2] },
        inbound_nodes: [],
      },
      {
        class_name: 'Dense',
        name: 'd',
        config: { name: 'd', units: 2, kernel_initializer: 'ones' },
        inbound_nodes: [[['in', 0, 0, {}]]],
      },
    ],
    input_layers: [['in', 0, 0]],
    output_layers: [['d', 0, 0]],
  },
});

/** @param inputs what input_layers holds, @param output what output_layers holds */
const outer = (layers: readonly object[], output: unknown, inputs: unknown = [['x', 0, 0]]) => ({
  class_name: 'Functional',
  config: {
    name: 'outer',
    layers: [
      {
        class_name: 'InputLayer',
        name: 'x',
        config: { name: 'x', batch_shape: [null, 2] },
        inbound_nodes: [],
      },
      ...layers,
    ],
    input_layers: inputs,
    output_layers: output,
  },
});

/** A call as Keras 3 writes it. */
const call = (layer: string, node: number, kwargs: object = {}) => ({
  args: [{ class_name: '__keras_tensor__', config: { keras_history: [layer, node, 0] } }],
  kwargs,
});

const predictions = async (config: object): Promise<number[]> =>
  Array.from((await predict(modelFromConfig(config), Float32Array.of(1, 2))).data as Float32Array);

test.each(['Functional', 'Sequential'] as const)(
  'Keras 2 numbers the calls of a %s model from 1, wherever it names them',
  async (className) => {
    const first = { ...inner(className, 'a'), inbound_nodes: [[['x', 0, 0, {}]], [['a', 1, 0, {}]]] };
    const second = { ...inner(className, 'b'), inbound_nodes: [[['a', 2, 0, {}]]] };
    expect(await predictions(outer([first, second], [['b', 1, 0]]))).toEqual([12, 12]);
    expect(await predictions(outer([first, second], [['a', 1, 0]]))).toEqual([3, 3]);
  },
);

test.each([
  ['Functional', 1],
  ['Sequential', 0],
] as const)(
  'Keras 3 numbers the outputs of a %s model from %i, and from 0 what calls take',
  async (className, from) => {
    const first = { ...inner(className, 'a'), inbound_nodes: [call('x', 0), call('a', 0)] };
    const second = { ...inner(className, 'b'), inbound_nodes: [call('a', 1)] };
    expect(await predictions(outer([first, second], ['b', from, 0]))).toEqual([12, 12]);
    expect(await predictions(outer([first, second], ['a', from, 0]))).toEqual([3, 3]);
  },
);

test('inputs and outputs may be given by name', async () => {
  const layer = { ...inner('Functional', 'a'), inbound_nodes: [call('x', 0)] };
  expect(await predictions(outer([layer], { out: ['a', 1, 0] }, { data: ['x', 0, 0] }))).toEqual([3, 3]);
});

test('what Keras 3 notes of training with a call says nothing; Keras 2 goes by it, so that it is refused', async () => {
  const layer = inner('Functional', 'a');
  for (const training of [true, false, null]) {
    const noted = { ...layer, inbound_nodes: [call('x', 0, { training })] };
    expect(await predictions(outer([noted], ['a', 1, 0]))).toEqual([3, 3]);
  }
  const given = { ...layer, inbound_nodes: [[['x', 0, 0, { training: false }]]] };
  expect(() => modelFromConfig(outer([given], ['a', 1, 0]))).toThrow(
    /^config.layers\[1\].inbound_nodes\[0\]: Functional a is called with the argument training, which is not known$/,
  );
  const other = { ...layer, inbound_nodes: [call('x', 0, { training: 'yes' })] };
  expect(() => modelFromConfig(outer([other], ['a', 1, 0]))).toThrow(/the argument training/);
});

test('operators on tensors are layers; what else a layer is called with is refused by its name', async () => {
  const add = { class_name: 'Add', name: 'add', config: { name: 'add' } };
  const [tensor] = call('x', 0).args;
  const sum = { ...add, inbound_nodes: [{ args: [tensor, tensor], kwargs: {} }] };
  expect(await predictions(outer([sum], ['add', 0, 0]))).toEqual([2, 4]);
  const shifted = { ...add, inbound_nodes: [{ args: [tensor, 3], kwargs: {} }] };
  expect(() => modelFromConfig(outer([shifted], ['add', 0, 0]))).toThrow(
    /^config.layers\[1\].inbound_nodes\[0\]: Add add is called with 3; known are results of other layers$/,
  );
});
