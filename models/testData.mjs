// Test data in the layout of ONNX's backend tests: a tensor a file, and the tolerances.
// Must not import anything but the codec.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnx } from '../src/onnx/gen/onnx.js';

const { TensorProto } = onnx;
const dataTypes = { float32: 1, int64: 7, float16: 10, float64: 11, bfloat16: 16 };

/** Of ONNX's test runner: |found − wanted| ≤ atol + rtol · |wanted|; a half value may be the one beside it. */
const tolerances = {
  float32: { rtol: 2e-6, atol: 1e-7 },
  float64: { rtol: 1e-12, atol: 1e-14 },
  float16: { rtol: 2 ** -10, atol: 2 ** -24 },
  bfloat16: { rtol: 2 ** -7, atol: 2 ** -133 },
};

/** The tensor's bytes as `input_0.pb` holds them. @param {string} name @param {import('./set.mjs').Tensor} tensor */
export function encodeTensor(name, { dtype, dims, bytes }) {
  return TensorProto.encode({ name, dims: [...dims], dataType: dataTypes[dtype], rawData: bytes }).finish();
}

/**
 * Writes `test_data_set_0` and `data.json` beside a model.
 * @param {string} folder
 * @param {string} dtype
 * @param {import('./set.mjs').TestData} data
 * @returns {string[]} the files written, relative to the folder
 */
export function writeTestData(folder, dtype, { inputs, outputs }) {
  mkdirSync(join(folder, 'test_data_set_0'), { recursive: true });
  const files = [
    ...Object.entries(inputs).map(([name, tensor], i) => [`input_${i}`, name, tensor]),
    ...Object.entries(outputs).map(([name, tensor], i) => [`output_${i}`, name, tensor]),
  ].map(([file, name, tensor]) => {
    const path = `test_data_set_0/${file}.pb`;
    writeFileSync(join(folder, path), encodeTensor(name, tensor));
    return path;
  });
  writeFileSync(join(folder, 'data.json'), `${JSON.stringify(tolerances[dtype])}\n`);
  return [...files, 'data.json'];
}
