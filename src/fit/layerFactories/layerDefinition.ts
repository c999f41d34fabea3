// Layers as users write them: a function for each class, with Keras's arguments in camelCase.
// Must not import other folders of fit but serialized.
import type { Constraint } from '../constraints/constraint.js';
import { type SerializedKeras, serializeClass } from './serialized.js';

/** A layer that has not been given its input yet. */
export interface LayerDefinition {
  readonly serialized: SerializedKeras;
  /** The constraints among its arguments, whose classes are read back by name. */
  readonly constraints: readonly Constraint[];
}

/** An initializer by name, or as Keras serializes it. */
export type Initializer =
  | string
  | { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> };

/** A regularizer by name, or as `l1`, `l2` and `l1l2` make it. */
export type Regularizer = string | SerializedKeras;

export interface LayerArgs {
  /** Default: the class in snake_case, with a number behind it from the second on. */
  readonly name?: string;
  /** Default true. */
  readonly trainable?: boolean;
  /** What the layer's result adds to the loss. Default nothing. */
  readonly activityRegularizer?: Regularizer;
}

export interface KernelArgs extends LayerArgs {
  /** Default `linear`. */
  readonly activation?: string;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: Initializer;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
  readonly kernelConstraint?: Constraint;
  readonly biasConstraint?: Constraint;
}

export interface DenseArgs extends KernelArgs {
  readonly units: number;
}

export interface ConvArgs extends KernelArgs {
  readonly filters: number;
  /** One number for each dimension, or one for all. */
  readonly kernelSize: number | readonly number[];
  /** Default 1. */
  readonly strides?: number | readonly number[];
  /** Default `valid`; `causal` for Conv1D alone. */
  readonly padding?: 'valid' | 'same' | 'causal';
  /** Default `channels_last`. */
  readonly dataFormat?: 'channels_last' | 'channels_first';
  /** Default 1. */
  readonly dilationRate?: number | readonly number[];
  /** Default 1. */
  readonly groups?: number;
}

export interface PoolingArgs extends LayerArgs {
  /** Default 2. */
  readonly poolSize?: number | readonly number[];
  /** Default: the pool's size. */
  readonly strides?: number | readonly number[];
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
  /** Default `channels_last`. */
  readonly dataFormat?: 'channels_last' | 'channels_first';
}

export interface BatchNormalizationArgs extends LayerArgs {
  /** Default -1. */
  readonly axis?: number;
  /** Default 0.99. */
  readonly momentum?: number;
  /** Default 1e-3. */
  readonly epsilon?: number;
  /** Whether there is a beta. Default true. */
  readonly center?: boolean;
  /** Whether there is a gamma. Default true. */
  readonly scale?: boolean;
  readonly gammaConstraint?: Constraint;
  readonly betaConstraint?: Constraint;
}

function factory<Args extends LayerArgs>(className: string): (args: Args) => LayerDefinition {
  return (args) => ({
    serialized: serializeClass('keras.layers', className, args),
    constraints: Object.values(args).filter((value): value is Constraint => isConstraint(value)),
  });
}

const isConstraint = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'getConfig' in value && 'call' in value;

/** `keras.layers.Dense` */
export const dense: (args: DenseArgs) => LayerDefinition = factory('Dense');
/** `keras.layers.Conv1D` */
export const conv1d: (args: ConvArgs) => LayerDefinition = factory('Conv1D');
/** `keras.layers.Conv2D` */
export const conv2d: (args: ConvArgs) => LayerDefinition = factory('Conv2D');
/** `keras.layers.Conv3D` */
export const conv3d: (args: ConvArgs) => LayerDefinition = factory('Conv3D');
/** `keras.layers.MaxPooling2D` */
export const maxPooling2d: (args?: PoolingArgs) => LayerDefinition = optional('MaxPooling2D');
/** `keras.layers.AveragePooling2D` */
export const averagePooling2d: (args?: PoolingArgs) => LayerDefinition = optional('AveragePooling2D');
/** `keras.layers.Flatten` */
export const flatten: (args?: LayerArgs) => LayerDefinition = optional('Flatten');
/** `keras.layers.BatchNormalization` */
export const batchNormalization: (args?: BatchNormalizationArgs) => LayerDefinition =
  optional('BatchNormalization');
/** `keras.layers.Activation` */
export const activation: (args: LayerArgs & { readonly activation: string }) => LayerDefinition =
  factory('Activation');
/** `keras.layers.Dropout` */
export const dropout: (args: LayerArgs & { readonly rate: number }) => LayerDefinition = factory('Dropout');

function optional<Args extends LayerArgs>(className: string): (args?: Args) => LayerDefinition {
  const make = factory<Args>(className);
  return (args) => make(args ?? ({} as Args));
}

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
  return { serialized: serializeClass('keras.layers', 'InputLayer', args), constraints: [] };
}
