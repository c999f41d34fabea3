// Layers that join several inputs, for Functional models: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot.
// Must not import other folders of fit.
import { factory, type LayerArgs, type LayerDefinition, optional } from './layerDefinition.js';

/** `keras.layers.Add`: the sum of its inputs, which broadcast behind the batch. */
export const add: (args?: LayerArgs) => LayerDefinition = optional('Add');
/** `keras.layers.Subtract`: the first of two inputs less the second. */
export const subtract: (args?: LayerArgs) => LayerDefinition = optional('Subtract');
/** `keras.layers.Multiply`: the product of its inputs, element by element. */
export const multiply: (args?: LayerArgs) => LayerDefinition = optional('Multiply');
/** `keras.layers.Average`: the mean of its inputs, element by element. */
export const average: (args?: LayerArgs) => LayerDefinition = optional('Average');
/** `keras.layers.Maximum`: the largest of its inputs, element by element. */
export const maximum: (args?: LayerArgs) => LayerDefinition = optional('Maximum');
/** `keras.layers.Minimum`: the smallest of its inputs, element by element. */
export const minimum: (args?: LayerArgs) => LayerDefinition = optional('Minimum');

export interface ConcatenateArgs extends LayerArgs {
  /** Default -1. */
  readonly axis?: number;
}

/** `keras.layers.Concatenate`: its inputs one after another along an axis. */
export const concatenate: (args?: ConcatenateArgs) => LayerDefinition = optional('Concatenate');

export interface DotArgs extends LayerArgs {
  /** The dimension of both inputs, or one of each; the batch is 0. */
  readonly axes: number | readonly [number, number];
  /** Whether vectors along the axes are made one long, so that products are cosines. Default false. */
  readonly normalize?: boolean;
}

/** `keras.layers.Dot`: (batch, n, a) and (batch, n, b) with `axes` 1 give (batch, a, b), the sums of products over n. */
export const dot: (args: DotArgs) => LayerDefinition = factory('Dot');
