// Initializers as users write them, for arguments such as `kernelInitializer`; their names alone go as well.
// Must not import other folders of fit but serialized.
import { type SerializedKeras, serializeClass } from './serialized.js';

const initializer =
  <Args extends object>(className: string): ((args?: Args) => SerializedKeras) =>
  (args) =>
    serializeClass('keras.initializers', className, args ?? {});

/** `keras.initializers.Zeros` */
export const zeros: () => SerializedKeras = initializer('Zeros');
/** `keras.initializers.Ones` */
export const ones: () => SerializedKeras = initializer('Ones');
/** `keras.initializers.Constant`: `value` everywhere. Default 0. */
export const constant: (args?: { readonly value?: number }) => SerializedKeras = initializer('Constant');
/** `keras.initializers.RandomUniform`: from `minval` to `maxval`. Default -0.05 to 0.05. */
export const randomUniform: (args?: {
  readonly minval?: number;
  readonly maxval?: number;
}) => SerializedKeras = initializer('RandomUniform');

export interface NormalArgs {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05. */
  readonly stddev?: number;
}

/** `keras.initializers.RandomNormal` */
export const randomNormal: (args?: NormalArgs) => SerializedKeras = initializer('RandomNormal');
/** `keras.initializers.TruncatedNormal`: nothing beyond two deviations. */
export const truncatedNormal: (args?: NormalArgs) => SerializedKeras = initializer('TruncatedNormal');

export interface VarianceScalingArgs {
  /** Default 1. */
  readonly scale?: number;
  /** What divides the variance: inputs of an element, outputs, or their mean. Default `fan_in`. */
  readonly mode?: 'fan_in' | 'fan_out' | 'fan_avg';
  /** Default `truncated_normal`. */
  readonly distribution?: 'truncated_normal' | 'untruncated_normal' | 'uniform';
}

/** `keras.initializers.VarianceScaling`: random with the variance `scale / fan`. */
export const varianceScaling: (args?: VarianceScalingArgs) => SerializedKeras =
  initializer('VarianceScaling');
/** `keras.initializers.GlorotUniform`: variance 2 / (fan in + fan out). */
export const glorotUniform: () => SerializedKeras = initializer('GlorotUniform');
/** `keras.initializers.GlorotNormal`: variance 2 / (fan in + fan out). */
export const glorotNormal: () => SerializedKeras = initializer('GlorotNormal');
/** `keras.initializers.HeUniform`: variance 2 / fan in. */
export const heUniform: () => SerializedKeras = initializer('HeUniform');
/** `keras.initializers.HeNormal`: variance 2 / fan in. */
export const heNormal: () => SerializedKeras = initializer('HeNormal');
/** `keras.initializers.LecunUniform`: variance 1 / fan in. */
export const lecunUniform: () => SerializedKeras = initializer('LecunUniform');
/** `keras.initializers.LecunNormal`: variance 1 / fan in. */
export const lecunNormal: () => SerializedKeras = initializer('LecunNormal');
