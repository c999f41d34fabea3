// Data that comes batch after batch: what a training on it gives is, to the last bit, what samples in memory give.
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  adam,
  type Batches,
  dense,
  dropout,
  evaluate,
  type FitOptions,
  input,
  predict,
  sequential,
  type TrainableModel,
  type TrainingData,
  fit as train,
} from '../../src/train.js';
import { Random } from '../support/random.js';

const random = new Random(5);
const [count, width, size] = [21, 3, 8];
const x = Float32Array.from(random.numbers(count * width, -1, 1));
const y = Int32Array.from({ length: count }, () => random.integer(0, 2));
const sampleWeight = Float32Array.from(random.numbers(count, 0, 2));

const model = () =>
  sequential([
    input({ shape: [width] }),
    dense({ units: 5, activation: 'tanh' }),
    dropout({ rate: 0.3 }),
    dense({ units: 3, activation: 'softmax' }),
  ]);
const compiled = {
  optimizer: adam({ learningRate: 0.02 }),
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
  weightedMetrics: ['sparse_categorical_crossentropy'],
};

/** The samples from one number to another. */
const part = (from: number, to: number, isWeighted = true) => ({
  x: x.slice(from * width, to * width),
  y: y.slice(from, to),
  ...(isWeighted && { sampleWeight: sampleWeight.slice(from, to) }),
});
const starts = Array.from({ length: Math.ceil(count / size) }, (_, i) => i * size);
/** All samples in batches, the last of which is short. */
const batches = (isWeighted = true) =>
  starts.map((from) => part(from, Math.min(from + size, count), isWeighted));

function* generator(isWeighted = true): Generator<TrainingData> {
  yield* batches(isWeighted);
}
async function* later(isWeighted = true): AsyncGenerator<TrainingData> {
  for (const batch of batches(isWeighted)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield batch;
  }
}
async function* endless(): AsyncGenerator<TrainingData> {
  for (;;) yield* later();
}

const weightsOf = (own: TrainableModel) => [...own.weights.values()].map(({ data }) => data);

async function trained(data: TrainingData | Batches<TrainingData>, options: FitOptions) {
  const own = model();
  const { history } = await train(own, data, { ...compiled, ...options });
  return { history, weights: weightsOf(own), state: own.optimizerState.map(({ data: values }) => values) };
}

describe('batches one after another train as samples in memory do, to the last bit', () => {
  const epochs = 3;
  const inMemory = (isWeighted = true) =>
    trained(part(0, count, isWeighted), { epochs, batchSize: size, shuffle: false });

  test.each<[string, () => Batches<TrainingData>, FitOptions]>([
    ['a function that makes a generator', () => generator, {}],
    ['a function that makes an async generator', () => later, {}],
    ['a function that promises one', () => async () => later(), {}],
    ['a list', () => batches(), {}],
    ['an async iterable', () => ({ [Symbol.asyncIterator]: later }), {}],
    ['an endless generator', () => endless(), { stepsPerEpoch: 3 }],
    [
      'an iterator',
      () => ({
        next: (
          (own) => () =>
            own.next()
        )(endless()),
      }),
      { stepsPerEpoch: 3 },
    ],
    ['a function, begun anew as often as there are steps', () => generator, { stepsPerEpoch: 3 }],
  ])('%s', async (_, data, options) => {
    expect(await trained(data(), { epochs, ...options })).toEqual(await inMemory());
  });

  test('without weights, and with weights of classes', async () => {
    expect(await trained(() => later(false), { epochs })).toEqual(await inMemory(false));
    const classWeight = { 0: 0.5, 2: 3 };
    expect(await trained(() => generator(false), { epochs: 2, classWeight })).toEqual(
      await trained(part(0, count, false), { epochs: 2, batchSize: size, shuffle: false, classWeight }),
    );
  });

  test('an epoch of fewer steps than there are batches goes on in the next one', async () => {
    const { weights } = await trained(generator, { epochs: 3, stepsPerEpoch: 2 });
    expect(weights).toEqual((await trained(generator, { epochs: 2 })).weights);
    const once = await trained(endless(), { epochs: 3, stepsPerEpoch: 2 });
    expect(once.weights).toEqual(weights);
  });

  test('batches in an array that is filled anew, and tensors', async () => {
    const filled = new Float32Array(size * width);
    function* reused(): Generator<TrainingData> {
      for (const batch of batches()) {
        filled.set(batch.x as Float32Array);
        yield { ...batch, x: filled.subarray(0, batch.x.length) };
      }
    }
    expect(await trained(reused, { epochs })).toEqual(await inMemory());
    const tensors = batches().map((batch) => ({
      x: new Tensor('float32', batch.x, [batch.y.length, width]),
      y: new Tensor('int64', BigInt64Array.from(batch.y, BigInt), [batch.y.length, 1]),
      sampleWeight: { data: Float64Array.from(batch.sampleWeight as Float32Array), dims: [batch.y.length] },
    }));
    expect(await trained(tensors, { epochs })).toEqual(await inMemory());
  });
});

describe('validation', () => {
  const options = { epochs: 2, batchSize: size, shuffle: false } as const;
  const wanted = () => trained(part(0, 8), { ...options, validationData: part(0, count) });

  test.each<[string, () => Batches<TrainingData>, FitOptions]>([
    ['of a function', () => later, {}],
    ['of a list', () => batches(), {}],
    ['of an endless generator', () => endless(), { validationSteps: 3 }],
  ])('%s tells what samples in memory tell', async (_, validationData, more) => {
    const { history } = await trained(part(0, 8), { ...options, ...more, validationData: validationData() });
    expect(history).toEqual((await wanted()).history);
  });

  test('of fewer steps takes the first batches each time', async () => {
    const { history } = await trained(part(0, 8), {
      ...options,
      validationData: later,
      validationSteps: 2,
    });
    const first = await trained(part(0, 8), { ...options, validationData: part(0, 16) });
    expect(history).toEqual(first.history);
  });

  test('has a batch size of its own', async () => {
    const { history } = await trained(generator, {
      epochs: 2,
      validationData: part(0, count),
      validationBatchSize: size,
    });
    const { history: all } = await trained(part(0, count), { ...options, validationData: generator });
    expect(history).toEqual(all);
  });
});

test('evaluate and predict take them too', async () => {
  const own = model();
  const { optimizer: _, ...told } = compiled;
  const whole = await evaluate(own, part(0, count), { ...told, batchSize: size });
  expect(Object.keys(whole)).toEqual(['loss', 'accuracy', 'sparse_categorical_crossentropy']);
  expect(await evaluate(own, later(), told)).toEqual(whole);
  expect(await evaluate(own, endless(), { ...told, steps: 3 })).toEqual(whole);
  const predicted = await predict(own, x, { batchSize: size });
  expect(
    await predict(
      own,
      batches().map(({ x: each }) => ({ x: each })),
    ),
  ).toEqual(predicted);
  expect(await predict(own, endless(), { steps: 3 })).toEqual(predicted);
  expect(await predict(own, new Tensor('float32', x, [count, width]), { batchSize: size })).toEqual(
    predicted,
  );
});

test('halves are numbers, not their bits', async () => {
  const own = model();
  const bits = Uint16Array.of(0x3c00, 0xb800, 0x4000); // 1, -0.5, 2
  const wanted = await predict(own, Float32Array.of(1, -0.5, 2));
  expect(await predict(own, { dtype: 'float16', data: bits, dims: [1, 3] } as never)).toEqual(wanted);
});

describe('what gives the batches is told when no more are taken', () => {
  const source = () => {
    const told: string[] = [];
    async function* own(): AsyncGenerator<TrainingData> {
      try {
        yield* endless();
      } finally {
        told.push('closed');
      }
    }
    return { own: own(), told };
  };

  test('at the end, where a batch is refused, and where the training is aborted', async () => {
    const whole = source();
    await trained(whole.own, { stepsPerEpoch: 2 });
    expect(whole.told).toEqual(['closed']);

    const refused = source();
    await expect(trained(refused.own, { stepsPerEpoch: 2, validationData: part(0, 0) })).rejects.toThrow(
      'validationData: there are no samples',
    );
    // Nothing was taken of it, so it never began.
    expect(refused.told).toEqual([]);

    const aborted = source();
    const callbacks = [{ onBatchEnd: () => Promise.reject(new Error('enough')) }];
    await expect(trained(aborted.own, { stepsPerEpoch: 2, callbacks })).rejects.toThrow('enough');
    expect(aborted.told).toEqual(['closed']);
  });

  test('an abort does not wait for a batch that never comes', async () => {
    const controller = new AbortController();
    async function* stuck(): AsyncGenerator<TrainingData> {
      yield part(0, size);
      controller.abort(new Error('no longer'));
      await new Promise(() => {});
    }
    const own = model();
    await expect(train(own, stuck(), { ...compiled, signal: controller.signal })).rejects.toThrow(
      'no longer',
    );
    const once = model();
    await train(once, part(0, size), { ...compiled, batchSize: size + 1, shuffle: false });
    expect(weightsOf(own)).toEqual(weightsOf(once));
  });
});

describe('what does not go is refused by name, with the number of the batch', () => {
  const broken = (change: object, at = 1) =>
    batches().map((batch, i) => (i === at ? { ...batch, ...change } : batch));
  test.each<[string, unknown, FitOptions, string | RegExp]>([
    [
      'a shape',
      broken({ x: x.slice(1) }),
      {},
      /^the data, batch 2: x: each sample has shape \(3,\).*found 62/,
    ],
    [
      'NaN',
      broken({ x: x.with(7, Number.NaN) }),
      {},
      /^the data, batch 2: x: element 7 is NaN, in sample 2;/,
    ],
    ['counts', broken({ y: y.slice(1) }), {}, 'the data, batch 2: x has 8 samples, y 20'],
    [
      'a label',
      broken({ y: y.slice(0, 8).with(2, 9) }),
      {},
      'the data, batch 2: y: label 9 of sample 2 is out of range; the model has 3 classes, 0 to 2',
    ],
    ['an empty batch', broken(part(0, 0)), {}, 'the data, batch 2: there are no samples'],
    [
      'a misspelled key',
      broken({ sampleWeights: y }),
      {},
      "the data, batch 2: unknown key 'sampleWeights'; accepted are x, y, sampleWeight, file",
    ],
    ['no object', [1], {}, 'the data, batch 1: must be an object with x, y, sampleWeight, file; found 1'],
    ['no labels', [{ x }], {}, /^the data, batch 1: y: give a typed array, .*; found nothing$/],
    [
      'weights that are missing',
      broken({ sampleWeight: undefined }),
      {},
      'the data, batch 2: the first has sampleWeight, this one has not; give it with all batches or with none',
    ],
    ['nothing at all', [], {}, 'the data: gave no batch'],
    ['a function of nothing', () => 3, {}, /^the data: the function must give an iterable .* found number$/],
    [
      'more epochs than a generator has',
      generator(),
      { epochs: 2 },
      'the data: can be gone through once, and there are up to 2 epochs; give stepsPerEpoch, or a function that makes it anew',
    ],
    [
      'a generator that ends too early',
      generator(),
      { epochs: 2, stepsPerEpoch: 2 },
      'the data: ended after 3 batches, which is step 1 of 2 in its epoch 2; give more, or a smaller stepsPerEpoch',
    ],
    [
      'a split',
      generator(),
      { validationSplit: 0.5 },
      'validationSplit has no use here: samples in memory can be split, batches as they come cannot; give validationData',
    ],
    ['a batch size', generator(), { batchSize: 8 }, /^batchSize has no use here: the data gives its batches/],
    ['shuffling', generator(), { shuffle: true }, /^shuffle: the data gives its batches in its own order/],
    ['steps of arrays', part(0, 8), { stepsPerEpoch: 1 }, /^stepsPerEpoch has no use here: the data lies in/],
    [
      'half a step',
      generator(),
      { stepsPerEpoch: 0.5 },
      'stepsPerEpoch must be a whole number from 1, found 0.5',
    ],
    [
      'a validation that ends too early',
      batches(),
      { validationData: generator(), validationSteps: 4 },
      /^validationData: ended after 3 batches, which is step 3 of 4 in its epoch 1/,
    ],
    ['steps of no validation', batches(), { validationSteps: 1 }, /^validationSteps has no use here/],
    [
      'a tensor on a device',
      broken({ x: { location: 'gpu-buffer', type: 'float32', dims: [8, 3] } }),
      {},
      'the data, batch 2: x: the tensor lies on gpu-buffer; give its numbers, which getData() reads',
    ],
    [
      'words',
      broken({ x: new Tensor('string', Array(24).fill('a'), [8, 3]) }),
      {},
      /^the data, batch 2: x: give a typed array/,
    ],
    [
      'a label that 32 bits do not hold',
      broken({ y: BigInt64Array.from(y.slice(0, 8), BigInt).with(0, 2n ** 32n) }),
      {},
      /^the data, batch 2: y: element 0 is 4294967296; whole numbers of 32 bits/,
    ],
    [
      'a number that float32 does not hold',
      broken({ x: Float64Array.from(x.slice(0, 24)).with(0, 1e300) }),
      {},
      /^the data, batch 2: x: element 0 is 1e\+300, in sample 0; finite numbers/,
    ],
  ])('%s', async (_, data, options, message) => {
    const own = model();
    await expect(train(own, data as never, { ...compiled, ...options })).rejects.toThrow(message);
  });

  test('the model keeps what it learnt before the batch that is refused', async () => {
    const [own, once] = [model(), model()];
    await expect(train(own, broken({ y: y.slice(1) }, 2), compiled)).rejects.toThrow('the data, batch 3');
    await train(once, part(0, 16), { ...compiled, batchSize: 8, shuffle: false });
    expect(weightsOf(own)).toEqual(weightsOf(once));
    expect(Array.from(own.optimizerState[0]?.data as Int32Array)).toEqual([2]);
  });
});
