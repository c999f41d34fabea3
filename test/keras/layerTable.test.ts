// Every layer of the table against Keras itself: the models of makeModels.py and what Keras says of their variables.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layerClasses } from '../../src/keras/layerTable.js';
import { unzipEntries } from '../../src/keras/zipArchive.js';
import { type KerasVariable, parseKerasConfig, readKeras } from '../../src/keras.js';

interface Expected {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly trainable: boolean;
  readonly constraint: { readonly class: string; readonly config: Record<string, unknown> } | null;
  readonly sha256: string;
}

const folder = new URL('../fixtures/keras/', import.meta.url);
const read = (file: string): Uint8Array => readFileSync(new URL(file, folder));
const expected = JSON.parse(new TextDecoder().decode(read('expected.json'))) as Record<string, Expected[]>;
const inTable = Object.keys(expected).filter((name) => !['unknown', 'subclassed'].includes(name));

function facts(variable: KerasVariable): Expected {
  const { path, shape = [], dtype, trainable, constraint, value } = variable;
  const data = value?.data as Uint8Array | undefined;
  const bytes = data && new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    path,
    shape,
    dtype,
    trainable,
    constraint: constraint && { class: constraint.constructor.name, config: constraint.getConfig() },
    sha256: bytes ? createHash('sha256').update(bytes).digest('hex') : '',
  };
}

describe.each(inTable)('%s', (name) => {
  const wanted = expected[name] ?? [];

  test('the archive gives each variable as Keras loads it', async () => {
    const model = await readKeras(read(`${name}.keras`));
    expect(model.variables.map(facts)).toEqual(wanted);
    expect(model.warnings).toEqual([]);
  });

  test.runIf(existsSync(new URL(`${name}.h5`, folder)))('the HDF5 file gives the same', async () => {
    const model = await readKeras(read(`${name}.h5`));
    expect(model.variables.map(facts)).toEqual(wanted);
    expect(model.warnings).toEqual([]);
  });

  test('the config alone gives the same but for the values', async () => {
    const { entries } = await unzipEntries(read(`${name}.keras`), new Set(['config.json']), {});
    const model = parseKerasConfig(new TextDecoder().decode(entries.get('config.json')));
    expect(model.variables.map(facts)).toEqual(wanted.map((variable) => ({ ...variable, sha256: '' })));
  });
});
