// Training through the entry point: epochs, short batches, validation, callbacks, and what the model holds afterwards.
import { describe, expect, test } from 'vitest';
import { maxNorm } from '../../src/constraints/index.js';
import {
  adam,
  batchNormalization,
  conv2d,
  dense,
  dropout,
  earlyStopping,
  evaluate,
  flatten,
  input,
  maxPooling2d,
  predict,
  sequential,
  sgd,
  fit as train,
} from '../../src/train.js';
import { Random } from '../support/random.js';
import { norms } from '../support/reference.js';
import { classifier, numbersIn as numbers, quadrants } from '../support/tinyTrainings.js';

const logits = { class_name: 'SparseCategoricalCrossentropy', config: { from_logits: true } };

test('a classifier learns, under its constraints, and tells loss and accuracy of each epoch', async () => {
  const model = classifier();
  const { history } = await train(model, quadrants(203), {
    optimizer: adam({ learningRate: 0.02 }),
    loss: logits,
    metrics: ['accuracy'],
    epochs: 30,
    batchSize: 16,
    validationSplit: 0.2,
  });
  expect(Object.keys(history)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
  expect(history.loss?.length).toBe(30);
  expect(history.accuracy?.at(-1)).toBeGreaterThan(0.9);
  expect(history.val_accuracy?.at(-1)).toBeGreaterThan(0.8);
  expect(Math.max(...norms(numbers(model, 'dense/kernel'), [2, 16], 0).values)).toBeLessThan(
    0.9 * (1 + 1e-5),
  );
  expect(Math.min(...numbers(model, 'dense_1/kernel'))).toBeGreaterThanOrEqual(0);
});

test('the same seed gives the same training, another one another', async () => {
  const losses = async (seed: number): Promise<unknown> => {
    const options = { optimizer: sgd({ learningRate: 0.1 }), loss: logits, epochs: 2, batchSize: 8, seed };
    return (await train(classifier(), quadrants(40), options)).history.loss;
  };
  const [first, again, other] = [await losses(1), await losses(1), await losses(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('the last short batch counts by its samples', async () => {
  const data = quadrants(21);
  const still = {
    optimizer: sgd({ learningRate: 0 }),
    loss: logits,
    batchSize: 8,
    shuffle: false,
    constraints: false,
  };
  const model = classifier();
  const { history } = await train(model, data, still);
  const whole = await evaluate(model, data, { loss: logits, batchSize: 21 });
  expect(history.loss?.[0]).toBeCloseTo(whole.loss as number, 5);
});

test('a second training goes on where the first ended', async () => {
  const data = quadrants(32);
  const options = { batchSize: 8, shuffle: false };
  const compiled = { optimizer: adam({ learningRate: 0.05 }), loss: logits };
  const [once, twice] = [classifier(), classifier()];
  const whole = await train(once, data, { ...compiled, ...options, epochs: 4 });
  await train(twice, data, { ...compiled, ...options, epochs: 2 });
  const rest = await train(twice, data, { ...options, epochs: 2 });
  expect(rest.history.loss).toEqual(whole.history.loss?.slice(2));
});

describe('a convolutional model', () => {
  const model = sequential([
    input({ shape: [6, 6, 1] }),
    conv2d({
      filters: 4,
      kernelSize: 3,
      padding: 'same',
      kernelConstraint: maxNorm({ maxValue: 1, axis: [0, 1, 2] }),
    }),
    batchNormalization(),
    maxPooling2d(),
    dropout({ rate: 0.25 }),
    flatten(),
    dense({ units: 2, activation: 'softmax' }),
  ]);
  const random = new Random(3);
  const y = Int32Array.from({ length: 48 }, (_, i) => i % 2);
  const x = Float32Array.from(
    { length: 48 * 36 },
    (_, i) => random.next() + ((i % 6 < 3 ? 1 : 0) ^ ((i / 36) & 1)),
  );

  test('trains, and its running statistics move', async () => {
    const { history } = await train(
      model,
      { x, y },
      {
        optimizer: adam({ learningRate: 0.02 }),
        loss: 'sparse_categorical_crossentropy',
        epochs: 15,
        batchSize: 16,
        validationData: { x, y },
      },
    );
    expect(history.loss?.at(-1)).toBeLessThan((history.loss?.[0] as number) / 2);
    expect(Math.max(...numbers(model, 'batch_normalization/moving_mean').map(Math.abs))).toBeGreaterThan(
      0.01,
    );
  });

  test('predicts probabilities that do not depend on the batch', async () => {
    const [small, large] = [
      await predict(model, x, { batchSize: 5 }),
      await predict(model, x, { batchSize: 48 }),
    ];
    expect(small.dims).toEqual([48, 2]);
    (large.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - (small.data[i] as number))).toBeLessThan(1e-6);
    });
    expect((small.data[0] as number) + (small.data[1] as number)).toBeCloseTo(1, 6);
  });
});

test('callbacks see logs, set the learning rate and stop', async () => {
  const rates: number[] = [];
  const { epoch } = await train(classifier(), quadrants(16), {
    optimizer: sgd({ learningRate: 0 }),
    loss: logits,
    epochs: 9,
    callbacks: [
      earlyStopping({ monitor: 'loss', patience: 2 }),
      {
        onEpochBegin: (_, context) => {
          rates.push(context.learningRate);
        },
      },
    ],
  });
  expect(epoch).toEqual([0, 1, 2]);
  expect(rates).toEqual([0, 0, 0]);
});

test('an abort ends the training between two steps; the model is as after the last whole one', async () => {
  const options = { optimizer: adam({ learningRate: 0.1 }), loss: logits, batchSize: 8, shuffle: false };
  const [model, once, whole] = [classifier(), classifier(), classifier()];
  const controller = new AbortController();
  const reason = new Error('the user has left');
  const callbacks = [{ onBatchEnd: (batch: number) => (batch === 1 ? controller.abort(reason) : undefined) }];
  const data = quadrants(80);
  const given = { ...options, callbacks, signal: controller.signal };
  await expect(train(model, data, given)).rejects.toBe(reason);
  await train(once, { x: data.x.subarray(0, 32), y: data.y.subarray(0, 16) }, options);
  expect([...model.weights]).toEqual([...once.weights]);
  expect(model.optimizerState).toEqual(once.optimizerState);
  expect(Array.from(model.optimizerState[0]?.data as Int32Array)).toEqual([2]);
  // Nothing is lost: what was left out brings it to where the whole training ends.
  const { optimizer: _, ...rest } = options;
  await train(model, { x: data.x.subarray(32), y: data.y.subarray(16) }, rest);
  await train(whole, data, options);
  expect([...model.weights]).toEqual([...whole.weights]);
});

test('an abort ends a validation between two batches', async () => {
  const controller = new AbortController();
  let asked = 0;
  async function* validationData() {
    for (;;) {
      asked += 1;
      if (asked === 3) controller.abort();
      yield quadrants(4);
    }
  }
  const model = classifier();
  const options = { optimizer: sgd({ learningRate: 0.1 }), loss: logits, signal: controller.signal };
  await expect(
    train(model, quadrants(8), { ...options, validationData, validationSteps: 9 }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked).toBe(3);
  expect(Array.from(model.optimizerState[0]?.data as Int32Array)).toEqual([1]);
});
