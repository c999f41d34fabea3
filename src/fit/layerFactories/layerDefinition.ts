// What a layer is as users write it, and how a function for a class is made: Keras's arguments in camelCase.
// Must not import other folders of fit but serialized.
import { Constraint } from '../../constraints/constraint.js';
import { type ConstraintIdentifier, get } from '../../constraints/get.js';
import { configKey, type SerializedKeras, serializeClass } from '../serialized.js';

/** A layer that has not been given its input yet. */
export interface LayerDefinition {
  readonly serialized: SerializedKeras;
  /** The constraints among its arguments by their keys in the config; what they are made of is read back by name. */
  readonly constraints: Readonly<Record<string, Constraint>>;
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
  readonly biasConstraint?: ConstraintIdentifier;
}

export interface KernelArgs extends BiasArgs {
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
  readonly kernelConstraint?: ConstraintIdentifier;
}

/** The function for a class some of whose arguments must be given. */
export function factory<Args extends LayerArgs>(className: string): (args: Args) => LayerDefinition {
  return (args) => {
    const constraints = constraintsOf(args);
    return {
      serialized: serializeClass('keras.layers', className, { ...args, ...constraints }),
      constraints: Object.fromEntries(
        Object.entries(constraints).map(([key, constraint]) => [configKey(key), constraint]),
      ),
    };
  };
}

/** The function for a class that goes without arguments. */
export function optional<Args extends LayerArgs>(className: string): (args?: Args) => LayerDefinition {
  const make = factory<Args>(className);
  return (args) => make(args ?? ({} as Args));
}

/** The arguments that are constraints, their classes or functions; names and configs are read with the model. */
function constraintsOf(args: LayerArgs): Readonly<Record<string, Constraint>> {
  const given = Object.entries(args).filter(
    ([key, value]) =>
      key.endsWith('Constraint') && (typeof value === 'function' || value instanceof Constraint),
  );
  return Object.fromEntries(given.map(([key, value]) => [key, get(value) as Constraint]));
}
