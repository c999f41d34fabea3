// The commands fit and train-step with a model of several outputs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fromFloat64 } from '../../src/graph/numbers.js';
import { readModel } from '../../src/node.js';
import { encodeSafetensors } from '../../src/safetensors/encodeSafetensors.js';
import { encodeKeras, fit as train } from '../../src/train.js';
import { cases, modelOf, type OutputCase, samplesOf } from '../support/outputCases.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const own = cases.find(({ id }) => id === 'sample-weights') as OutputCase;
const model = modelOf(own);
const given = samplesOf(own, model, 'named');
const stored = ({ data, dims }: typeof given.x) =>
  fromFloat64(data, data instanceof Int32Array ? 'int32' : 'float32', dims);

/** Writes what there is of samples, labels and weights. */
function writeData(name: string, more: object = {}): string {
  const { shape, price } = given.y as Record<string, typeof given.x>;
  const weights = given.sampleWeight as Record<string, typeof given.x>;
  const arrays = {
    x: given.x,
    y_shape: shape,
    y_price: price,
    sample_weight_price: weights.price,
    ...more,
  };
  const entries = Object.entries(arrays).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, stored(value)] as const],
  );
  writeFileSync(at(name), encodeSafetensors(new Map(entries)));
  return at(name);
}

const data = writeData('data.safetensors');
writeFileSync(at('model.keras'), await encodeKeras(model));
const args = (file: string, out: string) => ['fit', at('model.keras'), '--data', file, '--out', at(out)];

test('fit takes labels and weights by output, and writes each output', async () => {
  const { code, stdout } = await runCli(...args(data, 'trained.onnx'), '--no-shuffle', '--json');
  expect(code).toBe(0);
  const { price } = given.sampleWeight as Record<string, typeof given.x>;
  const samples = { ...given, sampleWeight: { price } };
  const { history } = await train(modelOf(own), samples as never, { shuffle: false });
  expect(JSON.parse(stdout).history).toEqual(history);
  const { inputs, outputs } = await readModel(at('trained.onnx'));
  expect([inputs, outputs].map((values) => values.map(({ name }) => name))).toEqual([
    ['x'],
    ['shape', 'price'],
  ]);
});

test.each([
  [
    'without labels of an output',
    { y_price: undefined },
    "has no array 'y_price'; found x, y_shape, sample_weight_price",
  ],
  [
    'with weights for all and for one',
    { sample_weight: given.x },
    'has sample_weight for all outputs, and also sample_weight_price',
  ],
])('fit refuses data %s', async (_, more, wanted) => {
  const file = writeData('odd.safetensors', more);
  const { code, stderr } = await runCli(...args(file, 'new.keras'));
  expect(stderr).toBe(`error: ${file}: ${wanted}\n`);
  expect(code).toBe(2);
});

test('train-step tells what the step takes and gives', async () => {
  const { code, stderr } = await runCli('train-step', at('model.keras'), '--out', at('step.onnx'));
  expect(code).toBe(0);
  expect(stderr).toContain('each step also takes x, y_shape, y_price, learning_rate');
  expect(stderr).toContain(
    'gives loss, shape_loss, price_loss, shape_accuracy, price_mae, shape_weighted_accuracy',
  );
  expect(readFileSync(at('step.onnx')).length).toBeGreaterThan(0);
});
