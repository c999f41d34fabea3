// Normalizations: of each feature over the batch, and of each sample by itself.
// Must not import other folders of fit.
import type { ConstraintIdentifier } from '../../constraints/get.js';
import {
  type Initializer,
  type LayerArgs,
  type LayerDefinition,
  optional,
  type PerDimension,
  type Regularizer,
} from './layerDefinition.js';

/** Arguments of normalizations with a gamma and a beta. */
export interface ScaleArgs extends LayerArgs {
  /** What is added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether there is a beta. Default true. */
  readonly center?: boolean;
  /** Whether there is a gamma. Default true. */
  readonly scale?: boolean;
  /** Default `zeros`. */
  readonly betaInitializer?: Initializer;
  /** Default `ones`. */
  readonly gammaInitializer?: Initializer;
  readonly betaRegularizer?: Regularizer;
  readonly gammaRegularizer?: Regularizer;
  readonly betaConstraint?: ConstraintIdentifier;
  readonly gammaConstraint?: ConstraintIdentifier;
}

export interface BatchNormalizationArgs extends ScaleArgs {
  /** The dimension that keeps its statistics apart. Default -1. */
  readonly axis?: number;
  /** How much of the running statistics each step keeps. Default 0.99. */
  readonly momentum?: number;
  /** Default `zeros`. */
  readonly movingMeanInitializer?: Initializer;
  /** Default `ones`. */
  readonly movingVarianceInitializer?: Initializer;
}

/**
 * `keras.layers.BatchNormalization`: `gamma · (x - mean) / √(variance + epsilon) + beta`, by the batch's statistics in
 * training and by the running ones, which training moves, otherwise.
 */
export const batchNormalization: (args?: BatchNormalizationArgs) => LayerDefinition =
  optional('BatchNormalization');

export interface LayerNormalizationArgs extends ScaleArgs {
  /** The dimensions that are normalized together. Default -1. */
  readonly axis?: PerDimension;
}

/** `keras.layers.LayerNormalization`: `gamma · (x - mean) / √(variance + epsilon) + beta`, over the axes of each sample. */
export const layerNormalization: (args?: LayerNormalizationArgs) => LayerDefinition =
  optional('LayerNormalization');

export interface GroupNormalizationArgs extends ScaleArgs {
  /** Into how many parts the channels are parted; -1 makes each channel a part. Default 32. */
  readonly groups?: number;
  /** The dimension of the channels. Default -1. */
  readonly axis?: number;
}

/** `keras.layers.GroupNormalization`: as layer normalization, over each part of the channels with all places. */
export const groupNormalization: (args?: GroupNormalizationArgs) => LayerDefinition =
  optional('GroupNormalization');

export interface UnitNormalizationArgs extends LayerArgs {
  /** Default -1. */
  readonly axis?: PerDimension;
}

/** `keras.layers.UnitNormalization`: `x / |x|`, with the Euclidean norm along the axes. */
export const unitNormalization: (args?: UnitNormalizationArgs) => LayerDefinition =
  optional('UnitNormalization');

export interface RmsNormalizationArgs extends LayerArgs {
  /** Default -1. */
  readonly axis?: PerDimension;
  /** Default 1e-6. */
  readonly epsilon?: number;
}

/** `keras.layers.RMSNormalization`: `scale · x / √(mean(x²) + epsilon)`, along the axes, which are the last ones. */
export const rmsNormalization: (args?: RmsNormalizationArgs) => LayerDefinition =
  optional('RMSNormalization');
