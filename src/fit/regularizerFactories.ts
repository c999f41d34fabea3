// Regularizers as users write them.
// Must not import other folders of fit but serialized.
import type { SerializedKeras } from './serialized.js';

/** Keras's own keys, which no rule makes of camelCase. */
const regularizer = (className: string, config: Readonly<Record<string, number>>): SerializedKeras => ({
  module: 'keras.regularizers',
  class_name: className,
  config,
  registered_name: null,
});

/** `keras.regularizers.L1`: adds `l1 · Σ|w|` to the loss. @param weight default 0.01 */
export const l1 = (weight = 0.01): SerializedKeras => regularizer('L1', { l1: weight });
/** `keras.regularizers.L2`: adds `l2 · Σw²` to the loss. @param weight default 0.01 */
export const l2 = (weight = 0.01): SerializedKeras => regularizer('L2', { l2: weight });
/** `keras.regularizers.L1L2`: adds `l1 · Σ|w| + l2 · Σw²` to the loss. Both default to 0. */
export const l1l2 = (weights: { readonly l1?: number; readonly l2?: number }): SerializedKeras =>
  regularizer('L1L2', { l1: weights.l1 ?? 0, l2: weights.l2 ?? 0 });
