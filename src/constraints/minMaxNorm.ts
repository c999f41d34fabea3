// MinMaxNorm: an interval for the norm of each unit, approached at a rate.
// Must not import anything above ops.
import type { Axis } from '../ops/axes.js';
import { add, clip, divide, multiply, subtract } from '../ops/elementwise.js';
import { norm } from '../ops/reduction.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import type { TensorLike } from '../ops/tensorLike.js';
import {
  type ConfigKeys,
  checkKeys,
  epsilonConfig,
  type NormArgs,
  readAxis,
  readConfig,
  readEpsilon,
  readNumber,
} from './arguments.js';
import {
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  constructFromConfig,
} from './constraint.js';

export interface MinMaxNormArgs extends NormArgs {
  /** The smallest norm allowed. Default 0. */
  readonly minValue?: number;
  /** The largest norm allowed. Default 1. */
  readonly maxValue?: number;
  /** 1, the default, enforces the interval at once; less moves a part of the way at each step. */
  readonly rate?: number;
}

const configKeys: ConfigKeys = {
  min_value: 'minValue',
  max_value: 'maxValue',
  rate: 'rate',
  axis: 'axis',
  epsilon: 'epsilon',
  minValue: 'minValue',
  maxValue: 'maxValue',
  low: 'minValue',
  high: 'maxValue',
};

/**
 * Keeps the norm of the weights incident to each unit between two bounds.
 *
 * `w · (rate · clip(‖w‖, minValue, maxValue) + (1 - rate) · ‖w‖) / (epsilon + ‖w‖)`, with the 2-norm taken over `axis`.
 *
 * As in Keras: where `minValue > maxValue`, `maxValue` wins; a zero stays zero, below the lower bound.
 * Any shape; float32 and float64 as they are, float16 and bfloat16 computed in float32 and rounded once.
 *
 * Source: `keras.constraints.MinMaxNorm`.
 *
 * @example
 * new MinMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.9, axis: 0 })
 */
export class MinMaxNorm extends Constraint {
  static override readonly className: string = 'MinMaxNorm';
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: Axis;
  readonly epsilon: number;

  /** @throws {ConfigError} when a bound or the rate is not a number, or an argument is unknown */
  constructor(args: MinMaxNormArgs = {}) {
    super();
    checkKeys('MinMaxNorm', args, ['minValue', 'maxValue', 'rate', 'axis', 'epsilon']);
    this.minValue = readNumber('MinMaxNorm', 'minValue', args.minValue, 0);
    this.maxValue = readNumber('MinMaxNorm', 'maxValue', args.maxValue, 1);
    this.rate = readNumber('MinMaxNorm', 'rate', args.rate, 1);
    this.axis = readAxis('MinMaxNorm', args.axis);
    this.epsilon = readEpsilon('MinMaxNorm', args.epsilon);
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    return multiply(w, minMaxNormFactor(norm(w, { axis: this.axis, keepdims: true }), this));
  }

  override getConfig(): ConstraintConfig {
    return {
      min_value: this.minValue,
      max_value: this.maxValue,
      rate: this.rate,
      axis: this.axis,
      ...epsilonConfig(this.epsilon),
    };
  }

  override warnings(): readonly string[] {
    const { minValue, maxValue, rate } = this;
    const warnings: string[] = [];
    if (minValue > maxValue) {
      warnings.push(
        `min_value ${minValue} is larger than max_value ${maxValue}: every norm becomes ${maxValue}`,
      );
    }
    if (rate < 0 || rate > 1) warnings.push(`rate ${rate} is outside [0, 1]`);
    return warnings;
  }

  /** From Keras's `{min_value, max_value, rate, axis}`, Keras 1's `low`, `high` and tfjs's camelCase. @throws {ConfigError} */
  static override fromConfig(config: ConstraintConfig): MinMaxNorm {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is constructed as itself, with its own arguments
    return construct(this, config);
  }
}

/** What units with these norms are multiplied by; limits and rate may be tensors. */
export function minMaxNormFactor(
  norms: SymbolicTensor,
  { minValue, maxValue, rate, epsilon }: MinMaxLimits,
): SymbolicTensor {
  const clipped = clip(norms, minValue, maxValue);
  const rest = typeof rate === 'number' ? 1 - rate : subtract(1, rate);
  // Both terms also at rate 1: an infinite norm then gives NaN, as it does in Keras.
  return divide(add(multiply(rate, clipped), multiply(rest, norms)), add(norms, epsilon));
}

interface MinMaxLimits {
  readonly minValue: TensorLike;
  readonly maxValue: TensorLike;
  readonly rate: TensorLike;
  readonly epsilon: number;
}

// Beside the class, which bundlers rename where it names itself.
function construct(owner: ConstraintClass, config: ConstraintConfig): MinMaxNorm {
  if (owner !== MinMaxNorm) return constructFromConfig(owner, config) as MinMaxNorm;
  return new MinMaxNorm(readConfig('MinMaxNorm', config, configKeys) as MinMaxNormArgs);
}

/** `new MinMaxNorm(...)`, under Keras's shortcut name. */
export function minMaxNorm(args: MinMaxNormArgs = {}): MinMaxNorm {
  return new MinMaxNorm(args);
}
