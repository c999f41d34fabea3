// The same networks in tfjs, their gradients by tfjs's own differentiation, each constraint applied after the optimizer:
// tfjs-layers' training loop never calls them.
// Must not import Node, nor anything from src or dist: a browser loads this too.
import * as tf from '@tensorflow/tfjs-core';
import { makeConstraint, use } from '../contenders/tfjsConstraints.mjs';
import { ADAM, batchOf, MOMENTUM } from './networks.mjs';

/** A step on one of tfjs's backends, which must have been imported; `refill` puts the first values back. */
export class TfjsStep {
  /** @param {import('./networks.mjs').Network} network @param {boolean} constrained @param {'wasm' | 'webgpu'} backend */
  constructor(network, constrained, backend) {
    this.network = network;
    this.backend = backend;
    this.constraints = network.parameters.map((parameter) =>
      constrained && parameter.constraint ? makeConstraint(inTfjs(parameter)) : undefined,
    );
  }

  /** @param {readonly Float32Array[]} start */
  async refill(start) {
    this.dispose();
    await use(this.backend);
    const { parameters, learningRate, input, target } = this.network;
    const values = start.map((value, i) => toTfjs(parameters[i % parameters.length], value));
    this.variables = values.slice(0, parameters.length).map((value) => tf.variable(value));
    const { beta1, beta2, epsilon } = ADAM;
    this.optimizer =
      this.network.optimizer === 'adam'
        ? tf.train.adam(learningRate, beta1, beta2, epsilon)
        : tf.train.momentum(learningRate, MOMENTUM);
    const states = values.slice(parameters.length).map((tensor, i) => ({ name: `v${i}`, tensor }));
    const iterations = tf.scalar(ADAM.step - 1, 'int32');
    await this.optimizer.setWeights([{ name: 'iterations', tensor: iterations }, ...states]);
    const { x, y } = batchOf(this.network);
    const isImage = input.length === 4;
    this.x = tf.tensor(x, isImage ? [input[0], input[2], input[3], input[1]] : input);
    this.y = tf.tensor(y, target);
  }

  async run() {
    const loss = this.optimizer.minimize(() => this.#loss(), true, this.variables);
    for (const [i, constraint] of this.constraints.entries()) {
      if (constraint === undefined) continue;
      const variable = this.variables[i];
      tf.tidy(() => variable.assign(constraint.apply(variable)));
    }
    await loss.data();
    loss.dispose();
  }

  /** The parameters and the optimizer's states in the ONNX step's layout. */
  async answer() {
    const { parameters } = this.network;
    const states = (await this.optimizer.getWeights()).slice(1).map(({ tensor }) => tensor);
    const values = [...this.variables, ...states];
    return Promise.all(values.map((value, i) => fromTfjs(parameters[i % parameters.length], value)));
  }

  dispose() {
    tf.dispose([this.variables, this.x, this.y]);
    this.optimizer?.dispose();
  }

  #loss() {
    const { x, y, variables } = this;
    if (this.network.kind === 'mlp') return mlpLoss(x, y, variables);
    return cnnLoss(x, y, variables, this.backend === 'wasm' ? convolve : ownConvolve);
  }
}

function mlpLoss(x, y, [kernel1, bias1, kernel2, bias2]) {
  const hidden = tf.relu(tf.add(tf.matMul(x, kernel1), bias1));
  return tf.mean(tf.square(tf.sub(tf.add(tf.matMul(hidden, kernel2), bias2), y)));
}

function cnnLoss(x, y, [kernel1, bias1, kernel2, bias2, dense, bias3], convolve) {
  const first = tf.relu(tf.add(convolve(x, kernel1), bias1));
  const second = tf.relu(tf.add(convolve(tf.maxPool(first, 2, 2, 'valid'), kernel2), bias2));
  const logits = tf.add(tf.matMul(tf.reshape(second, [x.shape[0], -1]), dense), bias3);
  return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(logits)), 1)));
}

const ownConvolve = (image, kernel) => tf.conv2d(image, kernel, 1, 'valid');

/** `conv2d`, whose gradient to the kernel is a convolution too: the wasm backend has no kernel for tfjs's own. */
export const convolve = tf.customGrad((image, kernel, save) => {
  save([image, kernel]);
  const value = tf.conv2d(image, kernel, 1, 'valid');
  const gradFunc = (dy, [savedImage, savedKernel]) => [
    tf.conv2dTranspose(dy, savedKernel, savedImage.shape, 1, 'valid'),
    tf.transpose(
      tf.conv2d(tf.transpose(savedImage, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid'),
      [1, 2, 0, 3],
    ),
  ];
  return { value, gradFunc };
});

/** The constraint over the same units where tfjs holds them. */
function inTfjs({ constraint, tfjs, dims }) {
  if (tfjs === undefined || dims.length === 2) return constraint;
  const axis = [constraint.config.axis].flat().map((one) => tfjs.perm.indexOf(one));
  return { ...constraint, config: { ...constraint.config, axis } };
}

function toTfjs({ dims, tfjs }, value) {
  return tf.tidy(() => {
    const plain = tf.tensor(value, tfjs?.view ?? dims);
    return tfjs === undefined ? plain : tf.reshape(tf.transpose(plain, tfjs.perm), tfjs.dims);
  });
}

async function fromTfjs({ tfjs }, value) {
  if (tfjs === undefined) return copyOf(value);
  const back = tfjs.perm.map((_, dim) => tfjs.perm.indexOf(dim));
  const view = tfjs.perm.map((dim) => tfjs.view[dim]);
  const plain = tf.tidy(() => tf.transpose(tf.reshape(value, view), back));
  const values = await copyOf(plain);
  plain.dispose();
  return values;
}

/** Read without waiting in the thread, which WebGPU does not allow; wasm gives a view of its memory. */
const copyOf = async (value) => (await value.data()).slice();
