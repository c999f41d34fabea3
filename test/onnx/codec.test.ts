import { describe, expect, test } from 'vitest';
import { decodeModelProto, encodeModelProto } from '../../src/onnx/codec.js';
import { onnx } from '../../src/onnx/gen/onnx.js';
import { int64ToBigInt } from '../../src/onnx/int64.js';
import { modelNames, readFixture } from './fixtures.js';
import { delimited, join, modelWith, varint } from './wire.js';

function roundTrip(bytes: Uint8Array): Uint8Array {
  return encodeModelProto(decodeModelProto(bytes));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('what is read is written again', () => {
  test('opsets 8 to 26 are covered', () => {
    const opsets = modelNames.flatMap((name) => /^opset(\d+)/.exec(name)?.[1] ?? []).map(Number);
    expect(opsets).toEqual(Array.from({ length: 19 }, (_, i) => i + 8));
  });

  test.each(modelNames)('%s, byte for byte', (name) => {
    const bytes = readFixture(name);
    expect(hex(roundTrip(bytes))).toBe(hex(bytes));
  });

  test('unknown fields before known ones come after them, unchanged', () => {
    const unknown = join(varint(1000, 5), delimited(1001, 'kept'), Uint8Array.of(0xfd, 0x3e, 1, 2, 3, 4));
    const known = modelWith(delimited(2, 'g'));
    expect(hex(roundTrip(join(unknown, known)))).toBe(hex(join(known, unknown)));
  });

  test('unpacked entries of a packed field become packed', () => {
    const tensor = (...fields: Uint8Array[]) => modelWith(delimited(5, ...fields));
    const unpacked = tensor(varint(7, -1), varint(7, 300));
    const packed = tensor(delimited(7, varint(0, -1).subarray(1), varint(0, 300).subarray(1)));
    expect(hex(roundTrip(unpacked))).toBe(hex(packed));
  });

  test('a repeated graph field is merged, as protobuf has it', () => {
    const parts = join(delimited(7, delimited(2, 'a')), delimited(7, delimited(10, 'doc')));
    expect(hex(roundTrip(parts))).toBe(hex(delimited(7, delimited(2, 'a'), delimited(10, 'doc'))));
  });

  test('of a oneof the last member counts', () => {
    const dimension = (...fields: Uint8Array[]) =>
      modelWith(delimited(11, delimited(2, delimited(1, delimited(2, delimited(1, ...fields))))));
    const both = dimension(varint(1, 4), delimited(2, 'N'));
    expect(hex(roundTrip(both))).toBe(hex(dimension(delimited(2, 'N'))));
  });

  test.each([
    ['Latin-1', [0x63, 0x61, 0x66, 0xe9]],
    ['a cut sequence', [0xf0, 0x9f, 0x98]],
    ['an encoded surrogate', [0xed, 0xb2, 0x80, 0x41]],
    ['an overlong form', [0xc0, 0xaf, 0xe0, 0x80, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a replacement character beside a wrong byte', [0xef, 0xbf, 0xbd, 0xff]],
    ['long text with an emoji', [...new TextEncoder().encode(`${'ab'.repeat(200)}😀`), 0x80]],
  ])('text that is not UTF-8: %s', (_, bytes) => {
    const model = modelWith(delimited(10, Uint8Array.from(bytes)));
    expect(hex(roundTrip(model))).toBe(hex(model));
  });
});

describe('64-bit integers', () => {
  test.each([0n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    '%s is exact',
    (value) => {
      const model = decodeModelProto(join(varint(5, value), modelWith()));
      expect(int64ToBigInt(model.modelVersion ?? 0)).toBe(value);
      const again = decodeModelProto(encodeModelProto(model));
      expect(int64ToBigInt(again.modelVersion ?? 0)).toBe(value);
    },
  );

  test('unsigned ones up to 2^64 - 1', () => {
    const bytes = modelWith(delimited(5, delimited(11, varint(0, 2n ** 64n - 1n).subarray(1))));
    const entry = decodeModelProto(bytes).graph?.initializer[0]?.uint64Data[0];
    expect(int64ToBigInt(entry ?? 0)).toBe(2n ** 64n - 1n);
    expect(hex(roundTrip(bytes))).toBe(hex(bytes));
  });
});

describe('bounds', () => {
  test('too many unknown fields are refused before they fill the memory', () => {
    const bytes = new Uint8Array(3 * (2 ** 22 + 1));
    for (let i = 0; i < bytes.length; i += 3) bytes.set([0xc0, 0x3e, 1], i);
    expect(() => decodeModelProto(bytes, { file: 'big.onnx' })).toThrow(
      /^big\.onnx: more than 4194304 fields/,
    );
  });

  test('too many empty messages are refused', () => {
    const bytes = new Uint8Array(2 * (2 ** 22 + 1));
    for (let i = 0; i < bytes.length; i += 2) bytes.set([14 * 8 + 2, 0], i);
    expect(() => decodeModelProto(bytes)).toThrow(/more than 4194304 fields/);
  });

  test('a mass of bytes that is not UTF-8 is no text', () => {
    const latin = new Uint8Array(70_000).fill(0xe9);
    expect(() => decodeModelProto(delimited(6, latin))).toThrow(/a text of 70000 bytes that is not UTF-8/);
    const accepted = delimited(6, latin.subarray(0, 60_000));
    expect(hex(roundTrip(accepted))).toBe(hex(accepted));
  });

  test('a message beyond the limit is refused before it is built', () => {
    const rawData = new Uint8Array(1000);
    const graph = new onnx.GraphProto({ initializer: [new onnx.TensorProto({ rawData })] });
    const model = new onnx.ModelProto({ graph });
    expect(encodeModelProto(model, { limit: 1009 })).toHaveLength(1009);
    expect(() => encodeModelProto(model, { limit: 1008 })).toThrow(
      /too large for one protobuf message \(2 GiB\)/,
    );
    expect(() => encodeModelProto(model, { limit: 500 })).toThrow(/write its tensors as external data/);
  });
});
