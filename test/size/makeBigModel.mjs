// Writes an ONNX model of any size: float32 tensors in one data file, each added to the input in turn.
// Writes the protobuf by hand, and shares no code with src.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const columns = 1024;

/**
 * Makes `big.onnx` and `big.bin` in a folder. No two tensors have the same dims; their values are between -1 and 1.
 *
 * @param {{ folder: string, tensors: number, megabytes: number }} options `megabytes` is the size of each tensor
 * @returns {string} the model
 */
export function makeBigModel({ folder, tensors, megabytes }) {
  const rows = Math.ceil((megabytes * 1e6) / 4 / columns);
  const weights = Array.from({ length: tensors }, (_, i) => ({
    name: `w${String(i).padStart(4, '0')}`,
    dims: [rows + i, columns],
  }));
  const file = join(folder, 'big.onnx');
  writeFileSync(file, modelBytes(weights));
  writeData(join(folder, 'big.bin'), weights, rows + tensors);
  return file;
}

/** @typedef {{ name: string, dims: number[] }} Weight */

/** @param {string} file @param {readonly Weight[]} weights @param {number} mostRows */
function writeData(file, weights, mostRows) {
  const values = new Float32Array(mostRows * columns);
  let state = 1;
  for (let i = 0; i < values.length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = state / 2 ** 31;
  }
  const handle = openSync(file, 'w');
  for (const [i, { dims }] of weights.entries()) {
    // The first element differs, so that a mix-up of tensors shows.
    values[0] = -(i + 1);
    const bytes = new Uint8Array(values.buffer, 0, 4 * dims.reduce((a, b) => a * b, 1));
    for (let done = 0; done < bytes.length; )
      done += writeSync(handle, bytes, done, Math.min(1 << 26, bytes.length - done));
  }
  closeSync(handle);
}

/** @param {readonly Weight[]} weights */
function modelBytes(weights) {
  let offset = 0;
  const initializers = weights.map(({ name, dims }) => {
    const length = 4 * dims.reduce((a, b) => a * b, 1);
    const entries = { location: 'big.bin', offset: String(offset), length: String(length) };
    offset += length;
    return delimited(
      5,
      ...dims.map((dim) => varint(1, dim)),
      varint(2, 1),
      delimited(8, name),
      ...Object.entries(entries).map(([key, value]) => delimited(13, delimited(1, key), delimited(2, value))),
      varint(14, 1),
    );
  });
  // Each tensor is summed up and added, so that every one is used and the answer is one number.
  const nodes = weights.flatMap(({ name }, i) => [
    delimited(1, delimited(1, name), delimited(2, `s${i}`), delimited(4, 'ReduceSum'), keepDims),
    delimited(
      1,
      delimited(1, i === 0 ? 'x' : `y${i - 1}`),
      delimited(1, `s${i}`),
      delimited(2, `y${i}`),
      delimited(4, 'Add'),
    ),
  ]);
  const graph = delimited(
    7,
    ...nodes,
    delimited(2, 'big'),
    ...initializers,
    delimited(11, valueInfo('x')),
    delimited(12, valueInfo(`y${weights.length - 1}`)),
  );
  return Buffer.concat([varint(1, 8), graph, delimited(8, varint(2, 13))]);
}

const keepDims = delimited(5, delimited(1, 'keepdims'), varint(3, 0), varint(20, 2));

/** A float32 scalar. @param {string} name */
function valueInfo(name) {
  return Buffer.concat([delimited(1, name), delimited(2, delimited(1, varint(1, 1), delimited(2)))]);
}

/** @param {number} field @param {number} value */
function varint(field, value) {
  return Buffer.concat([varintBytes(field * 8), varintBytes(value)]);
}

/** @param {number} field @param {(Uint8Array | string)[]} content */
function delimited(field, ...content) {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([varintBytes(field * 8 + 2), varintBytes(bytes.length), bytes]);
}

/** @param {number} value */
function varintBytes(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
