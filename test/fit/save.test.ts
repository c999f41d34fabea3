// A trained model in files: read back it predicts the same and goes on as it would have; the inference model too.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { unitNorm } from '../../src/constraints/index.js';
import {
  adam,
  batchNormalization,
  conv2d,
  dense,
  dropout,
  encodeInference,
  encodeKeras,
  flatten,
  input,
  predict,
  readTrainableModel,
  sequential,
  sgd,
  fit as train,
} from '../../src/train.js';
import { Random } from '../support/random.js';

const random = new Random(1);
const x = Float32Array.from(random.numbers(24 * 25, -1, 1));
const y = Int32Array.from({ length: 24 }, () => random.integer(0, 2));
const more = { batchSize: 8, shuffle: false, epochs: 2 };
const compiled = { optimizer: adam({ learningRate: 0.01 }), loss: 'sparse_categorical_crossentropy' };

const build = () =>
  sequential([
    input({ shape: [5, 5, 1] }),
    conv2d({ filters: 3, kernelSize: 3, kernelConstraint: unitNorm({ axis: [0, 1, 2] }) }),
    batchNormalization(),
    dropout({ rate: 0 }),
    flatten(),
    dense({ units: 4, activation: 'tanh' }),
    dense({ units: 3, activation: 'softmax' }),
  ]);

const model = build();
let archive: Uint8Array;
beforeAll(async () => {
  await train(model, { x, y }, { ...compiled, ...more });
  archive = await encodeKeras(model);
});

test('the same training gives the same bytes, whenever it is saved', async () => {
  const again = build();
  await train(again, { x, y }, { ...compiled, ...more });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(Buffer.from(await encodeKeras(again)).equals(archive)).toBe(true);
});

describe('a .keras archive', () => {
  test('read back predicts the same, to the last bit', async () => {
    const read = await readTrainableModel(archive);
    expect((await predict(read, x)).data).toEqual((await predict(model, x)).data);
  });

  test('goes on where the training ended: optimizer state, running statistics, constraints', async () => {
    const whole = build();
    const { history } = await train(whole, { x, y }, { ...compiled, ...more, epochs: 4 });
    const read = await readTrainableModel(archive);
    const rest = await train(read, { x, y }, more);
    expect(rest.history.loss).toEqual(history.loss?.slice(2));
    for (const [path, value] of whole.weights) expect(read.weights.get(path)?.data, path).toEqual(value.data);
  });

  test('with the state of another optimizer is refused, unless one is given', async () => {
    const read = await readTrainableModel(archive);
    read.compile({ optimizer: sgd({ momentum: 0.9 }) });
    await expect(train(read, { x, y }, more)).rejects.toThrow(/state of another optimizer/);
    await train(read, { x, y }, { ...more, optimizer: sgd({ momentum: 0.9 }) });
  });
});

test('the inference model gives the same predictions, with weights under the names of variables', async () => {
  const session = await InferenceSession.create(encodeInference(model));
  expect(session.inputNames).toEqual(['x']);
  const { predictions } = await session.run({ x: new Tensor('float32', x, [24, 5, 5, 1]) });
  const wanted = (await predict(model, x)).data as Float32Array;
  const found = (predictions as Tensor).data as Float32Array;
  found.forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(1e-6);
  });
  await session.release();
});
