// The networks whose train steps are measured: parameters in the ONNX step's layout, constraints, one batch.
// Must not import anything from src or dist: the step graphs and tfjs both read this.
import { product } from '../units.mjs';

export const BATCH = 64;
export const MOMENTUM = 0.9;
/** Adam as tfjs and PyTorch have it, in its second step. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, step: 2 };

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {number[]} dims
 * @property {number} scale its first values lie between this and its opposite
 * @property {import('../cases.mjs').KerasConstraint} [constraint]
 * @property {{ view: number[], perm: number[], dims: number[] }} [tfjs] how tfjs holds it: this view, permuted, with these dims
 *
 * @typedef {object} Network
 * @property {'mlp' | 'cnn'} kind
 * @property {Parameter[]} parameters
 * @property {number[]} input the dims of a batch in the ONNX step
 * @property {number[]} target
 * @property {'momentum' | 'adam'} optimizer
 * @property {number} learningRate
 */

// Every limit is below the norms that the first step gives, so that each unit is scaled.
const maxNorm = (limit, axis) => ({ class_name: 'MaxNorm', config: { max_value: limit, axis } });

/**
 * @param {number} batch
 * @param {'momentum' | 'adam'} optimizer
 * @param {[inputs: number, hidden: number, outputs: number]} sizes
 * @returns {Network}
 */
const mlpOf = (batch, optimizer, learningRate, [inputs, hidden, outputs] = [2048, 2048, 2048]) => ({
  kind: 'mlp',
  parameters: [
    { name: 'kernel1', dims: [inputs, hidden], scale: 0.05, constraint: maxNorm(0.5, 0) },
    { name: 'bias1', dims: [hidden], scale: 0.1 },
    { name: 'kernel2', dims: [hidden, outputs], scale: 0.05, constraint: maxNorm(0.5, 0) },
    { name: 'bias2', dims: [outputs], scale: 0.1 },
  ],
  input: [batch, inputs],
  target: [batch, outputs],
  optimizer,
  learningRate,
});

export const mlp = mlpOf(BATCH, 'momentum', 0.5);
export const mlpAdam = mlpOf(256, 'adam', 0.01);
export const digitsMlp = mlpOf(BATCH, 'momentum', 0.5, [784, 512, 10]);

const toHwio = ([o, i, h, w]) => ({ view: [o, i, h, w], perm: [2, 3, 1, 0], dims: [h, w, i, o] });

/** @type {Network} */
export const cnn = {
  kind: 'cnn',
  parameters: [
    {
      name: 'conv1',
      dims: [32, 1, 3, 3],
      scale: 0.5,
      constraint: maxNorm(0.5, [1, 2, 3]),
      tfjs: toHwio([32, 1, 3, 3]),
    },
    { name: 'bias1', dims: [32], scale: 0.1 },
    {
      name: 'conv2',
      dims: [64, 32, 3, 3],
      scale: 0.1,
      constraint: maxNorm(0.5, [1, 2, 3]),
      tfjs: toHwio([64, 32, 3, 3]),
    },
    { name: 'bias2', dims: [64], scale: 0.1 },
    {
      name: 'dense',
      dims: [64 * 11 * 11, 10],
      scale: 0.05,
      constraint: maxNorm(1, 0),
      tfjs: { view: [64, 11, 11, 10], perm: [1, 2, 0, 3], dims: [64 * 11 * 11, 10] },
    },
    { name: 'bias3', dims: [10], scale: 0.1 },
  ],
  input: [BATCH, 1, 28, 28],
  target: [BATCH, 10],
  optimizer: 'momentum',
  learningRate: 0.05,
};

/**
 * What the optimizer keeps of each parameter: the ends of the names, in the order of `startOf`.
 *
 * @param {Network} network
 */
export function statesOf({ optimizer }) {
  return optimizer === 'adam' ? ['m', 'v'] : ['v'];
}

/**
 * The values before the step: the parameters, then each state of all of them.
 *
 * @param {Network} network
 * @returns {Float32Array[]}
 */
export function startOf({ parameters, optimizer }) {
  const random = randomFrom(1);
  const values = parameters.map(({ dims, scale }) => random(product(dims), scale));
  const velocities = parameters.map(({ dims, scale }) => random(product(dims), scale / 10));
  if (optimizer !== 'adam') return [...values, ...velocities];
  // The mean of squares, far enough from 0 for its root to divide by.
  const squares = velocities.map((each, i) =>
    each.map((value) => value * value + (parameters[i].scale / 20) ** 2),
  );
  return [...values, ...velocities, ...squares];
}

/**
 * One batch. Targets are one row of zeros and a one each, as of classes.
 *
 * @param {Network} network
 */
export function batchOf({ input, target }) {
  const x = randomFrom(2)(product(input), 1);
  const y = new Float32Array(product(target));
  const [rows, classes] = target;
  for (let row = 0; row < rows; row++) y[row * classes + ((row * 7) % classes)] = 1;
  return { x, y };
}

function randomFrom(seed) {
  let state = seed;
  return (count, scale) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 31 - 1) * scale;
    });
}
