import { describe, expect, test } from 'vitest';
import { FileError, FormatError, UsageError } from '../../src/graph/errors.js';
import { decodeModelProto } from '../../src/onnx/codec.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { dataFiles, decodeFixture, readFixture, tensorNamed } from './fixtures.js';
import { delimited, initializer, join, modelWith, varint } from './wire.js';

/** A model with one external float32 [2]. */
function externalModel(entries: Record<string, string>): OnnxModel {
  const fields = Object.entries(entries).map(([key, value]) =>
    delimited(13, delimited(1, key), delimited(2, value)),
  );
  const bytes = modelWith(initializer({}, ...fields, varint(14, 1)));
  return OnnxModel.decode(bytes, { file: 'm.onnx', externalData: dataFiles() });
}

const newData = { dtype: 'float32', dims: [2, 3], data: Float32Array.of(9, 8, 7, 6, 5, 4) } as const;

function written(): OnnxModel {
  const model = decodeFixture('external.onnx');
  tensorNamed(model, 'a').write(newData);
  return model;
}

describe('reading', () => {
  const model = decodeFixture('external.onnx');

  test('elements from their place in the file, aligned or not', () => {
    expect(tensorNamed(model, 'a').read().data).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect(tensorNamed(model, 'b').read().data).toEqual(BigInt64Array.of(2n ** 40n, -1n));
  });

  test('offset and length may be left out', () => {
    expect(tensorNamed(model, 'tail').read().data).toEqual(Float32Array.of(2.5));
  });

  test('the model knows which tensors are external, and their files', () => {
    expect(model.tensors().map((tensor) => tensor.external)).toEqual([true, true, true, false, false]);
    expect(model.dataFiles()).toEqual(['external.bin']);
  });

  test('without the file layer a message says which file is needed', () => {
    const alone = OnnxModel.decode(readFixture('external.onnx'), { file: 'm.onnx' });
    expect(() => tensorNamed(alone, 'a').read()).toThrow(FileError);
    expect(() => tensorNamed(alone, 'a').read()).toThrow(
      /m\.onnx: graph\.initializer\[0\] "a": its data is in "external\.bin"/,
    );
  });

  test.each([
    ['/etc/passwd', 'is absolute'],
    ['../secret.bin', 'leads out of the folder'],
    ['a/../../secret.bin', 'leads out of the folder'],
    ['..\\secret.bin', 'holds a backslash, colon or zero byte'],
    ['C:/secret.bin', 'holds a backslash, colon or zero byte'],
    ['a\0b', 'holds a backslash, colon or zero byte'],
    ['folder/', 'names no file'],
    ['.', 'names no file'],
    ['', 'without a location'],
  ])('location %j is refused', (location, reason) => {
    const model = externalModel({ location });
    expect(() => model.tensors()[0]?.read()).toThrow(FormatError);
    expect(() => model.tensors()[0]?.read()).toThrow(reason);
    expect(() => model.dataFiles()).toThrow(reason);
  });

  test.each([
    [{ offset: '-1' }, /offset "-1"; a whole number/],
    [{ offset: '1e3' }, /offset "1e3"/],
    [{ length: '99999999999999999999' }, /length "9+"/],
    [{ length: '4' }, /external data of 4 bytes; float32 \[2\] takes 8/],
    [{ offset: '44' }, /bytes 44 to 52 of "external\.bin", which has 51/],
    [{ offset: '9007199254740991' }, /which has 51/],
  ])('%j is refused', (entries, message) => {
    const [tensor] = externalModel({ location: 'external.bin', ...entries }).tensors();
    expect(() => tensor?.read()).toThrow(FormatError);
    expect(() => tensor?.read()).toThrow(message);
  });
});

describe('writing', () => {
  test('untouched external tensors stay as they are', () => {
    const model = decodeFixture('external.onnx');
    tensorNamed(model, 'small').write({ dtype: 'float32', dims: [1], data: Float32Array.of(2) });
    expect(model.needsDataFile).toBe(false);
    const entries = (bytes: Uint8Array) =>
      decodeModelProto(bytes).graph?.initializer.map((tensor) => tensor.externalData);
    expect(entries(model.encode())).toEqual(entries(readFixture('external.onnx')));
  });

  test('a written one is read back before it is in any file, and encode refuses to lose it', () => {
    const model = written();
    expect(tensorNamed(model, 'a').read()).toEqual(newData);
    expect(model.needsDataFile).toBe(true);
    expect(() => model.encode()).toThrow(UsageError);
  });

  test('written ones go into a new file, the others stay in theirs', () => {
    const model = written();
    const { bytes, data, dataLength } = model.encodeWithData({ location: 'new.bin' });
    const file = join(...data);
    expect(file).toHaveLength(dataLength);
    expect(dataLength).toBe(24);
    const again = OnnxModel.decode(bytes, { externalData: dataFiles({ 'new.bin': file }) });
    expect(tensorNamed(again, 'a').read()).toEqual(newData);
    expect(tensorNamed(again, 'b').read().data).toEqual(BigInt64Array.of(2n ** 40n, -1n));
    expect(again.dataFiles()).toEqual(['new.bin', 'external.bin']);
  });

  test('the checksum of the old data goes with it', () => {
    const proto = decodeModelProto(written().encodeWithData({ location: 'new.bin' }).bytes);
    const keys = proto.graph?.initializer.map((tensor) => tensor.externalData.map((entry) => entry.key));
    expect(keys?.slice(0, 2)).toEqual([
      ['location', 'offset', 'length'],
      ['location', 'offset', 'length', 'checksum'],
    ]);
  });

  test('all of them can move, inline ones from a threshold on as well', () => {
    const model = written();
    const { bytes, data, dataLength } = model.encodeWithData({
      location: 'new.bin',
      move: 'all',
      threshold: 1024,
    });
    const file = join(...data);
    expect(file).toHaveLength(dataLength);
    const again = OnnxModel.decode(bytes, { externalData: { ...dataFiles({ 'new.bin': file }) } });
    expect(again.dataFiles()).toEqual(['new.bin']);
    expect(again.tensors().map((tensor) => tensor.external)).toEqual([true, true, true, true, false]);
    for (const tensor of model.tensors())
      expect(tensorNamed(again, tensor.name).read()).toEqual(tensor.read());
  });

  test('typed elements become bytes on the way out', () => {
    const model = decodeFixture('dtypesTyped.onnx');
    const { bytes, data } = model.encodeWithData({ location: 'd.bin', threshold: 0 });
    const again = OnnxModel.decode(bytes, { externalData: dataFiles({ 'd.bin': join(...data) }) });
    for (const tensor of model.tensors())
      expect(tensorNamed(again, tensor.name).read()).toEqual(tensor.read());
    expect(tensorNamed(again, 'BFLOAT16').external).toBe(true);
    expect([tensorNamed(again, 'STRING').external, tensorNamed(again, 'EMPTY').external]).toEqual([
      false,
      false,
    ]);
  });

  test('the model in memory is as before', () => {
    const model = decodeFixture('opset26.onnx');
    const first = [...model.encodeWithData({ location: 'd.bin', threshold: 0 }).data].length;
    expect(first).toBeGreaterThan(5);
    const kernel = tensorNamed(model, 'kernel');
    expect(kernel.external).toBe(false);
    kernel.write(kernel.read());
    expect(model.encode()).toEqual(readFixture('opset26.onnx'));
  });

  test('large tensors start on a page', () => {
    const big = (name: string) => initializer({ name, dims: [2000] }, delimited(9, new Uint8Array(8000)));
    const { bytes } = OnnxModel.decode(modelWith(big('a'), big('b'))).encodeWithData({
      location: 'd',
      threshold: 1,
    });
    const [, second] = decodeModelProto(bytes).graph?.initializer ?? [];
    expect(second?.externalData[1]?.value).toBe('8192');
  });

  test('nothing to move needs no file', () => {
    const { dataLength, data } = decodeFixture('opset26.onnx').encodeWithData({ location: 'd.bin' });
    expect([dataLength, [...data]]).toEqual([0, []]);
  });

  test('a file that other tensors stay in is not replaced', () => {
    expect(() => written().encodeWithData({ location: 'external.bin' })).toThrow(
      /would replace one that this tensor stays in/,
    );
    expect(written().encodeWithData({ location: 'external.bin', move: 'all' }).dataLength).toBeGreaterThan(
      24,
    );
  });

  test('the new location must lie in the folder', () => {
    expect(() => written().encodeWithData({ location: '../new.bin' })).toThrow(UsageError);
  });
});
