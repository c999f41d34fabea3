// The networks as Keras has them: the config of a model, and values in the layout of its variables.
// Must not import anything from src or dist: Keras reads this too.
import { product } from '../units.mjs';
import { ADAM, MOMENTUM, startOf } from './networks.mjs';

const layer = (className, config) => ({
  module: 'keras.layers',
  class_name: className,
  config,
  registered_name: null,
});

const inConstraints = (constraint) =>
  constraint && { module: 'keras.constraints', ...constraint, registered_name: null };

/**
 * The config of the compiled model.
 *
 * @param {import('./networks.mjs').Network} network
 * @param {boolean} constrained
 */
export function kerasConfig(network, constrained) {
  const { kind, input, target, parameters } = network;
  const [, ...shape] = kind === 'cnn' ? channelsLast(input) : input;
  const kernel = (i) => (constrained ? (inConstraints(kerasConstraint(parameters[i])) ?? null) : null);
  const parts = kind === 'cnn' ? cnnLayers(kernel) : mlpLayers(kernel, parameters);
  const entrance = layer('InputLayer', { name: 'input', batch_shape: [null, ...shape], dtype: 'float32' });
  const isClasses = kind === 'cnn';
  return {
    module: 'keras',
    class_name: 'Sequential',
    config: { name: kind, layers: [entrance, ...parts] },
    registered_name: null,
    compile_config: {
      optimizer: kerasOptimizer(network),
      loss: isClasses
        ? { class_name: 'CategoricalCrossentropy', config: { from_logits: true } }
        : { class_name: 'MeanSquaredError', config: {} },
    },
    target: target.slice(1),
  };
}

function kerasOptimizer({ optimizer, learningRate: learning_rate }) {
  if (optimizer === 'momentum') return { class_name: 'SGD', config: { learning_rate, momentum: MOMENTUM } };
  const { beta1: beta_1, beta2: beta_2, step } = ADAM;
  // tfjs adds epsilon to what Keras divides by this root.
  const epsilon = ADAM.epsilon * Math.sqrt(1 - beta_2 ** step);
  return { class_name: 'Adam', config: { learning_rate, beta_1, beta_2, epsilon } };
}

function mlpLayers(kernel, parameters) {
  return [
    layer('Dense', {
      name: 'first',
      units: parameters[0].dims[1],
      activation: 'relu',
      kernel_constraint: kernel(0),
    }),
    layer('Dense', { name: 'second', units: parameters[2].dims[1], kernel_constraint: kernel(2) }),
  ];
}

function cnnLayers(kernel) {
  const conv = (name, filters, i) =>
    layer('Conv2D', {
      name,
      filters,
      kernel_size: [3, 3],
      activation: 'relu',
      kernel_constraint: kernel(i),
    });
  return [
    conv('first', 32, 0),
    layer('MaxPooling2D', { name: 'pooled', pool_size: [2, 2] }),
    conv('second', 64, 2),
    layer('Flatten', { name: 'flat' }),
    layer('Dense', { name: 'third', units: 10, kernel_constraint: kernel(4) }),
  ];
}

/** Variables by path, in the order of the network's parameters. */
export const kerasPaths = ['first', 'second', 'third'].flatMap((name) => [`${name}/kernel`, `${name}/bias`]);

/** The constraint over the same units in Keras's layout, which is that of tfjs. */
function kerasConstraint({ constraint, tfjs, dims }) {
  if (constraint === undefined || tfjs === undefined || dims.length === 2) return constraint;
  const axis = [constraint.config.axis].flat().map((one) => tfjs.perm.indexOf(one));
  return { ...constraint, config: { ...constraint.config, axis } };
}

/** @param {number[]} dims */
export const channelsLast = ([batch, channels, height, width]) => [batch, height, width, channels];

/** The dims of a parameter in Keras's layout. */
export const kerasDims = ({ dims, tfjs }) => tfjs?.dims ?? dims;

/** Values of a parameter in Keras's layout. */
function toKeras({ tfjs }, values) {
  return tfjs === undefined ? values.slice() : permuted(values, tfjs.view, tfjs.perm);
}

/** Values of a parameter in the layout of the ONNX step. */
function fromKeras({ tfjs }, values) {
  if (tfjs === undefined) return values;
  const { view, perm } = tfjs;
  return permuted(
    values,
    perm.map((dim) => view[dim]),
    perm.map((_, dim) => perm.indexOf(dim)),
  );
}

function permuted(values, view, perm) {
  const strides = view.map((_, i) => product(view.slice(i + 1)));
  const dims = perm.map((dim) => view[dim]);
  const steps = perm.map((dim) => strides[dim]);
  const result = new Float32Array(values.length);
  const at = dims.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = values[from];
    for (let dim = dims.length - 1; dim >= 0; dim--) {
      from += steps[dim];
      if (++at[dim] < dims[dim]) break;
      from -= steps[dim] * dims[dim];
      at[dim] = 0;
    }
  }
  return result;
}

/** The values before the step, parameters and then each state of all of them, as `startOf` has them. */
export function kerasStart(network) {
  const { parameters } = network;
  return startOf(network).map((values, i) => {
    const own = toKeras(parameters[i % parameters.length], values);
    return i < parameters.length ? own : own.map((value) => value * scaleOf(network));
  });
}

/** Parameters and states of Keras, as the ONNX step has them. */
export function answersFromKeras(network, values) {
  const { parameters } = network;
  return values.map((value, i) => {
    const own = fromKeras(parameters[i % parameters.length], value);
    return i < parameters.length ? own : own.map((each) => each / scaleOf(network));
  });
}

/** Keras's velocities are the steps to take, `-lr · v`. */
const scaleOf = ({ optimizer, learningRate }) => (optimizer === 'momentum' ? -learningRate : 1);
