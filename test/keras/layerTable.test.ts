// Every layer of the table against Keras itself: the models of makeModels.py and what Keras says of their variables.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layerClasses } from '../../src/keras/layerTable.js';
import { unzipEntries } from '../../src/keras/zipArchive.js';
import { type KerasVariable, parseKerasConfig, readKeras } from '../../src/keras.js';

interface Expected {
  readonly path: string;
  readonly shape: readonly number[] | undefined;
  readonly dtype: string;
  readonly trainable: boolean;
  readonly constraint: { readonly class: string; readonly config: Record<string, unknown> } | null;
  readonly sha256: string | undefined;
}

const folder = new URL('../fixtures/keras/', import.meta.url);
const read = (file: string): Uint8Array => readFileSync(new URL(file, folder));
const expected = JSON.parse(new TextDecoder().decode(read('expected.json'))) as Record<string, Expected[]>;
const outside = ['unknown', 'subclassed'];
const inTable = Object.keys(expected).filter((name) => !outside.includes(name));
const modelOf = (file: string): string => file.slice(0, file.indexOf('.'));
const files = readdirSync(folder).filter((file) => inTable.includes(modelOf(file)));

function facts(variable: KerasVariable): Expected {
  const { path, shape, dtype, trainable, constraint, value } = variable;
  const data = value?.data as Uint8Array | undefined;
  const bytes = data && new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    path,
    shape,
    dtype,
    trainable,
    constraint: constraint && { class: constraint.constructor.name, config: constraint.getConfig() },
    sha256: bytes && createHash('sha256').update(bytes).digest('hex'),
  };
}

test.each(files)('%s gives each variable as Keras loads it', async (file) => {
  const model = await readKeras(read(file));
  expect(model.variables.map(facts)).toEqual(expected[modelOf(file)]);
  expect(model.warnings).toEqual([]);
});

test.each(inTable)("%s's config alone gives the same but for the values", async (name) => {
  const { entries } = await unzipEntries(read(`${name}.keras`), new Set(['config.json']), {});
  const model = parseKerasConfig(new TextDecoder().decode(entries.get('config.json')));
  const unshaped = new Set(['normalization/mean', 'normalization/variance']);
  expect(model.variables.map(facts)).toEqual(
    expected[name]?.map((variable) => ({
      ...variable,
      shape: unshaped.has(variable.path) ? undefined : variable.shape,
      sha256: undefined,
    })),
  );
});

test('every layer of the table is in one of the models', async () => {
  const seen = new Set<string>();
  for (const name of Object.keys(expected)) {
    const { layers, className } = await readKeras(read(`${name}.keras`));
    for (const layer of [...layers, { className }]) seen.add(layer.className);
  }
  // What Functional was called in Keras 2.
  expect(layerClasses.filter((name) => !seen.has(name))).toEqual(['Model']);
});

describe('layers outside the table', () => {
  test('their variables are listed by number, and those of layers in their config by name', async () => {
    const model = await readKeras(read('unknown.keras'));
    expect(model.variables.map(({ path, layer, layerClass }) => [path, layer, layerClass])).toEqual([
      ['inside/first/kernel', 'first', 'Dense'],
      ['inside/first/bias', 'first', 'Dense'],
      ['inside/block/0', 'block', 'Block'],
      ['inside/block/hidden/0', 'block', 'Block'],
      ['inside/block/hidden/1', 'block', 'Block'],
      ['inside/block/inner_dense/kernel', 'inner_dense', 'Dense'],
      ['inside/block/inner_dense/bias', 'inner_dense', 'Dense'],
      ['last/kernel', 'last', 'Dense'],
      ['last/bias', 'last', 'Dense'],
    ]);
    expect(values(model.variables)).toEqual(values(expected.unknown ?? []));
    const inner = model.variables.filter((variable) => variable.layer === 'inner_dense');
    const wanted = expected.unknown?.filter(({ path }) => path.includes('inner_dense'));
    expect(inner.map(facts)).toEqual(wanted);
  });

  test('a constraint of theirs is not applied, and said so', async () => {
    const model = await readKeras(read('unknown.keras'));
    expect(model.lost.map(({ layer, className, reason }) => [layer, className, reason])).toEqual([
      [
        'block',
        'MaxNorm',
        'the layer class Block is not in the table of layers ' +
          '(it has the variables inside/block/0, inside/block/hidden/0, inside/block/hidden/1)',
      ],
    ]);
  });

  test('the HDF5 file names their variables', async () => {
    const model = await readKeras(read('unknown.h5'));
    expect(model.variables.map((variable) => variable.path).sort()).toEqual(
      expected.unknown?.map((variable) => variable.path).sort(),
    );
    expect(values(model.variables)).toEqual(values(expected.unknown ?? []));
    expect(model.lost).toHaveLength(1);
  });

  test('a subclassed model gives all its variables, and the constraints its config has', async () => {
    const model = await readKeras(read('subclassed.keras'));
    expect(model.className).toBe('Subclassed');
    expect(values(model.variables)).toEqual(values(expected.subclassed ?? []));
    expect(model.variables.filter(({ constraint }) => constraint !== null).map(({ path }) => path)).toEqual([
      'encoder_dense/kernel',
      'encoder_dense/bias',
    ]);
    expect(model.variables.map(({ path }) => path)).toContain('head_b/1');
    expect(model.warnings).toEqual([]);
  });
});

/** The values alone, in any order. */
function values(variables: readonly (KerasVariable | Expected)[]): unknown[] {
  return variables
    .map((variable) => ('sha256' in variable ? variable.sha256 : facts(variable).sha256))
    .sort();
}
