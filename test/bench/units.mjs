// A weight as rows and columns whose units are the one or the other: every case reduces leading or trailing axes.
// Must not import anything from src or dist.

/**
 * @typedef {object} Units
 * @property {number} rows
 * @property {number} columns
 * @property {boolean} byColumn whether each column is a unit; else each row is one
 */

/**
 * @param {{ dims: number[], constraint: import('./cases.mjs').KerasConstraint }} parameter
 * @returns {Units}
 */
export function unitsOf({ dims, constraint }) {
  const axes = [constraint.config.axis ?? 0].flat().sort((a, b) => a - b);
  const size = axes.reduce((product, axis) => product * dims[axis], 1);
  const other = product(dims) / size;
  if (axes.every((axis, i) => axis === dims.length - axes.length + i)) {
    return { rows: other, columns: size, byColumn: false };
  }
  if (axes.every((axis, i) => axis === i)) return { rows: size, columns: other, byColumn: true };
  throw new Error(`axes ${axes} of ${dims} are neither the first nor the last ones`);
}

/** @param {number[]} dims */
export function product(dims) {
  return dims.reduce((count, dim) => count * dim, 1);
}

/**
 * The norm that a unit of this norm is to have.
 *
 * @param {import('./cases.mjs').KerasConstraint} constraint
 * @returns {(norm: number) => number}
 */
export function wantedNorm({ class_name: className, config }) {
  if (className === 'UnitNorm') return () => 1;
  if (className === 'MaxNorm') return (norm) => Math.min(norm, config.max_value);
  const { min_value: low, max_value: high, rate } = config;
  return (norm) => rate * Math.min(Math.max(norm, low), high) + (1 - rate) * norm;
}
