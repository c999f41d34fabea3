// Weights of Keras files replaced: every format, layer and dtype of the fixtures, and files whose variables share a place.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { bytesOf, type StoredWeight } from '../../src/graph/weightFile.js';
import { openKerasWeights } from '../../src/keras/kerasWeights.js';
import { readKeras } from '../../src/keras.js';
import { editWeights } from './h5Builder.js';

const folder = new URL('../fixtures/keras/', import.meta.url);
const files = readdirSync(folder).filter((name) => /\.(keras|h5)$/.test(name));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));

/** The value with every bit of its elements turned over. */
function turnedOver(value: TensorValue): TensorValue {
  const data = (value.data as Uint8Array).slice();
  const bytes = bytesOf({ ...value, data });
  bytes.forEach((byte, i) => {
    bytes[i] = byte ^ 0xff;
  });
  return { ...value, data };
}

const hexOf = (value: TensorValue | undefined): string =>
  Buffer.from(value ? bytesOf(value) : []).toString('hex');

describe.each(files)('%s', (name) => {
  test('has every second weight replaced, and nothing else', async () => {
    const { weights, model } = await openKerasWeights(read(name), { file: name });
    expect(weights.weights.map((weight) => weight.name)).toEqual(model.variables.map(({ path }) => path));
    const changes = new Map<StoredWeight, TensorValue>(
      weights.weights.filter((_, i) => i % 2 === 0).map((weight) => [weight, turnedOver(weight.read())]),
    );
    const result = await readKeras(await weights.encode(changes), { file: name });
    expect(result.variables.map(({ value }) => hexOf(value))).toEqual(
      weights.weights.map((weight) => hexOf(changes.get(weight) ?? weight.read())),
    );
    const facts = result.variables.map(({ value: _, constraint: __, ...rest }) => rest);
    expect(facts).toEqual(model.variables.map(({ value: _, constraint: __, ...rest }) => rest));
  });
});

test('the fixtures hold both half types, which HDF5 stores in ways of their own', async () => {
  for (const name of ['dtypes.keras', 'dtypes.h5']) {
    const { weights } = await openKerasWeights(read(name));
    const dtypes = new Set(weights.weights.map(({ dtype }) => dtype));
    expect([...dtypes]).toEqual(expect.arrayContaining(['bfloat16', 'float16']));
  }
});

describe('two variables that share one dataset', () => {
  const [one, other] = [
    'layers/rnn/cell/cells/gru_cell/vars/1',
    'layers/rnn/cell/cells/gru_cell_1/vars/1',
  ] as const;

  async function encodeWith(...fills: readonly number[]): Promise<Uint8Array> {
    const linked = await editWeights(read('twins.keras'), [other], (file) =>
      file.create_hard_link(one, other),
    );
    const { weights } = await openKerasWeights(linked, { file: 'twins.keras' });
    const pair = weights.weights.filter(({ name }) => name.endsWith('/recurrent_kernel'));
    expect(pair).toHaveLength(2);
    const changes = fills.map((fill, i) => {
      const weight = pair[i] as StoredWeight;
      const value = weight.read();
      return [weight, { ...value, data: new Float32Array(value.data.length).fill(fill) }] as const;
    });
    return weights.encode(new Map(changes));
  }

  test.each([[[1, 2]], [[1]]])('cannot be given the values %j', async (fills) => {
    await expect(encodeWith(...fills)).rejects.toThrow(
      /^twins\.keras: model\.weights\.h5: layers\/rnn\/.*: shares its bytes with another variable/,
    );
  });

  test('can be given the same values', async () => {
    const { variables } = await readKeras(await encodeWith(3, 3));
    const pair = variables.filter(({ name }) => name === 'recurrent_kernel');
    expect(pair.map(({ value }) => value?.data)).toEqual(Array(2).fill(new Float32Array(12).fill(3)));
  });
});

test('a config has no weights to replace', async () => {
  const config = readFileSync(new URL('../models/conv1d_net/config.json', folder));
  await expect(openKerasWeights(new Uint8Array(config), { file: 'c.json' })).rejects.toThrow(
    'c.json: is a config, which holds no weights',
  );
});
