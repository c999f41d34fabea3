// Reading checkpoints of ONNX Runtime's on-device training: what its own writer makes, and what nobody should.
import { describe, expect, test } from 'vitest';
import { ConstraintError, FormatError, UnsupportedError } from '../../src/index.js';
import { type OrtCheckpoint, readOrtCheckpoint } from '../../src/node.js';
import { buildCheckpoint, type CheckpointTensor } from '../support/buildCheckpoint.js';
import { readArtifact } from '../support/trainingOrt.js';

const floats = (count: number): Uint8Array => new Uint8Array(4 * count);
const tensor = (more: Partial<CheckpointTensor> = {}): CheckpointTensor => ({
  name: 'w',
  dims: [2, 3],
  bytes: floats(6),
  ...more,
});

function namesOf({ parameters }: OrtCheckpoint): readonly string[] {
  return parameters.map(({ name, dtype, shape, trainable }) =>
    [name, dtype, shape === undefined ? '?' : shape.join('x'), trainable ? 'trained' : 'frozen'].join(' '),
  );
}

describe('a checkpoint that ONNX Runtime wrote', () => {
  test('gives its parameters with their values', () => {
    const checkpoint = readOrtCheckpoint(readArtifact('whole.ckpt'));
    expect(checkpoint).toMatchObject({ version: 2, values: 'inside' });
    expect(namesOf(checkpoint)).toEqual([
      'head.kernel float32 6x3 trained',
      'fc1.bias float32 6 trained',
      'fc1.weight float32 6x4 trained',
      'scale float32 4 frozen',
    ]);
    const scale = checkpoint.parameters[3]?.bytes?.slice() as Uint8Array<ArrayBuffer>;
    expect([...new Float32Array(scale.buffer)]).toEqual([1, 1, 1, 1]);
  });

  test('gives names alone where it is nominal', () => {
    const checkpoint = readOrtCheckpoint(readArtifact('nominal.ckpt'));
    expect(checkpoint.values).toBe('nominal');
    expect(namesOf(checkpoint)).toEqual([
      'head.kernel float32 ? trained',
      'fc1.bias float32 ? trained',
      'fc1.weight float32 ? trained',
      'scale float32 ? frozen',
    ]);
  });

  test('is read from the middle of a larger buffer', () => {
    const bytes = readArtifact('whole.ckpt');
    const around = new Uint8Array(bytes.length + 14).fill(255);
    around.set(bytes, 7);
    expect(readOrtCheckpoint(around.subarray(7, 7 + bytes.length))).toEqual(readOrtCheckpoint(bytes));
  });
});

describe('what the schema allows beside that', () => {
  test('values in a file beside it', () => {
    const bytes = buildCheckpoint({ trainable: [tensor({ bytes: floats(0) })], external: true });
    const checkpoint = readOrtCheckpoint(bytes);
    expect(checkpoint.values).toBe('external');
    expect(checkpoint.parameters).toEqual([
      { name: 'w', dtype: 'float32', shape: [2, 3], trainable: true, bytes: undefined },
    ]);
  });

  test('scalars, other dtypes and the older version', () => {
    const scalar = tensor({ name: 's', dims: [], dataType: 7, bytes: new Uint8Array(8) });
    const half = tensor({ name: 'größe/h', dims: [3], dataType: 10, bytes: new Uint8Array(6) });
    const checkpoint = readOrtCheckpoint(
      buildCheckpoint({ version: 1, trainable: [half], frozen: [scalar] }),
    );
    expect(checkpoint.version).toBe(1);
    expect(namesOf(checkpoint)).toEqual(['größe/h float16 3 trained', 's int64  frozen']);
  });
});

describe('what is refused', () => {
  test.each([
    ['another format', new Uint8Array(64), FormatError, "'ODTC' is missing"],
    ['nothing', new Uint8Array(), FormatError, 'of 0 bytes'],
    ['an unknown version', buildCheckpoint({ trainable: [], version: 3 }), UnsupportedError, 'version 3'],
    [
      'a version never written',
      buildCheckpoint({ trainable: [], version: 0 }),
      UnsupportedError,
      'version 0',
    ],
    [
      'a parameter without a name',
      buildCheckpoint({ trainable: [tensor({ name: undefined })] }),
      FormatError,
      'module_state.requires_grad_params[0]: has no name',
    ],
    [
      'a parameter twice',
      buildCheckpoint({ trainable: [tensor()], frozen: [tensor()] }),
      FormatError,
      'frozen_params[0]: a parameter is named "w" already',
    ],
    [
      'a data type that is none',
      buildCheckpoint({ trainable: [tensor({ dataType: 99 })] }),
      FormatError,
      '"w" has data type 99',
    ],
    [
      'texts as values',
      buildCheckpoint({ trainable: [tensor({ dataType: 8 })] }),
      FormatError,
      '"w" has data type 8',
    ],
    [
      'fewer values than its shape takes',
      buildCheckpoint({ trainable: [tensor({ bytes: floats(5) })] }),
      FormatError,
      '"w" float32 (2, 3) takes 24 bytes, found 20',
    ],
    [
      'a negative dimension',
      buildCheckpoint({ trainable: [tensor({ dims: [-2, -3] })] }),
      FormatError,
      '"w" has the dimension -2',
    ],
    [
      'a dimension beyond all files',
      buildCheckpoint({ trainable: [tensor({ dims: [2n ** 62n] })] }),
      FormatError,
      `"w" has the dimension ${2n ** 62n}`,
    ],
    [
      'a rank beyond all tensors',
      buildCheckpoint({ trainable: [tensor({ dims: new Array(65).fill(1) })] }),
      FormatError,
      'a list of 65 numbers',
    ],
    [
      'a name beyond all names',
      buildCheckpoint({ trainable: [tensor({ name: 'n'.repeat(5000) })] }),
      FormatError,
      'a text of 5000 bytes',
    ],
  ] as const)('%s', (_, bytes, error, message) => {
    const read = (): unknown => readOrtCheckpoint(bytes, { file: 'my.ckpt' });
    expect(read).toThrow(error);
    expect(read).toThrow(message);
    expect(read).toThrow(/^my\.ckpt: /);
  });

  test('a name that is no UTF-8', () => {
    const bytes = buildCheckpoint({ trainable: [tensor({ name: 'xyzzy' })] });
    const at = Buffer.from(bytes).indexOf('xyzzy');
    bytes[at] = 0xff;
    expect(() => readOrtCheckpoint(bytes)).toThrow('no UTF-8');
  });

  test('a list of one table many times, before it costs memory', () => {
    const bytes = buildCheckpoint({ trainable: [tensor()], listed: 1_000_000 });
    expect(() => readOrtCheckpoint(bytes)).toThrow('is named "w" already');
  });

  test('more parameters than any model has', () => {
    const trainable = Array.from({ length: 100_001 }, (_, i) =>
      tensor({ name: String(i), dims: [], bytes: floats(1) }),
    );
    expect(readOrtCheckpoint(buildCheckpoint({ trainable: trainable.slice(1) })).parameters).toHaveLength(
      100_000,
    );
    expect(() => readOrtCheckpoint(buildCheckpoint({ trainable }))).toThrow(
      'has more than 100000 parameters',
    );
  });

  test('a table whose layout lies before the file', () => {
    const bytes = readArtifact('whole.ckpt');
    const view = new DataView(bytes.buffer);
    const table = view.getUint32(0, true);
    view.setInt32(table, table + 100, true);
    expect(() => readOrtCheckpoint(bytes)).toThrow('the layout of a table lies at -100 to -96 of 512 bytes');
  });

  test('a field that lies outside of its table', () => {
    const bytes = readArtifact('whole.ckpt');
    const view = new DataView(bytes.buffer);
    const table = view.getUint32(0, true);
    // Far enough for the next table, and still in the file.
    view.setUint16(table - view.getInt32(table, true) + 4, 64, true);
    expect(() => readOrtCheckpoint(bytes)).toThrow('has its field 0 outside of its table');
  });

  test.each(['whole.ckpt', 'nominal.ckpt'])('%s cut short anywhere', (name) => {
    const bytes = readArtifact(name);
    const whole = namesOf(readOrtCheckpoint(bytes));
    for (let length = 0; length < bytes.length; length++) {
      // What follows the last name is padding; up to there each cut must show.
      const outcome = outcomeOf(bytes.slice(0, length));
      if (length < bytes.length - 4) expect(outcome, `cut at ${length}`).toBeInstanceOf(FormatError);
      else if (!(outcome instanceof FormatError)) expect(outcome).toEqual(whole);
    }
  });

  test.each(['whole.ckpt', 'nominal.ckpt'])(
    '%s with any byte changed is read or refused, with a reason',
    (name) => {
      const bytes = readArtifact(name);
      let refused = 0;
      for (let at = 0; at < bytes.length; at++) {
        for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
          const changed = bytes.slice();
          changed[at] = value;
          const outcome = outcomeOf(changed);
          if (outcome instanceof Error) {
            expect(outcome, `byte ${at} = ${value}`).toBeInstanceOf(ConstraintError);
            refused++;
          }
        }
      }
      expect(refused).toBeGreaterThan(bytes.length / 4);
    },
  );
});

function outcomeOf(bytes: Uint8Array): unknown {
  try {
    return namesOf(readOrtCheckpoint(bytes));
  } catch (error) {
    return error;
  }
}
