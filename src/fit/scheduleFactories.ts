// Schedules of learning rates as users write them, with Keras's arguments in camelCase.
// Must not import other folders of fit but serialized.
import { type SerializedKeras, serializeClass } from './serialized.js';

/** Arguments of exponential decay and inverse time decay. */
export interface DecayArgs {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Fall at once after each `decaySteps` and not bit by bit. Default false. */
  readonly staircase?: boolean;
}

export interface PiecewiseConstantDecayArgs {
  /** Up to and with which step each value holds. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

export interface PolynomialDecayArgs {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** Default 1e-4. */
  readonly endLearningRate?: number;
  /** Default 1. */
  readonly power?: number;
  /** Begin again, over twice and three times as many steps and so on. Default false. */
  readonly cycle?: boolean;
}

export interface CosineDecayArgs {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** What share of the rate is left in the end. Default 0. */
  readonly alpha?: number;
  /** The rate that is risen to before it falls. Default: it falls from the first step. */
  readonly warmupTarget?: number;
  /** Default 0. */
  readonly warmupSteps?: number;
}

export interface CosineDecayRestartsArgs {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  /** By what each period is longer than the one before. Default 2. */
  readonly tMul?: number;
  /** By what the rate at the beginning of each period is multiplied. Default 1. */
  readonly mMul?: number;
  /** Default 0. */
  readonly alpha?: number;
}

const factory =
  <Args extends object>(className: string): ((args: Args) => SerializedKeras) =>
  (args) =>
    serializeClass('keras.optimizers.schedules', className, args);

/** `keras.optimizers.schedules.ExponentialDecay`: `lr · rate ^ (step / decaySteps)` */
export const exponentialDecay: (args: DecayArgs) => SerializedKeras = factory('ExponentialDecay');
/** `keras.optimizers.schedules.InverseTimeDecay`: `lr / (1 + rate · step / decaySteps)` */
export const inverseTimeDecay: (args: DecayArgs) => SerializedKeras = factory('InverseTimeDecay');
/** `keras.optimizers.schedules.PiecewiseConstantDecay` */
export const piecewiseConstantDecay: (args: PiecewiseConstantDecayArgs) => SerializedKeras =
  factory('PiecewiseConstantDecay');
/** `keras.optimizers.schedules.PolynomialDecay`: `(lr - end)(1 - step / decaySteps) ^ power + end` */
export const polynomialDecay: (args: PolynomialDecayArgs) => SerializedKeras = factory('PolynomialDecay');
/** `keras.optimizers.schedules.CosineDecay`: `lr · ((1 - alpha) ½ (1 + cos(π step / decaySteps)) + alpha)` */
export const cosineDecay: (args: CosineDecayArgs) => SerializedKeras = factory('CosineDecay');
/** `keras.optimizers.schedules.CosineDecayRestarts` */
export const cosineDecayRestarts: (args: CosineDecayRestartsArgs) => SerializedKeras =
  factory('CosineDecayRestarts');
