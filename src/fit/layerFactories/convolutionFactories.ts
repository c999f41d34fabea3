// Convolutions: plain, transposed, depthwise and separable ones, in one to three dimensions.
// Must not import other folders of fit.
import type { ConstraintIdentifier } from '../../constraints/get.js';
import {
  type BiasArgs,
  type DataFormat,
  factory,
  type Initializer,
  type KernelArgs,
  type LayerDefinition,
  type PerDimension,
  type Regularizer,
} from './layerDefinition.js';

/** Arguments of all that moves a window of weights. */
export interface WindowArgs {
  readonly kernelSize: PerDimension;
  /** Default 1; above it the dilation must be 1. */
  readonly strides?: PerDimension;
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
  /** Default `channels_last`. */
  readonly dataFormat?: DataFormat;
  /** Default 1. */
  readonly dilationRate?: PerDimension;
}

export interface ConvArgs extends KernelArgs, Omit<WindowArgs, 'padding'> {
  /** How many channels the result has. */
  readonly filters: number;
  /** Default `valid`; `causal` for Conv1D alone. */
  readonly padding?: 'valid' | 'same' | 'causal';
  /** Into how many groups the channels are parted, each with filters of its own. Default 1. */
  readonly groups?: number;
}

/**
 * `keras.layers.Conv1D`: `activation(x ∗ kernel + bias)`.
 *
 * (batch, steps, channels) gives (batch, newSteps, filters), where newSteps is ⌈steps / strides⌉ for `same` and `causal`
 * and ⌊(steps - dilationRate · (kernelSize - 1) - 1) / strides⌋ + 1 for `valid`; the kernel is
 * (kernelSize, channels / groups, filters).
 */
export const conv1d: (args: ConvArgs) => LayerDefinition = factory('Conv1D');
/**
 * `keras.layers.Conv2D`: (batch, height, width, channels) gives (batch, newHeight, newWidth, filters), each size as of
 * `conv1d`; the kernel is (…kernelSize, channels / groups, filters).
 */
export const conv2d: (args: ConvArgs) => LayerDefinition = factory('Conv2D');
/**
 * `keras.layers.Conv3D`: (batch, depth, height, width, channels) gives (batch, …, filters), each size as of `conv1d`; the
 * kernel is (…kernelSize, channels / groups, filters).
 */
export const conv3d: (args: ConvArgs) => LayerDefinition = factory('Conv3D');

export interface ConvTransposeArgs extends KernelArgs, WindowArgs {
  /** How many channels the result has. */
  readonly filters: number;
  /** How much longer than the least each dimension becomes; below the strides. Default: as long as `padding` asks for. */
  readonly outputPadding?: PerDimension;
}

/**
 * `keras.layers.Conv1DTranspose`: what a convolution with this kernel makes of its input's gradient.
 *
 * (batch, steps, channels) gives (batch, newSteps, filters), where newSteps is steps · strides for `same` and
 * (steps - 1) · strides + max(kernelSize, strides) for `valid` without dilation; the kernel is
 * (kernelSize, filters, channels).
 */
export const conv1dTranspose: (args: ConvTransposeArgs) => LayerDefinition = factory('Conv1DTranspose');
/** `keras.layers.Conv2DTranspose`: each size as of `conv1dTranspose`; the kernel is (…kernelSize, filters, channels). */
export const conv2dTranspose: (args: ConvTransposeArgs) => LayerDefinition = factory('Conv2DTranspose');
/** `keras.layers.Conv3DTranspose`: each size as of `conv1dTranspose`; the kernel is (…kernelSize, filters, channels). */
export const conv3dTranspose: (args: ConvTransposeArgs) => LayerDefinition = factory('Conv3DTranspose');

export interface DepthwiseConvArgs extends BiasArgs, WindowArgs {
  /** How many filters each channel has. Default 1. */
  readonly depthMultiplier?: number;
  /** Default `glorot_uniform`. */
  readonly depthwiseInitializer?: Initializer;
  readonly depthwiseRegularizer?: Regularizer;
  readonly depthwiseConstraint?: ConstraintIdentifier;
}

/**
 * `keras.layers.DepthwiseConv1D`: each channel under filters of its own.
 *
 * (batch, steps, channels) gives (batch, newSteps, channels · depthMultiplier), newSteps as of `conv1d`; the kernel is
 * (kernelSize, channels, depthMultiplier).
 */
export const depthwiseConv1d: (args: DepthwiseConvArgs) => LayerDefinition = factory('DepthwiseConv1D');
/** `keras.layers.DepthwiseConv2D`: as `depthwiseConv1d`; the kernel is (…kernelSize, channels, depthMultiplier). */
export const depthwiseConv2d: (args: DepthwiseConvArgs) => LayerDefinition = factory('DepthwiseConv2D');

export interface SeparableConvArgs extends DepthwiseConvArgs {
  /** How many channels the result has. */
  readonly filters: number;
  /** Default `glorot_uniform`. */
  readonly pointwiseInitializer?: Initializer;
  readonly pointwiseRegularizer?: Regularizer;
  readonly pointwiseConstraint?: ConstraintIdentifier;
}

/**
 * `keras.layers.SeparableConv1D`: a depthwise convolution, and then a matrix over the channels at each place.
 *
 * (batch, steps, channels) gives (batch, newSteps, filters), newSteps as of `conv1d`; the kernels are
 * (kernelSize, channels, depthMultiplier) and (1, channels · depthMultiplier, filters).
 */
export const separableConv1d: (args: SeparableConvArgs) => LayerDefinition = factory('SeparableConv1D');
/** `keras.layers.SeparableConv2D`: as `separableConv1d`, over two dimensions. */
export const separableConv2d: (args: SeparableConvArgs) => LayerDefinition = factory('SeparableConv2D');
