// What a tensor held can be brought back, wherever it is stored.
import { expect, test } from 'vitest';
import type { TensorData, TensorValue } from '../../src/graph/tensorValue.js';
import { decodeFixture, readFixture } from './fixtures.js';

const models = ['opset26.onnx', 'dtypesTyped.onnx', 'dtypesRaw.onnx', 'external.onnx', 'scopes.onnx'];

/** A value of the same form with other elements. */
function other(value: TensorValue): TensorValue {
  if (value.dtype === 'string') {
    return { ...value, data: (value.data as readonly Uint8Array[]).map(() => Uint8Array.of(65)) };
  }
  const data = (value.data as Uint8Array).slice();
  const bytes = new Uint8Array(data.buffer);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = (bytes[i] as number) ^ 1;
  return { ...value, data: data as TensorData };
}

test.each(models)('%s is as it was, byte for byte', (name) => {
  const model = decodeFixture(name);
  const readable = model.tensors().filter(({ kind }) => kind !== 'sparse');
  expect(readable.length).toBeGreaterThan(2);
  const before = readable.map((tensor) => tensor.read());
  const restore = readable.map((tensor) => tensor.checkpoint());
  for (const tensor of readable) tensor.write(other(tensor.read()));
  expect(readable.map((tensor) => tensor.read())).not.toEqual(before);
  for (const bringBack of restore.reverse()) bringBack();
  expect(readable.map((tensor) => tensor.read())).toEqual(before);
  expect(model.needsDataFile).toBe(false);
  expect(model.encode()).toEqual(readFixture(name));
});

test('a second change is taken back to the first', () => {
  const model = decodeFixture('external.onnx');
  const [tensor] = model.tensors();
  if (tensor === undefined) throw new Error('no tensor');
  const first = { dtype: 'float32', dims: [2, 3], data: Float32Array.of(1, 1, 1, 1, 1, 1) } as const;
  tensor.write(first);
  const bringBack = tensor.checkpoint();
  tensor.write({ ...first, data: Float32Array.of(2, 2, 2, 2, 2, 2) });
  bringBack();
  expect(tensor.read()).toEqual(first);
  expect(model.needsDataFile).toBe(true);
});
