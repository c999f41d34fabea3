// Trains small models and saves them, with what Keras must find in them: `node test/fit/saveModels.mjs <folder>`. Needs a
// build. See checkSaved.py.
import { mkdirSync, writeFileSync } from 'node:fs';
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

for (const [name, { model, ...compiled }] of [
  ...Object.entries({ convolutional, regularized }),
  ...byOptimizer,
]) {
  await train(
    model,
    { x, y },
    {
      ...options,
      ...compiled,
      loss: 'sparse_categorical_crossentropy',
      epochs: 2,
    },
  );
  const bytes = await encodeKeras(model);
  writeFileSync(join(folder, `${name}.keras`), bytes);
  writeFileSync(join(folder, `${name}.weights.h5`), await encodeKerasWeights(model));
  const { data } = await predict(model, x);
  const on = await readTrainableModel(bytes);
  const losses = [];
  await train(
    on,
    { x, y },
    { ...options, callbacks: [{ onBatchEnd: (_, { loss }) => void losses.push(loss) }] },
  );
  const [iteration, ...slots] = (await readTrainableModel(bytes)).optimizerState;
  const wanted = {
    x: [...x],
    y: [...y],
    shape,
    predictions: [...data],
    iterations: iteration.data[0],
    slots: slots.map(({ dims }) => dims),
    losses,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(wanted));
}
