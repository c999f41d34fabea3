// Tensors for test data beside the golden ones: axes, limits, and shards with their sums in float64.
// Must not import anything.

/** @typedef {import('./set.mjs').Tensor} Tensor */

/** @param {readonly number[]} values @returns {Tensor} */
export function int64(values) {
  const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { dtype: 'int64', dims: [values.length], bytes };
}

/** @param {number} value @returns {Tensor} */
export function float32Scalar(value) {
  return { dtype: 'float32', dims: [], bytes: new Uint8Array(Float32Array.of(value).buffer) };
}

/** The first rows of a float32 matrix. @param {Tensor} matrix @param {number} rows @returns {Tensor} */
export function firstRows({ dtype, dims: [, columns], bytes }, rows) {
  return { dtype, dims: [rows, columns], bytes: bytes.slice(0, 4 * rows * columns) };
}

/** The sum of squares of each column of a float32 matrix, added in float64 and rounded once. @param {Tensor} matrix @returns {Tensor} */
export function sumOfSquares({ dtype, dims: [rows, columns], bytes }) {
  const values = new Float32Array(bytes.slice().buffer);
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) sums[i % columns] += values[i] ** 2;
  return { dtype, dims: [1, columns], bytes: new Uint8Array(Float32Array.from(sums).buffer) };
}
