// Layers that are an activation: Activation, ReLU, LeakyReLU, PReLU, ELU, Softmax.
// Must not import other folders of fit but settings and activations.
import { elu, leakyRelu } from '../../ops/activations.js';
import { softmaxOver } from '../../ops/axisActivations.js';
import { beneathPermutation } from '../../ops/dataFormat.js';
import { multiply, negative, relu, subtract } from '../../ops/elementwise.js';
import { slopedRelu } from '../../ops/piecewiseActivations.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { activationAt } from '../activationTable.js';
import type { LayerCall, LayerFamily } from './layerKind.js';

function reluLayer({ settings, input }: LayerCall): SymbolicTensor {
  const options = {
    negativeSlope: settings.number('negative_slope', 0),
    maxValue: settings.optionalNumber('max_value'),
    threshold: settings.number('threshold', 0),
  };
  return beneathPermutation(input, (x) => slopedRelu(x, options));
}

/** `max(x, 0) - alpha · max(-x, 0)`, with a slope for each place or each of some dimensions. */
function prelu({ input, variable }: LayerCall): SymbolicTensor {
  return subtract(relu(input), multiply(variable('alpha'), relu(negative(input))));
}

export const activationLayers: LayerFamily = {
  Activation: {
    settings: ['activation'],
    call: ({ settings, input }) => activationAt(settings)(input),
  },
  ReLU: { settings: ['max_value', 'negative_slope', 'threshold'], call: reluLayer },
  LeakyReLU: {
    settings: ['negative_slope', 'alpha'],
    call: ({ settings, input }) => {
      const slope = settings.number('negative_slope', settings.number('alpha', 0.3));
      return beneathPermutation(input, (x) => leakyRelu(x, slope));
    },
  },
  PReLU: { settings: ['shared_axes'], call: prelu },
  ELU: {
    settings: ['alpha'],
    call: ({ settings, input }) => {
      const alpha = settings.number('alpha', 1);
      return beneathPermutation(input, (x) => elu(x, alpha));
    },
  },
  Softmax: {
    settings: ['axis'],
    call: ({ settings, input }) => softmaxOver(input, settings.integers('axis', [-1])),
  },
};
