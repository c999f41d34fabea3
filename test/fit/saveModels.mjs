// Trains small models and saves them, with what Keras must find in them: `node test/fit/saveModels.mjs <folder>`. Needs a
// build. See checkSaved.py.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maxNorm, nonNeg } from '../../dist/index.js';
import {
  adagrad,
  adam,
  adamax,
  adamW,
  batchNormalization,
  conv2d,
  cosineDecay,
  dense,
  dropout,
  encodeKeras,
  encodeKerasWeights,
  flatten,
  input,
  l1l2,
  lion,
  maxPooling2d,
  modelFromConfig,
  nadam,
  predict,
  readTrainableModel,
  rmsprop,
  sequential,
  sgd,
  fit as train,
} from '../../dist/train.js';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const shape = [24, 6, 6, 1];
const x = Float32Array.from({ length: 24 * 36 }, (_, i) => Math.sin(i * 1.7));
const y = Int32Array.from({ length: 24 }, (_, i) => (i * 7) % 3);
const options = { batchSize: 8, shuffle: false };

const convolutional = {
  optimizer: adam({ learningRate: 0.01 }),
  model: sequential([
    input({ shape: shape.slice(1) }),
    conv2d({
      filters: 4,
      kernelSize: 3,
      padding: 'same',
      kernelConstraint: maxNorm({ maxValue: 1, axis: [0, 1, 2] }),
    }),
    batchNormalization(),
    maxPooling2d(),
    dropout({ rate: 0 }),
    flatten(),
    dense({ units: 8, activation: 'relu', biasConstraint: nonNeg() }),
    dense({ units: 3, activation: 'softmax' }),
  ]),
};
const regularized = {
  optimizer: nadam({
    learningRate: cosineDecay({ initialLearningRate: 0.02, decaySteps: 20 }),
    useEma: true,
    emaMomentum: 0.8,
    gradientAccumulationSteps: 2,
    globalClipnorm: 1.5,
  }),
  metrics: ['accuracy'],
  weightedMetrics: ['accuracy', 'sparse_categorical_crossentropy'],
  model: sequential([
    input({ shape: shape.slice(1) }),
    flatten(),
    dense({
      units: 6,
      activation: 'tanh',
      activityRegularizer: l1l2({ l1: 0.01 }),
      kernelRegularizer: l1l2({ l1: 0.01, l2: 0.02 }),
      kernelConstraint: maxNorm({ maxValue: 0.8, axis: 0 }),
    }),
    dense({ units: 3, activation: 'softmax' }),
  ]),
};

/** Each optimizer with all that it keeps for a variable. */
const optimizers = {
  sgd: sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  rmsprop: rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
  amsgrad: adam({ learningRate: 0.01, amsgrad: true }),
  adamW: adamW({ learningRate: 0.01, weightDecay: 0.01 }),
  adagrad: adagrad({ learningRate: 0.1 }),
  // Keras takes no whole number for a learning rate.
  wholeRate: adagrad({ learningRate: 1 }),
  adamax: adamax({ learningRate: 0.02 }),
  nadam: nadam({ learningRate: 0.02 }),
  lion: lion({ learningRate: 0.003 }),
};
const byOptimizer = Object.entries(optimizers).map(([name, optimizer]) => {
  const model = sequential([
    input({ shape: shape.slice(1) }),
    flatten(),
    dense({ units: 6, activation: 'tanh', kernelConstraint: maxNorm({ maxValue: 0.8, axis: 0 }) }),
    dense({ units: 3, activation: 'softmax' }),
  ]);
  return [`optimizer-${name}`, { optimizer, model }];
});

/** Two outputs, each with its labels. */
const { models } = JSON.parse(readFileSync(new URL('../fixtures/fit/outputs/cases.json', import.meta.url)));
const severalOutputs = {
  optimizer: adam({ learningRate: 0.01 }),
  loss: ['sparse_categorical_crossentropy', 'mse'],
  lossWeights: [0.5, 2],
  metrics: { shape: ['accuracy'] },
  model: modelFromConfig(models.listed.config),
  data: { x: x.subarray(0, 24 * 4), y: { shape: y, price: Float32Array.from(x.subarray(0, 24 * 2)) } },
};

for (const [name, { model, data = { x, y }, ...compiled }] of [
  ...Object.entries({ convolutional, regularized, severalOutputs }),
  ...byOptimizer,
]) {
  const { loss = 'sparse_categorical_crossentropy' } = compiled;
  await train(model, data, { ...options, ...compiled, loss, epochs: 2 });
  const bytes = await encodeKeras(model);
  writeFileSync(join(folder, `${name}.keras`), bytes);
  writeFileSync(join(folder, `${name}.weights.h5`), await encodeKerasWeights(model));
  const predicted = await predict(model, data.x);
  const predictions = predicted.data === undefined ? Object.values(predicted) : [predicted];
  const on = await readTrainableModel(bytes);
  const losses = [];
  const callbacks = [{ onBatchEnd: (_, logs) => void losses.push(logs.loss) }];
  await train(on, data, { ...options, callbacks });
  const [iteration, ...slots] = (await readTrainableModel(bytes)).optimizerState;
  const wanted = {
    x: [...data.x],
    y: (ArrayBuffer.isView(data.y) ? [data.y] : Object.values(data.y)).map((labels) => [...labels]),
    shape: [24, ...model.inputs[0].shape],
    predictions: predictions.flatMap((output) => [...output.data]),
    iterations: iteration.data[0],
    slots: slots.map(({ dims }) => dims),
    losses,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(wanted));
}
