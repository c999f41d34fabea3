// Normalizations of each sample by itself: LayerNormalization, GroupNormalization, UnitNormalization, RMSNormalization.
// Must not import other folders of fit but settings.
import { normalizeAxes, normalizeAxis } from '../../ops/axes.js';
import { add, divide, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo, sizeAt } from '../../ops/moving.js';
import { mean } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { unitLength } from '../../ops/unitLength.js';
import type { LayerCall, LayerFamily } from './layerKind.js';

/** The layer's axes, in rising order, as Keras lays its variables along them. */
function axesOf({ settings, input }: LayerCall): readonly number[] {
  return normalizeAxes(settings.owner, settings.integers('axis', [-1]), input.shape) ?? [];
}

/** A variable along some axes of `x`, with size 1 along the others. */
function along(variable: SymbolicTensor, x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  return reshapeTo(
    variable,
    dimsOf('normalize', x).map((dim, i) => (axes.includes(i) ? dim : 1)),
  );
}

interface Moments {
  /** `x` less its mean. */
  readonly centered: SymbolicTensor;
  /** The root of the variance and epsilon. */
  readonly deviation: SymbolicTensor;
}

function momentsOf(x: SymbolicTensor, axes: readonly number[], epsilon: number): Moments {
  const centered = subtract(x, mean(x, axes, true));
  return { centered, deviation: sqrt(add(mean(square(centered), axes, true), epsilon)) };
}

/** `gamma · (x - mean) / √(variance + epsilon) + beta`; with `rms_scaling` the mean stays and there is no beta. */
function layerNormalization(layer: LayerCall): SymbolicTensor {
  const { settings, input, variable } = layer;
  const axes = axesOf(layer);
  const isScaling = settings.boolean('rms_scaling', false);
  const { centered, deviation } = momentsOf(input, axes, settings.number('epsilon', 1e-3));
  const normalized = divide(isScaling ? input : centered, deviation);
  const scaled =
    isScaling || settings.boolean('scale', true)
      ? multiply(normalized, along(variable('gamma'), input, axes))
      : normalized;
  return !isScaling && settings.boolean('center', true)
    ? add(scaled, along(variable('beta'), input, axes))
    : scaled;
}

/** As layer normalization over everything but the batch, for each of the `groups` parts of the channels. */
function groupNormalization({ settings, input, variable }: LayerCall): SymbolicTensor {
  const at = normalizeAxis(settings.owner, settings.integer('axis', -1), input.shape);
  const channels = sizeAt('normalize', input, at);
  const given = settings.integer('groups', 32);
  const groups = given === -1 ? channels : given;
  if (groups < 1 || channels % groups !== 0) {
    throw settings.refuse('groups', `-1, or a number of equal parts of the ${channels} channels`);
  }
  const dims = dimsOf('normalize', input);
  const parted = reshapeTo(input, dims.toSpliced(at, 1, groups, channels / groups));
  const axes = dimsOf('normalize', parted)
    .map((_, i) => i)
    .filter((i) => i !== 0 && i !== at);
  const { centered, deviation } = momentsOf(parted, axes, settings.number('epsilon', 1e-3));
  const normalized = reshapeTo(divide(centered, deviation), dims);
  const scaled = settings.boolean('scale', true)
    ? multiply(normalized, along(variable('gamma'), input, [at]))
    : normalized;
  return settings.boolean('center', true) ? add(scaled, along(variable('beta'), input, [at])) : scaled;
}

/** `x / max(|x|, 1e-12)` with the Euclidean norm along the axes. */
function unitNormalization(layer: LayerCall): SymbolicTensor {
  return unitLength(layer.input, axesOf(layer), 1e-12);
}

/** `scale · x / √(mean(x²) + epsilon)`; as in Keras the scale lies along the last dimensions, whichever the axes are. */
function rmsNormalization(layer: LayerCall): SymbolicTensor {
  const { settings, input, variable } = layer;
  const axes = axesOf(layer);
  const size = sqrt(add(mean(square(input), axes, true), settings.number('epsilon', 1e-6)));
  return multiply(divide(input, size), variable('scale'));
}

export const sampleNormalizationLayers: LayerFamily = {
  LayerNormalization: {
    settings: ['axis', 'epsilon', 'center', 'scale', 'rms_scaling'],
    call: layerNormalization,
  },
  GroupNormalization: {
    settings: ['groups', 'axis', 'epsilon', 'center', 'scale'],
    call: groupNormalization,
  },
  UnitNormalization: { settings: ['axis'], call: unitNormalization },
  RMSNormalization: { settings: ['axis', 'epsilon'], call: rmsNormalization },
};
