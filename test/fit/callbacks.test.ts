// Callbacks, and what a training may be told to do between epochs.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { StepLoop } from '../../src/node.js';
import {
  adam,
  buildTrainStep,
  type Callback,
  cosineDecay,
  csvLogger,
  dense,
  type FitOptions,
  input,
  l2,
  lambdaCallback,
  learningRateScheduler,
  modelCheckpoint,
  readTrainableModel,
  reduceLearningRateOnPlateau,
  sequential,
  sgd,
  terminateOnNaN,
  fit as train,
} from '../../src/train.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import {
  regressor as model,
  numbersIn as numbers,
  plane,
  trainPlane as run,
} from '../support/tinyTrainings.js';

const folder = temporaryFolder();
const { x, y } = plane;

test('a learning rate scheduler sets each rate and tells it', async () => {
  const { history } = await run({
    epochs: 3,
    callbacks: [learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2))],
  });
  expect(history.learning_rate).toEqual([0.05, 0.025, 0.0125]);
});

test('a schedule tells the rate of the last step, and cannot be set', async () => {
  const optimizer = sgd({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }) });
  const rates: number[] = [];
  const onEpochEnd: Callback['onEpochEnd'] = (_, __, context) => void rates.push(context.learningRate);
  await run({ optimizer, epochs: 2, callbacks: [{ onEpochEnd }] });
  rates.forEach((rate, i) => {
    expect(rate).toBeCloseTo(0.05 * (1 + Math.cos((Math.PI * (5 * (i + 1) - 1)) / 10)), 6);
  });
  await expect(run({ optimizer, callbacks: [learningRateScheduler(() => 1)] })).rejects.toThrow(
    /follows a schedule and cannot be set/,
  );
});

test('the logs of each epoch become a table in a file', async () => {
  const file = join(folder, 'log.csv');
  const { history } = await run({ epochs: 2, metrics: ['mae'], callbacks: [csvLogger({ file })] });
  expect(readFileSync(file, 'utf8')).toBe(
    [
      'epoch,loss,mae,val_loss,val_mae',
      `0,${history.loss?.[0]},${history.mae?.[0]},NA,NA`,
      `1,${history.loss?.[1]},${history.mae?.[1]},NA,NA`,
      '',
    ].join('\r\n'),
  );
});

test('checkpoints are files that Keras reads: named by epoch and logs, or the best alone', async () => {
  mkdirSync(join(folder, 'checkpoints'));
  const each = join(folder, 'checkpoints', 'each-{epoch:02d}-{loss:.2f}.keras');
  const best = join(folder, 'checkpoints', 'best.keras');
  const trained = model();
  const { history } = await run(
    {
      epochs: 3,
      callbacks: [
        modelCheckpoint({ file: each }),
        modelCheckpoint({ file: best, monitor: 'loss', saveBestOnly: true }),
      ],
    },
    trained,
  );
  const named = history.loss?.map((loss, i) => `each-0${i + 1}-${loss.toFixed(2)}.keras`) ?? [];
  expect(readdirSync(join(folder, 'checkpoints')).sort()).toEqual(['best.keras', ...named]);
  const read = await readTrainableModel(readFileSync(best));
  expect(numbers(read, 'dense/kernel')).toEqual(numbers(trained, 'dense/kernel'));
  const again = { optimizer: undefined, loss: undefined, batchSize: 8, shuffle: false } as const;
  const rest = await train(read, { x, y }, again);
  expect(rest.history).toEqual((await train(trained, { x, y }, again)).history);
});

test('checkpoints after every so many batches hold the weights of then', async () => {
  const seen: (readonly [iteration: number, weight: number])[] = [];
  await run({
    epochs: 2,
    callbacks: [
      modelCheckpoint({
        saveFrequency: 3,
        write: (own) => {
          seen.push([
            toFloat64(own.optimizerState[0] as TensorValue)[0] as number,
            numbers(own, 'dense/kernel')[0] as number,
          ]);
        },
      }),
    ],
  });
  expect(seen.map(([iteration]) => iteration)).toEqual([3, 6, 9]);
  expect(new Set(seen.map(([, weight]) => weight)).size).toBe(3);
});

test('a checkpoint that cannot be written is told, and the model keeps what it has learnt', async () => {
  const own = model();
  const before = numbers(own, 'dense/kernel');
  const file = join(folder, 'missing', 'best.keras');
  await expect(run({ callbacks: [modelCheckpoint({ file })] }, own)).rejects.toThrow(/missing/);
  expect(existsSync(file)).toBe(false);
  expect(numbers(own, 'dense/kernel')).not.toEqual(before);
});

describe('a loss that is no number', () => {
  const wild = { optimizer: sgd({ learningRate: 1e12 }), epochs: 4 };

  test('is thrown with the step that made it', async () => {
    await expect(run(wild)).rejects.toThrow(/loss of step \d+ is/);
  });

  test('ends the training quietly where a callback takes it', async () => {
    const { history, epoch } = await run({ ...wild, callbacks: [terminateOnNaN()] });
    expect(epoch).toEqual([0]);
    expect(history.loss).toEqual([Number.NaN]);
  });
});

test('callbacks are called in Keras’s order; a stop ends the epoch under way', async () => {
  const calls: string[] = [];
  const { epoch } = await run({
    epochs: 5,
    callbacks: [
      lambdaCallback({
        onTrainBegin: () => void calls.push('train begin'),
        onEpochBegin: (number) => void calls.push(`epoch ${number} begin`),
        onBatchBegin: (batch) => void calls.push(`batch ${batch} begin`),
        onBatchEnd: (batch, _, context) => {
          calls.push(`batch ${batch} end`);
          if (batch === 1) context.stop();
        },
        onEpochEnd: (number) => void calls.push(`epoch ${number} end`),
        onTrainEnd: () => void calls.push('train end'),
      }),
    ],
  });
  expect(epoch).toEqual([0]);
  expect(calls).toEqual([
    'train begin',
    'epoch 0 begin',
    'batch 0 begin',
    'batch 0 end',
    'batch 1 begin',
    'batch 1 end',
    'epoch 0 end',
    'train end',
  ]);
});

test('a training in two parts with an initial epoch is the training in one', async () => {
  const optimizer = adam({ learningRate: 0.02 });
  const whole = await run({ optimizer, epochs: 4, seed: 5 });
  const own = model();
  await run({ optimizer, epochs: 2, seed: 5 }, own);
  const rest = await train(own, { x, y }, { batchSize: 8, epochs: 4, initialEpoch: 2, seed: 5 });
  expect(rest.epoch).toEqual([2, 3]);
  expect(rest.history.loss).toEqual(whole.history.loss?.slice(2));
});

test('fewer samples than a batch are one short batch', async () => {
  const [few, exact] = [model(), model()];
  const data = { x: x.subarray(0, 15), y: y.subarray(0, 5) };
  const options = { optimizer: sgd({ learningRate: 0.05 }), loss: 'mse', shuffle: false };
  const short = await train(few, data, { ...options, batchSize: 32 });
  const fitting = await train(exact, data, { ...options, batchSize: 5 });
  expect(short.history.loss?.[0]).toBeCloseTo(fitting.history.loss?.[0] as number, 6);
});

test('a step for batches of one size refuses a shorter one', async () => {
  const step = buildTrainStep(model(), { optimizer: sgd(), loss: 'mse', batchSize: 32 });
  const parameters = Object.entries(step.parameters).map(([name, pair]) => [
    name,
    { ...pair, constraint: null },
  ]);
  const loop = await StepLoop.create(
    step.model,
    { parameters: Object.fromEntries(parameters) },
    { initial: step.initial, state: step.state, inputs: { learning_rate: 0.1 } },
  );
  try {
    const batch = { x: x.slice(0, 15), y: y.slice(0, 5) };
    await expect(loop.run([batch])).rejects.toThrow(/x.*\(32, 3\)/);
  } finally {
    await loop.dispose();
  }
});

test('a regularizer in TypeScript adds to the loss', async () => {
  const regularized = sequential([input({ shape: [3] }), dense({ units: 1, kernelRegularizer: l2(0.5) })]);
  const plain = sequential([input({ shape: [3] }), dense({ units: 1 })]);
  const still = { optimizer: sgd({ learningRate: 0 }), shuffle: false };
  const [with_, without] = [await run(still, regularized), await run(still, plain)];
  const penalty = 0.5 * numbers(plain, 'dense/kernel').reduce((sum, value) => sum + value ** 2, 0);
  expect((with_.history.loss?.[0] as number) - (without.history.loss?.[0] as number)).toBeCloseTo(penalty, 5);
});

describe('what is not known is refused by name', () => {
  const compile = (name: string, config: object, module = 'keras.optimizers') => ({
    module,
    class_name: name,
    config: config as Record<string, unknown>,
  });
  test.each<[string, FitOptions, RegExp]>([
    [
      'two limits',
      { optimizer: sgd({ clipnorm: 1, clipvalue: 1 }) },
      /only one of .*found clipnorm and clipvalue/,
    ],
    [
      'accumulation of one step',
      { optimizer: sgd({ gradientAccumulationSteps: 1 }) },
      /gradient_accumulation_steps.*a whole number from 2, found 1/,
    ],
    [
      'an average without measure',
      { optimizer: sgd({ useEma: true, emaMomentum: 2 }) },
      /ema_momentum.*from 0 to 1/,
    ],
    [
      'an unknown schedule',
      { optimizer: sgd({ learningRate: compile('Noam', {}) as never }) },
      /unknown learning rate schedule 'Noam'; known are ExponentialDecay/,
    ],
    [
      'a schedule without steps',
      { optimizer: sgd({ learningRate: cosineDecay({ initialLearningRate: 1, decaySteps: 0 }) }) },
      /decay_steps.*a number above 0, found 0/,
    ],
    [
      'an unknown setting',
      { optimizer: compile('Lion', { rho: 1 }) },
      /Lion has the setting 1 here.*known are/,
    ],
    [
      'a learning rate that is none',
      { optimizer: compile('SGD', { learning_rate: 'fast' }) },
      /learning_rate.*"fast"/,
    ],
    ['no reduction', { loss: compile('MeanSquaredError', { reduction: null }) }, /without a reduction/],
    ['another axis', { loss: compile('CosineSimilarity', { axis: 0 }) }, /axis.*must be -1, found 0/],
    [
      'a metric of other labels',
      { metrics: ['sparse_top_k_categorical_accuracy'] },
      /does not go with the loss/,
    ],
    ['an unknown weighted metric', { weightedMetrics: ['f1'] }, /weightedMetrics\[0\].*unknown metric 'f1'/],
    ['a class that is none', { classWeight: { [-1]: 2 } }, /classWeight: .*found -1: 2/],
    ['a weight below zero', { classWeight: { 0: -2 } }, /classWeight: .*found 0: -2/],
    [
      'an initial epoch behind the last',
      { initialEpoch: 1 },
      /initialEpoch .* below epochs, which is 1; found 1/,
    ],
    [
      'no such number',
      { callbacks: [reduceLearningRateOnPlateau()] },
      /there is no 'val_loss'; the logs have loss/,
    ],
    ['two places', { callbacks: [], validationSplit: 2 }, /validationSplit must leave samples/],
  ])('%s', async (_, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });

  test('weights of samples and of classes', async () => {
    const data = { x, y, sampleWeight: new Float32Array(40).fill(1) };
    await expect(
      train(model(), data, { optimizer: sgd(), loss: 'mse', classWeight: { 0: 1 } }),
    ).rejects.toThrow(/cannot be given both/);
  });

  test('an unknown regularizer, with its place', async () => {
    const own = { ...l2(), class_name: 'OrthogonalRegularizer' };
    expect(() => sequential([input({ shape: [3] }), dense({ units: 1, kernelRegularizer: own })])).toThrow(
      /kernel_regularizer.*unknown regularizer 'OrthogonalRegularizer'; known are L1, L2, L1L2/,
    );
  });

  test('callbacks without a place to write, or with two', () => {
    expect(() => csvLogger({})).toThrow(/file or write, one of them/);
    expect(() => modelCheckpoint({ file: 'a.keras', write: () => {} })).toThrow(/file or write, one of them/);
    expect(() => modelCheckpoint({ file: 'a.onnx' })).toThrow(/must end in .keras/);
    expect(() => reduceLearningRateOnPlateau({ factor: 1 })).toThrow(/factor is below 1, found 1/);
  });
});
