// What a layer is as users write it, and how a function for a class is made: Keras's arguments in camelCase.
// Must not import other folders of fit but serialized.
import type { Constraint } from '../../constraints/constraint.js';
import { type SerializedKeras, serializeClass } from '../serialized.js';

/** A layer that has not been given its input yet. */
export interface LayerDefinition {
  readonly serialized: SerializedKeras;
  /** The constraints among its arguments, whose classes are read back by name. */
  readonly constraints: readonly Constraint[];
}

/** An initializer by name, or as `heNormal` and its like make it. */
export type Initializer =
  | string
  | { readonly class_name: string; readonly config: Readonly<Record<string, unknown>> };

/** A regularizer by name, or as `l1`, `l2` and `l1l2` make it. */
export type Regularizer = string | SerializedKeras;

/** Where the channels of (batch, …) are: in the last dimension, or right behind the batch. */
export type DataFormat = 'channels_last' | 'channels_first';

/** One number for all dimensions, or one for each. */
export type PerDimension = number | readonly number[];

export interface LayerArgs {
  /** Default: the class in snake_case, with a number behind it from the second on. */
  readonly name?: string;
  /** Default true. */
  readonly trainable?: boolean;
  /** What the layer's result adds to the loss. Default nothing. */
  readonly activityRegularizer?: Regularizer;
}

/** Arguments of layers that end with a bias and an activation. */
export interface BiasArgs extends LayerArgs {
  /** Default `linear`. */
  readonly activation?: string;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `zeros`. */
  readonly biasInitializer?: Initializer;
  readonly biasRegularizer?: Regularizer;
  readonly biasConstraint?: Constraint;
}

export interface KernelArgs extends BiasArgs {
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly kernelConstraint?: Constraint;
}

/** The function for a class some of whose arguments must be given. */
export function factory<Args extends LayerArgs>(className: string): (args: Args) => LayerDefinition {
  return (args) => ({
    serialized: serializeClass('keras.layers', className, args),
    constraints: Object.values(args).filter((value): value is Constraint => isConstraint(value)),
  });
}

/** The function for a class that goes without arguments. */
export function optional<Args extends LayerArgs>(className: string): (args?: Args) => LayerDefinition {
  const make = factory<Args>(className);
  return (args) => make(args ?? ({} as Args));
}

const isConstraint = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'getConfig' in value && 'call' in value;
