// Layers that multiply by a matrix: Dense.
// Must not import other folders of fit but settings and activations.
import { inverse, permutationOf, permute } from '../../ops/dataFormat.js';
import { add } from '../../ops/elementwise.js';
import { reshapeTo } from '../../ops/moving.js';
import { matmul } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { activationAt } from '../activationTable.js';
import type { LayerCall, LayerFamily } from './layerKind.js';

/** `activation(x · kernel + bias)`, over the last dimension. */
function dense({ settings, input, variable }: LayerCall): ReturnType<LayerCall['variable']> {
  const [rows, kernel] = beneathFlattening(input, variable('kernel'));
  const product = matmul(rows, kernel);
  const sum = settings.boolean('use_bias', true) ? add(product, variable('bias')) : product;
  return activationAt(settings)(sum);
}

/**
 * Where `x` flattens a permuted tensor, the tensor flattened as it is, and the kernel's rows in its order: a kernel is
 * smaller than a batch.
 */
function beneathFlattening(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
): readonly [SymbolicTensor, SymbolicTensor] {
  const { source, shape = [] } = x;
  const flattened = source.kind === 'op' && source.opType === 'Reshape' ? source.inputs[0] : undefined;
  const inner = flattened && permutationOf(flattened);
  const sizes = flattened?.shape?.slice(1).filter((dim) => typeof dim === 'number') ?? [];
  const keepsBatch = shape.length === 2 && shape[0] === flattened?.shape?.[0] && inner?.axes[0] === 0;
  if (inner === undefined || !keepsBatch || sizes.length !== inner.axes.length - 1) return [x, kernel];
  const [width, units] = kernel.shape as readonly [number, number];
  const back = inverse(inner.axes).slice(1);
  const order = [...back.map((axis) => axis - 1), sizes.length];
  const ordered = permute(reshapeTo(kernel, [...sizes, units]), order);
  return [reshapeTo(inner.of, shape), reshapeTo(ordered, [width, units])];
}

export const denseLayers: LayerFamily = {
  Dense: { settings: ['units', 'activation', 'use_bias'], call: dense },
};
