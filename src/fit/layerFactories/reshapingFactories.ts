// Layers that only move elements: Flatten, Reshape, Permute, RepeatVector, Identity.
// Must not import other folders of fit.
import {
  type DataFormat,
  factory,
  type LayerArgs,
  type LayerDefinition,
  optional,
} from './layerDefinition.js';

export interface FlattenArgs extends LayerArgs {
  /** `channels_first` moves the channels behind before. Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/** `keras.layers.Flatten`: (batch, …dims) gives (batch, product of dims). */
export const flatten: (args?: FlattenArgs) => LayerDefinition = optional('Flatten');

export interface ReshapeArgs extends LayerArgs {
  /** The new shape without the batch; one size may be -1, which is what remains. */
  readonly targetShape: readonly number[];
}

/** `keras.layers.Reshape`: (batch, …dims) gives (batch, …targetShape), row by row. */
export const reshape: (args: ReshapeArgs) => LayerDefinition = factory('Reshape');

export interface PermuteArgs extends LayerArgs {
  /** The dimensions in their new order, the first behind the batch being 1. */
  readonly dims: readonly number[];
}

/** `keras.layers.Permute`: (batch, a, b) with `dims` [2, 1] gives (batch, b, a). */
export const permute: (args: PermuteArgs) => LayerDefinition = factory('Permute');

export interface RepeatVectorArgs extends LayerArgs {
  readonly n: number;
}

/** `keras.layers.RepeatVector`: (batch, features) gives (batch, n, features). */
export const repeatVector: (args: RepeatVectorArgs) => LayerDefinition = factory('RepeatVector');

/** `keras.layers.Identity`: its input. */
export const identity: (args?: LayerArgs) => LayerDefinition = optional('Identity');
