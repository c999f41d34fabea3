// Keras's activations by name. To add one: write its op in src/ops (smooth, piecewise or along an axis) and a row here.
// Must not import other folders of fit.
import { ConfigError, UnsupportedError } from '../graph/errors.js';
import {
  celu,
  elu,
  gelu,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  squareplus,
  tanh,
  tanhShrink,
} from '../ops/activations.js';
import { glu, sparsemax } from '../ops/axisActivations.js';
import { beneathPermutation } from '../ops/dataFormat.js';
import { exp, relu } from '../ops/elementwise.js';
import {
  hardShrink,
  hardSigmoid,
  hardSilu,
  hardTanh,
  relu6,
  softShrink,
  sparsePlus,
  sparseSigmoid,
} from '../ops/piecewiseActivations.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import type { Settings } from './settings.js';

export type ActivationFunction = (x: SymbolicTensor) => SymbolicTensor;

/** Those that treat every element alike. */
const elementwise: Readonly<Record<string, ActivationFunction>> = {
  linear: (x) => x,
  relu,
  relu6,
  sigmoid,
  tanh,
  softplus,
  softsign,
  silu,
  swish: silu,
  elu: (x) => elu(x),
  leaky_relu: (x) => leakyRelu(x),
  hard_sigmoid: hardSigmoid,
  exponential: exp,
  selu,
  celu: (x) => celu(x),
  gelu,
  mish,
  squareplus: (x) => squareplus(x),
  log_sigmoid: logSigmoid,
  tanh_shrink: tanhShrink,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: hardTanh,
  hard_shrink: (x) => hardShrink(x),
  soft_shrink: (x) => softShrink(x),
  sparse_plus: sparsePlus,
  sparse_sigmoid: sparseSigmoid,
};

/** Those that look along the last dimension. */
const along: Readonly<Record<string, ActivationFunction>> = {
  softmax: (x) => softmax(x),
  log_softmax: (x) => logSoftmax(x),
  sparsemax: (x) => sparsemax(x),
  glu: (x) => glu(x),
};

/** The activation that a setting names; none is `linear`. @throws {ConfigError | UnsupportedError} when it is not known */
export function activationAt(settings: Settings, key = 'activation'): ActivationFunction {
  const { name, config, path } = settings.serialized(key) ?? { name: 'linear', config: {}, path: key };
  const bare = name.slice(name.lastIndexOf('>') + 1);
  const place = { ...settings.place, path };
  if (Object.keys(config).length > 0) {
    throw new UnsupportedError(`the activation ${name} with settings of its own is not known`, place);
  }
  if (Object.hasOwn(elementwise, bare)) {
    const activation = elementwise[bare] as ActivationFunction;
    return bare === 'linear' ? activation : (x) => beneathPermutation(x, activation);
  }
  if (Object.hasOwn(along, bare)) return along[bare] as ActivationFunction;
  throw new ConfigError(
    `unknown activation '${name}'; known are ${[...Object.keys(elementwise), ...Object.keys(along)].join(', ')}`,
    place,
  );
}
