// Layers that change spatial sizes without variables: UpSampling, ZeroPadding, Cropping.
// Must not import other folders of fit.
import {
  type DataFormat,
  type LayerArgs,
  type LayerDefinition,
  optional,
  type PerDimension,
} from './layerDefinition.js';

export interface UpSampling1DArgs extends LayerArgs {
  /** How many times each step stands in a row. Default 2. */
  readonly size?: number;
}

/** `keras.layers.UpSampling1D`: (batch, steps, channels) gives (batch, steps · size, channels). */
export const upSampling1d: (args?: UpSampling1DArgs) => LayerDefinition = optional('UpSampling1D');

export interface UpSamplingArgs extends LayerArgs {
  /** How many times as large each dimension becomes. Default 2. */
  readonly size?: PerDimension;
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

export interface UpSampling2DArgs extends UpSamplingArgs {
  /** Default `nearest`, which repeats. */
  readonly interpolation?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos3' | 'lanczos5';
}

/**
 * `keras.layers.UpSampling2D`: (batch, height, width, channels) gives (batch, height · size[0], width · size[1], channels).
 */
export const upSampling2d: (args?: UpSampling2DArgs) => LayerDefinition = optional('UpSampling2D');
/** `keras.layers.UpSampling3D`: each element `size` times in a row along each of three dimensions. */
export const upSampling3d: (args?: UpSamplingArgs) => LayerDefinition = optional('UpSampling3D');

/** One number for both ends of all dimensions, one for both ends of each, or a pair for each. */
export type Ends = number | readonly (number | readonly [before: number, after: number])[];

export interface ZeroPaddingArgs extends LayerArgs {
  /** How many zeros stand before and after; in one dimension a number or a pair. Default 1. */
  readonly padding?: Ends;
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/** `keras.layers.ZeroPadding1D`: (batch, steps, channels) gives (batch, before + steps + after, channels). */
export const zeroPadding1d: (args?: ZeroPaddingArgs) => LayerDefinition = optional('ZeroPadding1D');
/** `keras.layers.ZeroPadding2D`: zeros around (batch, height, width, channels). */
export const zeroPadding2d: (args?: ZeroPaddingArgs) => LayerDefinition = optional('ZeroPadding2D');
/** `keras.layers.ZeroPadding3D`: zeros around (batch, depth, height, width, channels). */
export const zeroPadding3d: (args?: ZeroPaddingArgs) => LayerDefinition = optional('ZeroPadding3D');

export interface Cropping1DArgs extends LayerArgs {
  /** How many steps are cut off before and after: a number, or a pair. Default 1. */
  readonly cropping?: number | readonly [before: number, after: number];
}

/** `keras.layers.Cropping1D`: (batch, steps, channels) gives (batch, steps - before - after, channels). */
export const cropping1d: (args?: Cropping1DArgs) => LayerDefinition = optional('Cropping1D');

export interface CroppingArgs extends LayerArgs {
  /** How much is cut off at the ends. Default 1. */
  readonly cropping?: Ends;
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
}

/** `keras.layers.Cropping2D`: the middle of (batch, height, width, channels). */
export const cropping2d: (args?: CroppingArgs) => LayerDefinition = optional('Cropping2D');
/** `keras.layers.Cropping3D`: the middle of (batch, depth, height, width, channels). */
export const cropping3d: (args?: CroppingArgs) => LayerDefinition = optional('Cropping3D');
