// Layers that are an activation: Activation, ReLU, LeakyReLU, PReLU, ELU, Softmax.
// Must not import other folders of fit.
import type { ConstraintIdentifier } from '../../constraints/get.js';
import {
  factory,
  type Initializer,
  type LayerArgs,
  type LayerDefinition,
  optional,
  type PerDimension,
  type Regularizer,
} from './layerDefinition.js';

export interface ActivationArgs extends LayerArgs {
  /** Its name in `keras.activations`. */
  readonly activation: string;
}

/** `keras.layers.Activation`: an activation by its name, element by element or along the last dimension. */
export const activation: (args: ActivationArgs) => LayerDefinition = factory('Activation');

export interface ReluArgs extends LayerArgs {
  /** The largest that comes out. Default: no bound. */
  readonly maxValue?: number;
  /** Default 0. */
  readonly negativeSlope?: number;
  /** From where on `x` comes out. Default 0. */
  readonly threshold?: number;
}

/** `keras.layers.ReLU`: `min(x, maxValue)` where `x > threshold`, else `negativeSlope · (x - threshold)`. */
export const relu: (args?: ReluArgs) => LayerDefinition = optional('ReLU');

export interface LeakyReluArgs extends LayerArgs {
  /** Default 0.3. */
  readonly negativeSlope?: number;
}

/** `keras.layers.LeakyReLU`: `x` where positive, else `negativeSlope · x`. */
export const leakyRelu: (args?: LeakyReluArgs) => LayerDefinition = optional('LeakyReLU');

export interface PreluArgs extends LayerArgs {
  /** The dimensions along which places share a slope, the first behind the batch being 1. Default none. */
  readonly sharedAxes?: PerDimension;
  /** Default `zeros`. */
  readonly alphaInitializer?: Initializer;
  readonly alphaRegularizer?: Regularizer;
  readonly alphaConstraint?: ConstraintIdentifier;
}

/** `keras.layers.PReLU`: `x` where positive, else `alpha · x`, with an alpha to learn for each place of a sample. */
export const prelu: (args?: PreluArgs) => LayerDefinition = optional('PReLU');

export interface EluArgs extends LayerArgs {
  /** Default 1. */
  readonly alpha?: number;
}

/** `keras.layers.ELU`: `x` where positive, else `alpha · (e ** x - 1)`. */
export const elu: (args?: EluArgs) => LayerDefinition = optional('ELU');

export interface SoftmaxArgs extends LayerArgs {
  /** One dimension, or several together. Default -1. */
  readonly axis?: PerDimension;
}

/** `keras.layers.Softmax`: `e ** x`, divided by its sum along the axes. */
export const softmax: (args?: SoftmaxArgs) => LayerDefinition = optional('Softmax');
