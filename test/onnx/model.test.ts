import { describe, expect, test } from 'vitest';
import { FormatError, UnsupportedError } from '../../src/graph/errors.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { decodeFixture, modelNames, readFixture, tensorNamed } from './fixtures.js';
import { delimited, initializer, join, modelWith, varint } from './wire.js';

describe('what a model says of itself', () => {
  const model = decodeFixture('opset26.onnx');

  test('versions, producer and graph', () => {
    expect(model.irVersion).toBe(13);
    expect(model.producer).toBe('makeModels 1');
    expect(model.graphName).toBe('opset26');
    expect([model.opset(), model.opset(''), model.opset('ai.onnx')]).toEqual([26, 26, 26]);
    expect([model.opset('test.functions'), model.opset('other')]).toEqual([1, undefined]);
  });

  test('inputs and outputs', () => {
    expect(model.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N', 4] }]);
    expect(model.outputs.map((output) => output.name)).toEqual(['y', 'z']);
    const [sequence] = decodeFixture('odd.onnx').outputs;
    expect(sequence).toEqual({ name: 'y', dtype: undefined, shape: undefined });
  });

  test('old models list their initializers as inputs', () => {
    const old = decodeFixture('opset08.onnx');
    expect(old.inputs.map((input) => input.name)).toContain('kernel');
    expect(tensorNamed(old, 'kernel').alsoInput).toBe(true);
    expect(tensorNamed(model, 'kernel').alsoInput).toBe(false);
  });

  test('unknown extents are undefined, -1 among them', () => {
    const shape = delimited(2, delimited(1), delimited(1, varint(1, -1)), delimited(1, varint(1, 0)));
    const bytes = modelWith(
      delimited(11, delimited(1, 'x'), delimited(2, delimited(1, varint(1, 10), shape))),
    );
    expect(OnnxModel.decode(bytes).inputs).toEqual([
      { name: 'x', dtype: 'float16', shape: [undefined, undefined, 0] },
    ]);
  });
});

describe('writing', () => {
  test.each(modelNames)('%s unchanged gives its own bytes', (name) => {
    expect(decodeFixture(name).encode()).toEqual(readFixture(name));
  });

  test.each(modelNames)('%s with every inline tensor written as it was is the same file', (name) => {
    const model = decodeFixture(name);
    for (const tensor of model.tensors()) {
      if (!tensor.external && tensor.kind !== 'sparse') tensor.write(tensor.read());
    }
    expect(Buffer.from(model.encode()).toString('hex')).toBe(Buffer.from(readFixture(name)).toString('hex'));
  });

  test('a written tensor changes its own bytes and no others', () => {
    const model = decodeFixture('opset26.onnx');
    const before = readFixture('opset26.onnx');
    const square = tensorNamed(model, 'square');
    square.write({ ...square.read(), data: new Float32Array(9).fill(2.5) });
    const after = model.encode();
    expect(after).toHaveLength(before.length);
    const changed = [...after.keys()].filter((i) => after[i] !== before[i]);
    const range = (changed.at(-1) ?? 0) - (changed[0] ?? 0);
    expect(changed.length).toBeGreaterThan(9);
    expect(range).toBeLessThan(36);
    expect(tensorNamed(OnnxModel.decode(after), 'square').read().data).toEqual(new Float32Array(9).fill(2.5));
  });
});

test('names are those of values and nodes anywhere', () => {
  const names = decodeFixture('opset26.onnx').names();
  const everywhere = ['x', 'y', 'kernel', 'dense', 'product', 'zeros', 'sparse', 'plain_value_ints'];
  const inside = ['then_scale', 'else_mul', 'loop_state', 'loop_keep', 'scan_row', 'scan_out'];
  const functions = ['function_x', 'alpha_constant', 'offset', 'function_y'];
  const training = ['rate', 'train_node', 'fresh', 'bias_next'];
  for (const name of [...everywhere, ...inside, ...functions, ...training]) expect(names).toContain(name);
  expect(names.has('')).toBe(false);
});

describe('files that are no ONNX model', () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  test.each([
    ['nothing', bytes(), /the file is empty/],
    ['JSON', text('\n {"layers": []}'), /this is a JSON file; an ONNX model is expected/],
    ['a zip', text('PK\u0003\u0004rest'), /zip archive, perhaps a \.keras file/],
    ['HDF5', bytes(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0), /HDF5 file/],
    ['an LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /Git LFS pointer/],
    ['ONNX as text', text('ir_version: 8\n'), /text form/],
    ['an ORT model', bytes(0x18, 0, 0, 0, 0x4f, 0x52, 0x54, 0x4d, 0, 0), /\.ort/],
    ['other text', text('hello world'), /not an ONNX model/],
    ['zeros', new Uint8Array(64), /not an ONNX model: illegal tag/],
    ['another message', delimited(3, 'abc'), /without a graph/],
    ['no version', join(delimited(7), delimited(8, varint(2, 21))), /ir_version is 0/],
    ['no operator sets', join(varint(1, 8), delimited(7)), /no opset_import/],
    [
      'a length beyond the end',
      join(varint(1, 8), bytes(0x3a, 0xff, 0xff, 0x03)),
      /cut short.*\(file: 6 bytes\)/,
    ],
  ])('%s', (_, content, message) => {
    expect(() => OnnxModel.decode(content, { file: 'm.onnx' })).toThrow(FormatError);
    expect(() => OnnxModel.decode(content, { file: 'm.onnx' })).toThrow(message);
    expect(() => OnnxModel.decode(content, { file: 'm.onnx' })).toThrow(/^m\.onnx: /);
  });
});

describe('tensors that cannot be', () => {
  const list = (...fields: Uint8Array[]) =>
    OnnxModel.decode(modelWith(...fields), { file: 'm.onnx' }).tensors();

  test.each([
    ['a negative dim', initializer({ dims: [-2] }), /m\.onnx: graph\.initializer\[0\] "w": dims\[0\] is -2/],
    ['a dim beyond 2^53', initializer({ dims: [2n ** 60n] }), /dims\[0\] is 1152921504606846976/],
    [
      'dims whose product overflows',
      initializer({ dims: [2 ** 40, 2 ** 40] }),
      /more elements than can be counted/,
    ],
    ['no element type', initializer({ type: 0 }), /element type 0/],
  ])('%s', (_, field, message) => {
    expect(() => list(field)).toThrow(FormatError);
    expect(() => list(field)).toThrow(message);
  });

  test('an element type of a later version', () => {
    expect(() => list(initializer({ type: 27 }))).toThrow(UnsupportedError);
  });

  test('huge dims with little data are refused without taking the memory', () => {
    const [tensor] = list(initializer({ dims: [2 ** 45] }, delimited(9, 'abcd')));
    expect(() => tensor?.read()).toThrow(
      /4 bytes of elements; float32 \[35184372088832\] takes 140737488355328/,
    );
  });
});
