// What the benchmark measures: named parameters with their shapes and constraints, as Keras serializes them.
// Must not import anything from src or dist: every contender makes its own constraints of these.
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ class_name: 'MaxNorm' | 'MinMaxNorm' | 'NonNeg' | 'UnitNorm', config: Record<string, unknown> }} KerasConstraint
 * @typedef {{ name: string, dims: number[], constraint: KerasConstraint }} Parameter
 * @typedef {{ name: string, parameters: Parameter[] }} Case
 *
 * @typedef {Case & {
 *   network: import('./steps/networks.mjs').Network,
 *   weights: () => Float32Array[],
 *   repeats: number,
 *   findMistake: (contender: { name: string }, answers: readonly ArrayLike<number>[]) => Promise<string | undefined>,
 * }} StepCase a train step, which brings its own weights and judge
 */

/** @type {Record<string, (axis: number | number[]) => KerasConstraint>} */
const constraints = {
  MaxNorm: (axis) => ({ class_name: 'MaxNorm', config: { max_value: 2, axis } }),
  NonNeg: () => ({ class_name: 'NonNeg', config: {} }),
  UnitNorm: (axis) => ({ class_name: 'UnitNorm', config: { axis } }),
  MinMaxNorm: (axis) => ({
    class_name: 'MinMaxNorm',
    config: { min_value: 0.5, max_value: 1, rate: 0.9, axis },
  }),
};

/** @type {[layer: string, dims: number[], axis: number | number[], constraint: string][]} */
const single = [
  ['Dense', [4096, 4096], 0, 'MaxNorm'],
  ['Dense', [4096, 4096], 0, 'NonNeg'],
  ['Dense', [4096, 4096], 0, 'UnitNorm'],
  ['Dense', [4096, 4096], 0, 'MinMaxNorm'],
  ['Dense', [1024, 1024], 0, 'MaxNorm'],
  ['Dense', [784, 128], 0, 'MaxNorm'],
  ['Conv HWIO', [3, 3, 512, 512], [0, 1, 2], 'MaxNorm'],
  ['Conv OIHW', [512, 512, 3, 3], [1, 2, 3], 'MaxNorm'],
  ['Embedding', [50000, 256], 1, 'MaxNorm'],
];

/** @type {readonly Case[]} */
export const cases = [
  ...single.map(([layer, dims, axis, constraint]) => ({
    name: `${layer} ${dims.join('×')} ${constraint}`,
    parameters: [{ name: 'kernel', dims, constraint: constraints[constraint](axis) }],
  })),
  { name: 'EfficientNetB0, 200 smallest', parameters: efficientNet() },
];

/**
 * Every parameter is constrained, so that each contender has the whole set to do: kernels by MaxNorm over all axes but
 * the last (depthwise: over the window), gammas by NonNeg, betas and biases by MinMaxNorm. The limits are below the
 * smallest norm that weights of at least 0.5 can have, so that all of them do change.
 */
function efficientNet() {
  /** @type {{ path: string, shape: number[] }[]} */
  const variables = JSON.parse(readFileSync(new URL('efficientNetB0.json', import.meta.url), 'utf8'));
  return variables.map(({ path, shape }) => ({ name: path, dims: shape, constraint: constraintOf(path) }));
}

/** @returns {KerasConstraint} */
function constraintOf(path) {
  if (path.endsWith('_dwconv/kernel')) return maxNormOver([0, 1]);
  if (path.endsWith('/kernel')) return maxNormOver([0, 1, 2]);
  return path.endsWith('/gamma') ? constraints.NonNeg(0) : constraints.MinMaxNorm(0);
}

/** @returns {KerasConstraint} */
function maxNormOver(axis) {
  return { class_name: 'MaxNorm', config: { max_value: 0.5, axis } };
}
