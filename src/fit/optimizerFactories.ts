// Optimizers as users write them, with Keras's arguments in camelCase.
// Must not import other folders of fit but serialized.
import { type SerializedKeras, serializeClass } from './serialized.js';

export interface OptimizerArgs {
  /** A number, or a schedule such as `cosineDecay`. Default 0.01 for SGD, 0.001 for the others. */
  readonly learningRate?: number | SerializedKeras;
  /** By how much of themselves weights shrink in each update, times the learning rate. Default none; AdamW 0.004. */
  readonly weightDecay?: number;
  /** The largest norm of each gradient; at most one of the three limits can be set. Default none. */
  readonly clipnorm?: number;
  /** The largest norm of all gradients together. Default none. */
  readonly globalClipnorm?: number;
  /** The largest magnitude of each number of a gradient. Default none. */
  readonly clipvalue?: number;
  /** Keep a moving average of each variable, whose value it takes at the end of `fit`. Default false. */
  readonly useEma?: boolean;
  /** How much of the average is kept in each step. Default 0.99. */
  readonly emaMomentum?: number;
  /** After how many updates the variables take the averages' values. Default never, but at the end of `fit`. */
  readonly emaOverwriteFrequency?: number;
  /** By what the loss is multiplied while it is differentiated. Default 1. */
  readonly lossScaleFactor?: number;
  /** How many steps go into one update, by their mean gradient; from 2. Default: each step is an update. */
  readonly gradientAccumulationSteps?: number;
}

export interface SgdArgs extends OptimizerArgs {
  /** Default 0. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

/** Arguments of Adamax and Nadam. */
export interface AdamaxArgs extends OptimizerArgs {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

export interface AdamArgs extends AdamaxArgs {
  /** Default false. */
  readonly amsgrad?: boolean;
}

export interface RmspropArgs extends OptimizerArgs {
  /** Default 0.9. */
  readonly rho?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
  /** Default false. */
  readonly centered?: boolean;
}

export interface AdagradArgs extends OptimizerArgs {
  /** Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

export interface LionArgs extends OptimizerArgs {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.99. */
  readonly beta2?: number;
}

const factory =
  <Args extends OptimizerArgs>(className: string): ((args?: Args) => SerializedKeras) =>
  (args) =>
    serializeClass('keras.optimizers', className, args ?? {});

/** `keras.optimizers.SGD` */
export const sgd: (args?: SgdArgs) => SerializedKeras = factory('SGD');
/** `keras.optimizers.RMSprop` */
export const rmsprop: (args?: RmspropArgs) => SerializedKeras = factory('RMSprop');
/** `keras.optimizers.Adam` */
export const adam: (args?: AdamArgs) => SerializedKeras = factory('Adam');
/** `keras.optimizers.AdamW` */
export const adamW: (args?: AdamArgs) => SerializedKeras = factory('AdamW');
/** `keras.optimizers.Adagrad` */
export const adagrad: (args?: AdagradArgs) => SerializedKeras = factory('Adagrad');
/** `keras.optimizers.Adamax` */
export const adamax: (args?: AdamaxArgs) => SerializedKeras = factory('Adamax');
/** `keras.optimizers.Nadam` */
export const nadam: (args?: AdamaxArgs) => SerializedKeras = factory('Nadam');
/** `keras.optimizers.Lion` */
export const lion: (args?: LionArgs) => SerializedKeras = factory('Lion');
