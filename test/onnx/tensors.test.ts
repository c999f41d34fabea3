import { describe, expect, test } from 'vitest';
import { type DType, dtypeFromOnnx } from '../../src/graph/dtype.js';
import { ShapeError, UnsupportedError } from '../../src/graph/errors.js';
import { toFloat64 } from '../../src/graph/numbers.js';
import type { TensorData, TensorValue } from '../../src/graph/tensorValue.js';
import { decodeModelProto } from '../../src/onnx/codec.js';
import { OnnxModel } from '../../src/onnx/model.js';
import expectedByDtype from '../fixtures/onnx/dtypes.json' with { type: 'json' };
import { decodeFixture, tensorNamed } from './fixtures.js';
import { delimited, initializer, modelWith, varint } from './wire.js';

interface Expected {
  readonly numbers?: readonly (number | string)[];
  readonly raw: string;
}
const expected = Object.entries(expectedByDtype as Record<string, Expected>);

const special: Record<string, number> = {
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};
const toNumber = (given: number | string): number =>
  typeof given === 'string' ? (special[given] ?? Number(given)) : given;

function bytesOf(data: TensorData): string {
  if (!ArrayBuffer.isView(data)) throw new Error('strings have no bytes as a whole');
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}

describe.each(['dtypesRaw.onnx', 'dtypesTyped.onnx'])('%s as NumPy reads it', (file) => {
  const model = decodeFixture(file);

  test.each(expected)('%s', (name, { numbers, raw }) => {
    const value = tensorNamed(model, name).read();
    expect(bytesOf(value.data)).toBe(raw);
    if (numbers !== undefined) expect([...toFloat64(value)]).toEqual(numbers.map(toNumber));
  });

  test('all dtypes but string are there', () => {
    const dtypes = new Set(model.tensors().map((tensor) => tensor.dtype));
    const all = Array.from({ length: 26 }, (_, i) => dtypeFromOnnx(i + 1) as DType);
    expect(all.filter((dtype) => dtype !== 'string' && !dtypes.has(dtype))).toEqual([]);
  });
});

test('integers beyond 2^53 are exact', () => {
  const limits = tensorNamed(decodeFixture('opset26.onnx'), 'limits').read();
  expect(limits.data).toEqual(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n));
  const unsigned = tensorNamed(decodeFixture('dtypesTyped.onnx'), 'UINT64').read();
  expect((unsigned.data as BigUint64Array)[0]).toBe(2n ** 64n - 1n);
});

test('strings are bytes, not text', () => {
  const { data } = tensorNamed(decodeFixture('dtypesTyped.onnx'), 'STRING').read();
  expect(data).toEqual([Uint8Array.of(), Uint8Array.of(0xc3, 0xa4), Uint8Array.of(0xff, 0, 0xfe)]);
});

test('a tensor without elements needs no data', () => {
  const empty = tensorNamed(decodeFixture('dtypesTyped.onnx'), 'EMPTY');
  expect(empty.read()).toEqual({ dtype: 'float32', dims: [0, 3], data: new Float32Array(0) });
});

test('what is read is a copy', () => {
  const kernel = tensorNamed(decodeFixture('opset20.onnx'), 'kernel');
  (kernel.read().data as Float32Array).fill(7);
  expect((kernel.read().data as Float32Array)[1]).toBe(0.125);
});

describe('constants', () => {
  const model = decodeFixture('opset26.onnx');
  const constant = (name: string) => tensorNamed(model, `plain_${name}`).read();

  test('each plain form', () => {
    expect(constant('value_float')).toEqual({ dtype: 'float32', dims: [], data: Float32Array.of(0.1) });
    expect(constant('value_floats')).toEqual({
      dtype: 'float32',
      dims: [2],
      data: Float32Array.of(0.1, -2.5),
    });
    expect(constant('value_int')).toEqual({
      dtype: 'int64',
      dims: [],
      data: BigInt64Array.of(2n ** 62n + 1n),
    });
    expect(constant('value_ints')).toEqual({
      dtype: 'int64',
      dims: [3],
      data: BigInt64Array.of(-1n, 0n, 7n),
    });
    expect(constant('value_string').data).toEqual([Uint8Array.from(Buffer.from('text'))]);
    expect(constant('value_strings').dims).toEqual([3]);
  });

  test('one that the caller of a function gives is no tensor', () => {
    const paths = model.tensors().map((tensor) => tensor.path);
    expect(paths.filter((path) => path.startsWith('functions'))).toEqual([
      'functions[0](ScaleShift).node[1](offset_constant).value',
    ]);
  });

  test('a sparse initializer is listed and refuses to be read', () => {
    const sparse = tensorNamed(model, 'sparse');
    expect([sparse.kind, sparse.dtype, sparse.dims]).toEqual(['sparse', 'float32', [2, 3]]);
    expect(() => sparse.read()).toThrow(UnsupportedError);
    expect(() => sparse.write({ dtype: 'float32', dims: [2, 3], data: new Float32Array(6) })).toThrow(
      /sparse/,
    );
  });
});

describe('writing', () => {
  const rewritten = (name: string, tensor: string, value: TensorValue) => {
    const model = decodeFixture(name);
    tensorNamed(model, tensor).write(value);
    return model.encode();
  };

  test('a typed tensor stays typed', () => {
    const value: TensorValue = { dtype: 'float32', dims: [3], data: Float32Array.of(4, 5, 6) };
    const proto = decodeModelProto(rewritten('opset20.onnx', 'bias', value)).graph?.initializer[1];
    expect([proto?.name, proto?.floatData, proto?.rawData]).toEqual(['bias', [4, 5, 6], null]);
  });

  test('a constant stays in its attribute', () => {
    const value: TensorValue = { dtype: 'int64', dims: [], data: BigInt64Array.of(-(2n ** 63n)) };
    const model = OnnxModel.decode(rewritten('opset20.onnx', 'plain_value_int', value));
    const tensor = tensorNamed(model, 'plain_value_int');
    expect(tensor.path).toMatch(/\.value_int$/);
    expect(tensor.read()).toEqual(value);
  });

  test('every dtype comes back in both forms', () => {
    for (const file of ['dtypesRaw.onnx', 'dtypesTyped.onnx']) {
      const model = decodeFixture(file);
      const reversed = new Map<string, TensorData>();
      for (const tensor of model.tensors()) {
        const value = tensor.read();
        const data = value.data.slice().reverse();
        reversed.set(tensor.name, data);
        tensor.write({ ...value, data });
        expect(tensor.read().data).toEqual(data);
      }
      for (const tensor of OnnxModel.decode(model.encode()).tensors()) {
        expect(tensor.read().data).toEqual(reversed.get(tensor.name));
      }
    }
  });

  test.each<[string, TensorValue, RegExp]>([
    [
      'dims',
      { dtype: 'float32', dims: [1, 3], data: new Float32Array(3) },
      /value is float32 \[1, 3\]; the tensor is float32 \[3\]/,
    ],
    ['dtype', { dtype: 'float64', dims: [3], data: new Float64Array(3) }, /the value is float64 \[3\]/],
    [
      'too few elements',
      { dtype: 'float32', dims: [3], data: new Float32Array(2) },
      /\(Float32Array, 2\) does not hold float32 \[3\]/,
    ],
    [
      'another array',
      { dtype: 'float32', dims: [3], data: new Int32Array(3) },
      /\(Int32Array, 3\) does not hold/,
    ],
  ])('other %s are refused', (_, value, message) => {
    const model = decodeFixture('opset20.onnx');
    const bias = tensorNamed(model, 'bias');
    expect(() => bias.write(value)).toThrow(ShapeError);
    expect(() => bias.write(value)).toThrow(message);
    expect(() => bias.write(value)).toThrow(/^opset20\.onnx: graph\.initializer\[1\] "bias": /);
  });
});

describe('stored elements that do not fit', () => {
  const floats = (count: number): Uint8Array => delimited(4, new Uint8Array(4 * count));

  test.each([
    [
      'too few raw bytes',
      initializer({}, delimited(9, 'abcdef')),
      /6 bytes of elements; float32 \[2\] takes 8/,
    ],
    ['too many entries', initializer({}, floats(3)), /3 entries in float_data; float32 \[2\] takes 2/],
    [
      'half a complex number',
      initializer({ type: 14 }, floats(3)),
      /3 entries in float_data; complex64 \[2\] takes 4/,
    ],
    ['none at all', initializer({}), /0 bytes of elements/],
    [
      'the field of another dtype',
      initializer({ type: 7 }, floats(2)),
      /int64 elements in float_data; they belong in int64_data/,
    ],
    [
      'two fields',
      initializer({}, floats(2), delimited(9, 'abcdefgh')),
      /elements in raw_data and float_data/,
    ],
    ['strings as raw bytes', initializer({ type: 8 }, delimited(9, 'ab')), /strings belong in string_data/],
    ['segments', initializer({}, delimited(3, varint(1, 0)), floats(2)), /segments/],
  ])('%s', (_, field, message) => {
    const [tensor] = OnnxModel.decode(modelWith(field)).tensors();
    expect(() => tensor?.read()).toThrow(message);
  });

  test('an empty raw_data beside a typed field counts as absent', () => {
    const [tensor] = OnnxModel.decode(modelWith(initializer({}, floats(2), delimited(9)))).tensors();
    expect(tensor?.read().data).toEqual(new Float32Array(2));
  });

  test('a bool is 0 or 1 whatever is stored', () => {
    const [tensor] = OnnxModel.decode(
      modelWith(initializer({ type: 9 }, delimited(9, Uint8Array.of(2, 0)))),
    ).tensors();
    expect(tensor?.read().data).toEqual(Uint8Array.of(1, 0));
  });
});
