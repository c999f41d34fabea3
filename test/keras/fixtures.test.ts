// The fixture models, read from each of their files: every constrained variable against the values Keras saved apart.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Constraint } from '../../src/constraints/index.js';
import type { TensorValue } from '../../src/graph/tensorValue.js';
import { type KerasModel, type KerasOptions, parseKerasConfig, readKeras } from '../../src/keras.js';
import { readSafetensors } from '../support/safetensors.js';

const models = ['digits_cnn', 'conv1d_net', 'conv3d_net', 'custom', 'eegnet', 'conv_bn_net'];

class CenterAround extends Constraint {
  constructor(readonly refValue: number) {
    super();
  }
  override getConfig(): Record<string, unknown> {
    return { ref_value: this.refValue };
  }
  static override fromConfig(config: Record<string, unknown>): CenterAround {
    return new CenterAround(config.ref_value as number);
  }
}

const options: KerasOptions = { customObjects: { 'demo>CenterAround': CenterAround } };

const fixture = (model: string, file: string): Promise<Uint8Array> =>
  readFile(new URL(`../fixtures/models/${model}/${file}`, import.meta.url));

function bytesOf(value: TensorValue | undefined): Uint8Array {
  const data = value?.data as Float32Array;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

describe.each(models)('%s', (name) => {
  test.each(['model.keras', 'model.h5'])(
    '%s holds the constrained variables and their values',
    async (file) => {
      const expected = readSafetensors(await fixture(name, 'constrained_before.safetensors'));
      const model = await readKeras(await fixture(name, file), { ...options, file });
      const constrained = model.variables.filter((variable) => variable.constraint !== null);
      expect(constrained.map((variable) => variable.path).sort()).toEqual([...expected.keys()].sort());
      for (const variable of constrained) {
        const stored = expected.get(variable.path);
        expect(variable.shape).toEqual(stored?.dims);
        expect(variable.dtype).toBe(stored?.dtype);
        expect(bytesOf(variable.value)).toEqual(stored?.bytes);
      }
      expect(model.warnings).toEqual([]);
    },
  );

  test('config.json tells the same variables as the archive', async () => {
    const archive = await readKeras(await fixture(name, 'model.keras'), options);
    const config = parseKerasConfig(new TextDecoder().decode(await fixture(name, 'config.json')), options);
    expect(facts(config)).toEqual(facts(archive));
    expect(config.layers).toEqual(archive.layers);
  });

  test('the legacy file tells the same variables as the archive', async () => {
    const archive = await readKeras(await fixture(name, 'model.keras'), options);
    const legacy = await readKeras(await fixture(name, 'model.h5'), options);
    expect(facts(legacy)).toEqual(facts(archive));
    expect([archive.format, legacy.format]).toEqual(['keras', 'h5']);
    expect([archive.kerasVersion, legacy.kerasVersion]).toEqual(['3.15.1', '3.15.1']);
  });
});

/** Everything about the variables but their values. */
function facts(model: KerasModel): unknown {
  return model.variables.map(({ value, constraint, ...rest }) => ({
    ...rest,
    constraint: constraint?.getConfig(),
    kind: constraint?.constructor.name,
  }));
}
