// Models with several outputs, followed through Keras's own training: losses, weights of losses and samples, metrics by
// output, outputs without a loss; what they predict and what is saved of them.

import { strFromU8, unzipSync } from 'fflate';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { StepLoop } from '../../src/node.js';
import {
  buildTrainStep,
  encodeInference,
  encodeKeras,
  evaluate,
  predict,
  readTrainableModel,
  type TrainableModel,
  type TrainingData,
  fit as train,
} from '../../src/train.js';
import { far, farLosses, followTraining } from '../support/followTraining.js';
import {
  answered,
  batchesOf,
  batchSize,
  cases,
  farVariables,
  modelOf,
  type OutputCase,
  samplesOf,
} from '../support/outputCases.js';

const caseOf = (id: string) => cases.find((own) => own.id === id) as OutputCase;
const lastCase = caseOf('by-name');
const options = { epochs: 2, batchSize: 16, shuffle: false };

type Numbers = Readonly<Record<string, number | readonly number[]>>;

/** What is not as Keras tells it. Of outputs with one name, Keras tells the loss of the last alone. */
function faults({ id }: OutputCase, found: Numbers, answer: Numbers): readonly string[] {
  const renamed = (name: string) => (id === 'twins' ? name.replace('inner_loss', 'inner_1_loss') : name);
  const wanted = Object.entries(answer).map(([name, value]) => [renamed(name), value] as const);
  const told = Object.keys(found).filter((name) => id !== 'twins' || !name.endsWith('inner_loss'));
  expect(told.sort()).toEqual(wanted.map(([name]) => name).sort());
  return wanted.flatMap(([name, value]) => far(name, [found[name] ?? []].flat(), [value].flat()));
}

describe.each(cases.map((own) => [own.id, own] as const))('%s', (_, own) => {
  const follow = async (model: TrainableModel, constraints: boolean) => {
    const sampleWeights = own.sample_weight !== null;
    const step = buildTrainStep(model, { sampleWeights, batchSize, constraints });
    return followTraining(StepLoop, model, step, batchesOf(own, step) as never);
  };

  test('every loss and variable as Keras has them, with the constraints held after every step', async () => {
    const model = modelOf(own);
    const { losses, violated, weights } = await follow(model, true);
    for (const [path, value] of Object.entries(weights)) model.weights.set(path, value);
    expect([...farLosses(losses, answered(`${own.id}/loss`)), ...farVariables(own, model, 'final')]).toEqual(
      [],
    );
    expect(violated).toEqual([]);
  });

  test('without its constraints, violates them', async () => {
    expect((await follow(modelOf(own), false)).violated).not.toEqual([]);
  });

  test.each(['list', 'named'] as const)(
    'fit and evaluate tell what Keras tells, given a %s',
    async (form) => {
      const model = modelOf(own);
      const data = samplesOf(own, model, form) as TrainingData;
      const { history } = await train(model, data, { ...options, validationSplit: 0.25 });
      expect([...faults(own, history, own.history), ...farVariables(own, model, 'fitted')]).toEqual([]);
      const evaluated = await evaluate(model, data, { batchSize: 16 });
      expect(faults(own, evaluated, own.evaluated)).toEqual([]);
    },
  );
});

test('options stand in for what a model was compiled with', async () => {
  const own = caseOf('sample-weights');
  const model = modelOf({ ...own, compile_config: {} });
  const data = samplesOf(own, model, 'named') as TrainingData;
  const { history } = await train(model, data, {
    ...options,
    validationSplit: 0.25,
    optimizer: own.compile_config.optimizer as never,
    loss: { shape: 'sparse_categorical_crossentropy', price: 'mse' },
    lossWeights: { shape: 1, price: 1 },
    metrics: { shape: 'accuracy', price: 'mae' },
    weightedMetrics: [['accuracy'], ['mae', 'mse']],
  });
  expect(faults(own, history, own.history)).toEqual([]);
});

test('a generator gives labels by output', async () => {
  const whole = modelOf(lastCase);
  const data = samplesOf(lastCase, whole, 'list') as TrainingData;
  const rest = { ...options, epochs: 1 };
  const { history } = await train(whole, data, rest);
  const model = modelOf(lastCase);
  const { batchSize: _, shuffle: __, ...streamed } = rest;
  const cut = (value: TensorValue, from: number): TensorValue => {
    const each = value.data.length / 50;
    const part = value.data.slice(from * each, (from + 16) * each);
    return { ...value, data: part as Float32Array, dims: [part.length / each, ...value.dims.slice(1)] };
  };
  function* batches() {
    const [shape, price] = data.y as unknown as readonly [TensorValue, TensorValue];
    for (let at = 0; at < 50; at += 16) {
      yield { x: cut(data.x as never, at), y: { price: cut(price, at), shape: cut(shape, at) } };
    }
  }
  expect((await train(model, batches() as never, streamed)).history).toEqual(history);
});

test('predict gives each output by its name, as the inference model does', async () => {
  const model = modelOf(lastCase);
  const { x } = samplesOf(lastCase, model, 'list');
  const { shape, price } = await predict<Record<string, TensorValue>>(model, x, { batchSize: 16 });
  expect([shape?.dims, price?.dims]).toEqual([
    [50, 3],
    [50, 2],
  ]);
  const session = await InferenceSession.create(encodeInference(model));
  expect(session.outputNames).toEqual(['shape', 'price']);
  const found = await session.run({ x: new Tensor('float32', x.data as Float32Array, [50, 4]) });
  const faults = Object.entries({ shape, price }).flatMap(([name, value]) =>
    far(name, found[name]?.data as Float32Array, Array.from(value?.data as Float32Array)),
  );
  expect(faults).toEqual([]);
  await session.release();
});

test('saved and read back, it goes on where it was', async () => {
  const [whole, half] = [modelOf(lastCase), modelOf(lastCase)];
  const data = samplesOf(lastCase, whole, 'named') as TrainingData;
  const { history } = await train(whole, data, { ...options, epochs: 4 });
  await train(half, data, options);
  const read = await readTrainableModel(await encodeKeras(half));
  const rest = await train(read, data, options);
  expect(rest.history.price_mae).toEqual(history.price_mae?.slice(2));
  expect(rest.history.loss).toEqual(history.loss?.slice(2));
});

test('weights go with the losses that they were given with', async () => {
  const model = modelOf(lastCase);
  const data = samplesOf({ ...lastCase, labels: { shape: 'onehot', price: 'values' } }, model, 'named');
  await train(model, data as TrainingData, { ...options, loss: 'mse', metrics: [] });
  expect(model.compileConfig).toMatchObject({ loss: 'mse', loss_weights: null });
  await train(model, data as TrainingData, { ...options, lossWeights: 2 });
  const archive = unzipSync(await encodeKeras(model));
  const config = strFromU8(archive['config.json'] as Uint8Array);
  // Keras takes one weight, and a momentum, as floats alone.
  expect(config).toContain('"loss_weights":2.0');
  expect(config).toContain('"momentum":0.0');
});
