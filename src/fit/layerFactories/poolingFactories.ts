// Poolings: of windows, and of everything.
// Must not import other folders of fit.
import {
  type DataFormat,
  type LayerArgs,
  type LayerDefinition,
  optional,
  type PerDimension,
} from './layerDefinition.js';

export interface PoolingArgs extends LayerArgs {
  /** Default 2. */
  readonly poolSize?: PerDimension;
  /** Default: the pool's size. */
  readonly strides?: PerDimension;
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/**
 * `keras.layers.MaxPooling1D`: the largest of each window.
 *
 * (batch, steps, channels) gives (batch, newSteps, channels), where newSteps is ⌈steps / strides⌉ for `same` and
 * ⌊(steps - poolSize) / strides⌋ + 1 for `valid`.
 */
export const maxPooling1d: (args?: PoolingArgs) => LayerDefinition = optional('MaxPooling1D');
/** `keras.layers.MaxPooling2D`: of (batch, height, width, channels); each size as of `maxPooling1d`. */
export const maxPooling2d: (args?: PoolingArgs) => LayerDefinition = optional('MaxPooling2D');
/** `keras.layers.MaxPooling3D`: of (batch, depth, height, width, channels); each size as of `maxPooling1d`. */
export const maxPooling3d: (args?: PoolingArgs) => LayerDefinition = optional('MaxPooling3D');
/** `keras.layers.AveragePooling1D`: the mean of each window, padding left out; sizes as of `maxPooling1d`. */
export const averagePooling1d: (args?: PoolingArgs) => LayerDefinition = optional('AveragePooling1D');
/** `keras.layers.AveragePooling2D`: of (batch, height, width, channels); sizes as of `maxPooling1d`. */
export const averagePooling2d: (args?: PoolingArgs) => LayerDefinition = optional('AveragePooling2D');
/** `keras.layers.AveragePooling3D`: of (batch, depth, height, width, channels); sizes as of `maxPooling1d`. */
export const averagePooling3d: (args?: PoolingArgs) => LayerDefinition = optional('AveragePooling3D');

export interface GlobalPoolingArgs extends LayerArgs {
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
  /** Whether the dimensions stay, of size 1. Default false. */
  readonly keepdims?: boolean;
}

/** `keras.layers.GlobalMaxPooling1D`: the largest of each channel; (batch, steps, channels) gives (batch, channels). */
export const globalMaxPooling1d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalMaxPooling1D');
/** `keras.layers.GlobalMaxPooling2D`: (batch, height, width, channels) gives (batch, channels). */
export const globalMaxPooling2d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalMaxPooling2D');
/** `keras.layers.GlobalMaxPooling3D`: (batch, depth, height, width, channels) gives (batch, channels). */
export const globalMaxPooling3d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalMaxPooling3D');
/** `keras.layers.GlobalAveragePooling1D`: the mean of each channel; (batch, steps, channels) gives (batch, channels). */
export const globalAveragePooling1d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalAveragePooling1D');
/** `keras.layers.GlobalAveragePooling2D`: (batch, height, width, channels) gives (batch, channels). */
export const globalAveragePooling2d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalAveragePooling2D');
/** `keras.layers.GlobalAveragePooling3D`: (batch, depth, height, width, channels) gives (batch, channels). */
export const globalAveragePooling3d: (args?: GlobalPoolingArgs) => LayerDefinition =
  optional('GlobalAveragePooling3D');
