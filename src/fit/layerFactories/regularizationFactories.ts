// Layers that act in training alone: Dropout, AlphaDropout, SpatialDropout.
// Must not import other folders of fit.
import { type DataFormat, factory, type LayerArgs, type LayerDefinition } from './layerDefinition.js';

export interface DropoutArgs extends LayerArgs {
  /** The share that is left out, from 0 to 1. */
  readonly rate: number;
  /** The shape of what is drawn, with 1 along dimensions that are left out together. Default: the input's. */
  readonly noiseShape?: readonly (number | null)[];
  /** Kept for Keras; draws here follow the seed of `fit`. */
  readonly seed?: number;
}

/** `keras.layers.Dropout`: in training zero for a share `rate` of the elements, the others divided by `1 - rate`. */
export const dropout: (args: DropoutArgs) => LayerDefinition = factory('Dropout');
/** `keras.layers.AlphaDropout`: leaves out so that mean and variance stay, as `selu` wants it; `rate` below 1. */
export const alphaDropout: (args: DropoutArgs) => LayerDefinition = factory('AlphaDropout');

export interface SpatialDropout1DArgs extends LayerArgs {
  /** The share that is left out, from 0 to 1. */
  readonly rate: number;
  /** Kept for Keras; draws here follow the seed of `fit`. */
  readonly seed?: number;
}

/** `keras.layers.SpatialDropout1D`: leaves out whole channels of (batch, steps, channels). */
export const spatialDropout1d: (args: SpatialDropout1DArgs) => LayerDefinition = factory('SpatialDropout1D');

export interface SpatialDropoutArgs extends SpatialDropout1DArgs {
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/** `keras.layers.SpatialDropout2D`: leaves out whole channels of (batch, height, width, channels). */
export const spatialDropout2d: (args: SpatialDropoutArgs) => LayerDefinition = factory('SpatialDropout2D');
/** `keras.layers.SpatialDropout3D`: leaves out whole channels of (batch, depth, height, width, channels). */
export const spatialDropout3d: (args: SpatialDropoutArgs) => LayerDefinition = factory('SpatialDropout3D');
