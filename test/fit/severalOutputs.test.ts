// Models with several outputs are refused by their outputs' names, wherever they would be run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromFloat64 } from '../../src/graph/numbers.js';
import { encodeSafetensors } from '../../src/safetensors/encodeSafetensors.js';
import {
  buildTrainStep,
  dense,
  encodeInference,
  evaluate,
  input,
  modelFromConfig,
  predict,
  sequential,
  fit as train,
} from '../../src/train.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
/** As Keras writes a model whose losses are given by output. */
const config = {
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
      ...['class', 'value'].map((name) => ({
        class_name: 'Dense',
        name,
        config: { name, units: 2 },
        inbound_nodes: [[['x', 0, 0, {}]]],
      })),
    ],
    input_layers: [['x', 0, 0]],
    output_layers: [
      ['class', 0, 0],
      ['value', 0, 0],
    ],
  },
  compile_config: { optimizer: 'sgd', loss: ['mse', 'mae'], loss_weights: [1, 2], metrics: null },
};
const message =
  'the model has the outputs class, value; a model with one output can be trained, evaluated and run here';
const [x, y] = [new Float32Array(6), new Float32Array(4)];

test('in every function', async () => {
  const model = modelFromConfig(config);
  await expect(train(model, { x, y })).rejects.toThrow(message);
  await expect(evaluate(model, { x, y })).rejects.toThrow(message);
  await expect(predict(model, x)).rejects.toThrow(message);
  expect(() => buildTrainStep(model, { optimizer: 'sgd', loss: 'mse' })).toThrow(message);
  expect(() => encodeInference(model)).toThrow(message);
});

test('in the command, with the file', async () => {
  const file = join(folder, 'two.json');
  writeFileSync(file, JSON.stringify(config));
  const data = join(folder, 'data.safetensors');
  const tensors = { x: fromFloat64(x, 'float32', [2, 3]), y: fromFloat64(y, 'float32', [2, 2]) };
  writeFileSync(data, encodeSafetensors(new Map(Object.entries(tensors))));
  const out = join(folder, 'trained.keras');
  const { code, stderr } = await runCli('fit', file, '--data', data, '--out', out);
  expect(stderr).toBe(`error: ${file}: ${message}\n`);
  expect(code).toBe(2);
});

describe('what is given by output to a model with one is refused by its place', () => {
  const model = () => sequential([input({ shape: [3] }), dense({ units: 2 })]);
  test.each<[string, object, RegExp]>([
    [
      'losses',
      { loss: ['mse', 'mae'] },
      /^loss: is a list, one for each output; give one, for the one output$/,
    ],
    [
      'a loss by name',
      { loss: { dense: 'mse' } },
      /^loss: the model: must be a name, or an object with class/,
    ],
    [
      'metrics by output',
      { loss: 'mse', metrics: [['mae']] },
      /^metrics: .* a list here, for the one output$/,
    ],
    [
      'weights of losses',
      { loss: 'mse', lossWeights: [1] },
      /^there is no option 'lossWeights'; accepted are/,
    ],
  ])('%s', async (_, options, wanted) => {
    const data = { x, y };
    await expect(train(model(), data, { optimizer: 'sgd', ...options } as never)).rejects.toThrow(wanted);
  });
});
