// Data that comes batch after batch: what a training on it gives is, to the last bit, what samples in memory give.
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import {
  type Batches,
  evaluate,
  type FitOptions,
  predict,
  type TrainingData,
  fit as train,
} from '../../src/train.js';
import {
  batches,
  compiled,
  count,
  endless,
  generator,
  later,
  model,
  part,
  size,
  weightsOf,
  width,
  x,
} from '../support/batchesOfSamples.js';

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
