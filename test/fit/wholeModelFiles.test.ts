// Whole-model HDF5 files of compiled models: what they were compiled with, and trainings that Keras has done half.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { StepLoop } from '../../src/node.js';
import { adam, readTrainableModel, sgd, fit as train } from '../../src/train.js';
import { readFitCase } from '../support/fitCases.js';
import { farFromKeras, followFit } from '../support/followFit.js';

const answered = readFitCase('autoencoder');
const file = new URL('../fixtures/fit/autoencoder/halfway.h5', import.meta.url);
const half = new Uint8Array(readFileSync(file));
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
