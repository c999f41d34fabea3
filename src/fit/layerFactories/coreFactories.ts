// The input, and layers with a matrix or a table: Dense, Embedding.
// Must not import other folders of fit but serialized.
import type { ConstraintIdentifier } from '../../constraints/get.js';
import { serializeClass } from '../serialized.js';
import {
  factory,
  type Initializer,
  type KernelArgs,
  type LayerArgs,
  type LayerDefinition,
  type Regularizer,
} from './layerDefinition.js';

/** `keras.Input`: the shape of the data, without the batch. */
export function input({
  shape,
  name,
  dtype = 'float32',
}: {
  readonly shape: readonly number[];
  readonly name?: string;
  readonly dtype?: 'float32' | 'int32';
}): LayerDefinition {
  const args = { batchShape: [null, ...shape], dtype, name };
  return { serialized: serializeClass('keras.layers', 'InputLayer', args), constraints: {} };
}

export interface DenseArgs extends KernelArgs {
  /** How long the last dimension becomes. */
  readonly units: number;
}

/**
 * `keras.layers.Dense`: `activation(x · kernel + bias)` over the last dimension.
 *
 * (batch, …, inputs) gives (batch, …, units); the kernel is (inputs, units).
 */
export const dense: (args: DenseArgs) => LayerDefinition = factory('Dense');

export interface EmbeddingArgs extends LayerArgs {
  /** How many rows there are: the largest number among the inputs and one. */
  readonly inputDim: number;
  /** How long each row is. */
  readonly outputDim: number;
  /** Default `uniform`. */
  readonly embeddingsInitializer?: Initializer;
  readonly embeddingsRegularizer?: Regularizer;
  readonly embeddingsConstraint?: ConstraintIdentifier;
}

/**
 * `keras.layers.Embedding`: the row of a table for each whole number, `embeddings[x]`.
 *
 * (batch, …) of int32 gives (batch, …, outputDim); the table is (inputDim, outputDim).
 */
export const embedding: (args: EmbeddingArgs) => LayerDefinition = factory('Embedding');
