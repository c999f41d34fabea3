// Tensors that share bytes of a data file: read like any other, never changed with each other, copied once.
import { describe, expect, test } from 'vitest';
import { OnnxModel } from '../../src/onnx/model.js';
import { dataFiles, tensorNamed } from './fixtures.js';
import { delimited, initializer, join, modelWith, varint } from './wire.js';

const numbers = Float32Array.from({ length: 16 }, (_, i) => i);
const shared = new Uint8Array(numbers.buffer);

/** A model with a float32 tensor for each range of elements. */
function modelOf(ranges: readonly (readonly [start: number, count: number, location?: string])[]): OnnxModel {
  const tensors = ranges.map(([start, count, location = 'shared.bin'], i) =>
    initializer(
      { name: `t${i}`, dims: [count] },
      delimited(13, delimited(1, 'location'), delimited(2, location)),
      delimited(13, delimited(1, 'offset'), delimited(2, String(4 * start))),
      varint(14, 1),
    ),
  );
  const externalData = dataFiles({ 'shared.bin': shared, 'other.bin': shared });
  return OnnxModel.decode(modelWith(...tensors), { externalData });
}

function moved(model: OnnxModel, move: 'all' | 'written'): { again: OnnxModel; length: number } {
  const { bytes, data, dataLength } = model.encodeWithData({ location: 'new.bin', move });
  const file = join(...data);
  expect(file).toHaveLength(dataLength);
  const externalData = dataFiles({ 'new.bin': file, 'shared.bin': shared, 'other.bin': shared });
  return { again: OnnxModel.decode(bytes, { externalData }), length: dataLength };
}

function elements(model: OnnxModel): readonly (readonly number[])[] {
  return model.tensors().map((tensor) => Array.from(tensor.read().data as Float32Array));
}

const overlapping = [
  [4, 6],
  [0, 8],
  [6, 2],
  [4, 6],
  [12, 4],
  [2, 0],
  [9, 2],
  [4, 2, 'other.bin'],
] as const;

test('each is read as if alone', () => {
  expect(elements(modelOf(overlapping)).slice(0, 3)).toEqual([
    [4, 5, 6, 7, 8, 9],
    [0, 1, 2, 3, 4, 5, 6, 7],
    [6, 7],
  ]);
});

describe('moved to a new file', () => {
  test('each has its elements, and what they share is there once', () => {
    const model = modelOf(overlapping);
    const { again, length } = moved(model, 'all');
    expect(elements(again)).toEqual(elements(model));
    expect(again.dataFiles()).toEqual(['new.bin']);
    // Elements 0 to 10, from 12 on, and those of the other file, each from a multiple of 64 bytes on.
    expect(length).toBe(128 + 8);
  });

  test('tensors that only touch are apart', () => {
    const { length } = moved(
      modelOf([
        [0, 4],
        [4, 4],
      ]),
      'all',
    );
    expect(length).toBe(64 + 16);
  });

  test('many tensors over the same bytes take no more room than the bytes', () => {
    const { length } = moved(modelOf(Array.from({ length: 2000 }, (_, i) => [i % 8, 8] as const)), 'all');
    expect(length).toBe(15 * 4);
  });
});

describe('written', () => {
  test.each(['all', 'written'] as const)('one changes and no other, with move %s', (move) => {
    const model = modelOf(overlapping);
    const before = elements(model);
    const data = Float32Array.of(-1, -2, -3, -4, -5, -6);
    tensorNamed(model, 't0').write({ dtype: 'float32', dims: [6], data });
    expect(elements(model)).toEqual([[...data], ...before.slice(1)]);
    expect(elements(moved(model, move).again)).toEqual([[...data], ...before.slice(1)]);
  });
});
