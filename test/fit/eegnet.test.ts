// EEGNet-8,2 of 64 channels and 128 samples, from its Keras config: step by step as Keras trains it without dropout, and
// through `fit` with the dropout of 0.5 that it is published with.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modelFromConfig, type TrainableModel } from '../../src/fit/models/trainableModel.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import { StepLoop } from '../../src/node.js';
import { adam, buildTrainStep, fit as train } from '../../src/train.js';
import {
  far,
  farLosses,
  followTraining,
  giveWeights,
  type VariableList,
  violatedBy,
} from '../support/followTraining.js';
import { cut, readSafetensors, type StoredTensor, toNumbers } from '../support/safetensors.js';

interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const [CHANNELS, SAMPLES, CLASSES, BATCH] = [64, 128, 4, 4];
const SIZE = CHANNELS * SAMPLES;

const folder = new URL('../fixtures/fit/', import.meta.url);
const { config, variables } = JSON.parse(readFileSync(new URL('eegnet.json', folder), 'utf8')) as {
  readonly config: Entry;
  readonly variables: VariableList;
};
const tensors = readSafetensors(readFileSync(new URL('eegnet.safetensors', folder)));
const answered = (name: string): number[] => toNumbers(tensors.get(name) as StoredTensor);

/** As in the file, with another rate of its dropout, and with Keras's first values. */
function eegnet(rate?: number): TrainableModel {
  const layers = (config.config.layers as readonly Entry[]).map((layer) =>
    layer.class_name === 'Dropout' && rate !== undefined
      ? { ...layer, config: { ...layer.config, rate } }
      : layer,
  );
  const model = modelFromConfig({ ...config, config: { ...config.config, layers } });
  giveWeights(model, variables, answered('initial'));
  return model;
}

/** What `data` in makeEegnet.py gives. @param from the first trial */
function trials(count: number, from = 0): { readonly x: Float32Array; readonly y: Int32Array } {
  const y = Int32Array.from({ length: count }, (_, i) => (from + i) % CLASSES);
  const x = Float32Array.from({ length: count * SIZE }, (_, i) => {
    const bits = Math.imul(i + from * SIZE, 2654435761 | 0) >>> 0;
    const noise = (Math.imul(bits ^ (bits >>> 15), 2246822519 | 0) >>> 0) / 2 ** 31 - 1;
    const label = y[Math.floor(i / SIZE)] as number;
    const isLoud = Math.floor(i / SAMPLES) % CLASSES === label;
    const wave = Math.floor((i % SAMPLES) / 2 ** (label + 1)) % 2 === 0 ? 0.5 : -0.5;
    return noise + (isLoud ? wave : 0);
  });
  return { x, y };
}

const losses = answered('loss');
const batches = losses.map((_, step) => {
  const { x, y } = trials(BATCH, step * BATCH);
  return { x: { data: x, dims: [BATCH, CHANNELS, SAMPLES, 1] }, y: { data: y, dims: [BATCH] } };
});

test.each([{}, { batchSize: BATCH }])(
  'without dropout, as Keras trains it, with options %j',
  async (options) => {
    const model = eegnet(0);
    const found = await followTraining(StepLoop, model, buildTrainStep(model, options), batches);
    const final = cut(
      answered('final'),
      variables.map(([, dims]) => dims),
    );
    const faults = variables.flatMap(([path], i) => {
      const value = found.weights[path] ?? found.state[path];
      return value === undefined ? [`${path}: missing`] : far(path, toFloat64(value), final[i] ?? []);
    });
    expect([...farLosses(found.losses, losses), ...faults, ...found.violated]).toEqual([]);
  },
);

test('without its constraints, violates both', async () => {
  const model = eegnet(0);
  const { violated } = await followTraining(
    StepLoop,
    model,
    buildTrainStep(model, { constraints: false }),
    batches,
  );
  expect([...violated].sort()).toEqual(['dense/kernel', 'spatial/kernel']);
});

test('with dropout, fit brings the loss down, and the constraints hold after every step', async () => {
  const model = eegnet();
  const violated: string[] = [];
  const { history } = await train(model, trials(48), {
    optimizer: adam({ learningRate: 0.005 }),
    metrics: ['accuracy'],
    epochs: 6,
    batchSize: 8,
    callbacks: [
      {
        onBatchEnd: async (batch, _, context) => {
          await context.update();
          const found = violatedBy(model, Object.fromEntries(model.weights));
          violated.push(...found.map((path) => `${path} after batch ${batch}`));
        },
      },
    ],
  });
  expect(violated).toEqual([]);
  const [first = 0, last = 1] = [history.loss?.at(0), history.loss?.at(-1)];
  expect(last).toBeLessThan(0.7 * first);
  expect(history.accuracy?.at(-1)).toBeGreaterThan(0.7);
});
