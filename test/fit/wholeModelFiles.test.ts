// Whole-model HDF5 files of compiled models: what they were compiled with, and trainings that Keras has done half.
import { readFileSync } from 'node:fs';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { StepLoop } from '../../src/node.js';
import {
  adam,
  cosineDecay,
  encodeKeras,
  readTrainableModel,
  sgd,
  type TrainableModel,
  fit as train,
} from '../../src/train.js';
import { readFitCase } from '../support/fitCases.js';
import { farFromKeras, followFit } from '../support/followFit.js';

const answered = readFitCase('autoencoder');
const file = new URL('../fixtures/fit/autoencoder/halfway.h5', import.meta.url);
const half = new Uint8Array(readFileSync(file));
/** A class of somebody's own, as archives name it. */
const own = { module: null, registered_name: 'mine>Own' };
const done = answered.losses.length / 2;
const [batch] = answered.batches.slice(done) as [{ readonly x: Float32Array; readonly y: Float32Array }];

test('goes on where Keras was, with the state of its optimizer', async () => {
  const rest = {
    ...answered,
    model: half,
    batches: answered.batches.slice(done),
    losses: answered.losses.slice(done),
  };
  expect(farFromKeras(await followFit(StepLoop, rest), rest)).toEqual([]);
});

test('has what the model was compiled with, weighted metrics too', async () => {
  const model = await readTrainableModel(half);
  expect(model.compileConfig).toMatchObject({
    optimizer: { class_name: 'Adam' },
    loss: 'mse',
    loss_weights: null,
    weighted_metrics: ['mae'],
  });
  const { history } = await train(model, batch);
  expect(Object.keys(history)).toEqual(['loss', 'mae']);
});

describe('saved as an archive', () => {
  const configOf = async (model: TrainableModel): Promise<string> =>
    strFromU8(unzipSync(await encodeKeras(model))['config.json'] as Uint8Array);

  test('says where each class is, without which Keras would not find them', async () => {
    const model = await readTrainableModel(half);
    const rate = { class_name: 'CosineDecay', config: { initial_learning_rate: 0.1, decay_steps: 4 } };
    model.compile({
      optimizer: { class_name: 'SGD', config: { learning_rate: rate } },
      loss: { class_name: 'Huber', config: {} },
      metrics: [
        { class_name: 'MeanSquaredError', config: {} },
        'mae',
        { ...own, class_name: 'Own', config: {} },
      ],
    });
    const config = JSON.parse(await configOf(model));
    expect(config).toMatchObject({ module: 'keras.src.models.functional', class_name: 'Functional' });
    expect(config.compile_config).toMatchObject({
      optimizer: {
        module: 'keras.optimizers',
        config: { learning_rate: { module: 'keras.optimizers.schedules', class_name: 'CosineDecay' } },
      },
      loss: { module: 'keras.losses', class_name: 'Huber' },
      metrics: [{ module: 'keras.metrics' }, 'mae', own],
      weighted_metrics: ['mae'],
    });
  });

  test('has floats where Keras takes no whole numbers', async () => {
    const model = await readTrainableModel(half);
    model.compile({ optimizer: sgd({ learningRate: 1, momentum: 0 }) });
    expect(await configOf(model)).toMatch(/"learning_rate":1\.0,"momentum":0\.0[,}]/);
    model.compile({
      optimizer: sgd({ learningRate: cosineDecay({ initialLearningRate: 1, decaySteps: 4 }) }),
    });
    expect(await configOf(model)).toMatch(/"initial_learning_rate":1\.0,"decay_steps":4[,}]/);
  });
});

describe('state that is not as Keras 3 keeps it is refused, unless an optimizer is given', () => {
  test.each([
    ['of another optimizer', (state: readonly object[]) => state.slice(0, 4), adam()],
    [
      'without the learning rate',
      ([iteration, , ...slots]: readonly object[]) => [iteration, ...slots],
      adam(),
    ],
    ['without it, of a single slot', ([iteration, , slot]: readonly object[]) => [iteration, slot], sgd()],
  ])('%s', async (_, change, optimizer) => {
    const model = await readTrainableModel(half);
    model.optimizerState = change(model.optimizerState) as typeof model.optimizerState;
    model.compile({ optimizer });
    await expect(train(model, batch)).rejects.toThrow(
      /^optimizer\/vars: the file holds the state of another optimizer: .*; give an optimizer to start anew$/,
    );
    await train(model, batch, { optimizer });
    expect(model.optimizerState[0]?.data[0]).toEqual(1);
  });
});
