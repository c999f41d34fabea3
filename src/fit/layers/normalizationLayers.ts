// Normalizations, composed of arithmetic: the operator's training form fails on WebGPU.
// Must not import other folders of fit but settings.
import type { Dim } from '../../graph/shape.js';
import { permutationOf, permute } from '../../ops/dataFormat.js';
import { add, divide, multiply, sqrt, square, subtract } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo } from '../../ops/moving.js';
import { mean } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { LayerCall, LayerFamily } from './layerKind.js';

/**
 * `gamma · (x - mean) / √(variance + epsilon) + beta`; in training the statistics are the batch's, and the running ones
 * move towards them: `moving · momentum + batch · (1 - momentum)`.
 */
function batchNormalization(layer: LayerCall): SymbolicTensor {
  const { settings, input, training, trainable } = layer;
  const rank = dimsOf('batchNormalization', input).length;
  const axis = settings.integer('axis', -1);
  const inner = permutationOf(input) ?? { of: input, axes: input.shape?.map((_, i) => i) ?? [] };
  const at = inner.axes[axis < 0 ? axis + rank : axis];
  if (at === undefined) throw settings.refuse('axis', `a whole number from ${-rank} to ${rank - 1}`);
  const { of: x } = inner;
  const others = inner.axes.map((_, i) => i).filter((i) => i !== at);
  const along = (v: SymbolicTensor): SymbolicTensor =>
    reshapeTo(
      v,
      inner.axes.map((_, i): Dim => (i === at ? (v.shape?.[0] ?? null) : 1)),
    );
  const isBatch = training && trainable;
  const average = isBatch ? mean(x, others, true) : along(layer.variable('moving_mean'));
  const centered = subtract(x, average);
  const spread = isBatch ? mean(square(centered), others, true) : along(layer.variable('moving_variance'));
  if (isBatch) moveStatistics(layer, { moving_mean: average, moving_variance: spread });
  const deviation = sqrt(add(spread, settings.number('epsilon', 1e-3)));
  const scale = settings.boolean('scale', true)
    ? divide(along(layer.variable('gamma')), deviation)
    : divide(1, deviation);
  const scaled = multiply(centered, scale);
  const result = settings.boolean('center', true) ? add(scaled, along(layer.variable('beta'))) : scaled;
  return permute(result, inner.axes);
}

function moveStatistics(
  { settings, variable, update }: LayerCall,
  found: Record<string, SymbolicTensor>,
): void {
  const momentum = settings.number('momentum', 0.99);
  for (const [name, value] of Object.entries(found)) {
    const moving = variable(name);
    const batch = reshapeTo(value, dimsOf('batchNormalization', moving));
    update(name, add(multiply(moving, momentum), multiply(batch, 1 - momentum)));
  }
}

export const normalizationLayers: LayerFamily = {
  BatchNormalization: {
    // Without renorm, which is refused, its momentum means nothing.
    settings: ['axis', 'momentum', 'epsilon', 'center', 'scale', 'renorm_momentum'],
    call: batchNormalization,
  },
};
