// Batches that cannot be trained on are refused with their number, and options that do not go with batches by name.
import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type FitOptions, fit as train } from '../../src/train.js';
import { batches, compiled, generator, model, part, weightsOf, x, y } from '../support/batchesOfSamples.js';

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
