// MaxNorm: an upper limit on the norm of each unit.
// Must not import anything above ops.
import { ConfigError } from '../graph/errors.js';
import type { Axis } from '../ops/axes.js';
import { add, clip, divide, multiply } from '../ops/elementwise.js';
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

export interface MaxNormArgs extends NormArgs {
  /** The largest norm allowed. Default 2. */
  readonly maxValue?: number;
}

const configKeys: ConfigKeys = {
  max_value: 'maxValue',
  axis: 'axis',
  epsilon: 'epsilon',
  maxValue: 'maxValue',
  m: 'maxValue',
};

/**
 * Limits the norm of the weights incident to each unit.
 *
 * `w · clip(‖w‖, 0, maxValue) / (epsilon + ‖w‖)`, with the 2-norm taken over `axis`.
 *
 * As in Keras, a weight inside the limit shrinks by the factor `‖w‖ / (‖w‖ + epsilon)`, and a zero stays zero.
 * Any shape; float32 and float64 as they are, float16 and bfloat16 computed in float32 and rounded once.
 *
 * Source: `keras.constraints.MaxNorm`.
 *
 * @example
 * new MaxNorm({ maxValue: 2, axis: [0, 1, 2] }) // each filter of a Conv2D kernel
 */
export class MaxNorm extends Constraint {
  static override readonly className: string = 'MaxNorm';
  readonly maxValue: number;
  readonly axis: Axis;
  readonly epsilon: number;

  /**
   * @param args the arguments, or `maxValue` alone as in Keras
   * @param axis the axis, where `maxValue` is given alone
   * @throws {ConfigError} when `maxValue` is not a number, or an argument is unknown
   */
  constructor(args: MaxNormArgs | number = {}, axis?: Axis) {
    super();
    const given: MaxNormArgs = typeof args === 'number' ? { maxValue: args } : args;
    checkKeys('MaxNorm', given, ['maxValue', 'axis', 'epsilon']);
    if (axis !== undefined && typeof args !== 'number') {
      throw new ConfigError('MaxNorm: give the axis among the arguments, not beside them');
    }
    this.maxValue = readNumber('MaxNorm', 'maxValue', given.maxValue, 2);
    this.axis = readAxis('MaxNorm', axis === undefined ? given.axis : axis);
    this.epsilon = readEpsilon('MaxNorm', given.epsilon);
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    return multiply(w, maxNormFactor(norm(w, { axis: this.axis, keepdims: true }), this));
  }

  override getConfig(): ConstraintConfig {
    return { max_value: this.maxValue, axis: this.axis, ...epsilonConfig(this.epsilon) };
  }

  override warnings(): readonly string[] {
    return this.maxValue < 0 ? [`max_value ${this.maxValue} is negative: every weight changes its sign`] : [];
  }

  /** From Keras's `{max_value, axis}`, Keras 1's `m` and tfjs's `maxValue`. @throws {ConfigError} */
  static override fromConfig(config: ConstraintConfig): MaxNorm {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is constructed as itself, with its own arguments
    return construct(this, config);
  }
}

/** What units with these norms are multiplied by; the limit may be a tensor. */
export function maxNormFactor(
  norms: SymbolicTensor,
  { maxValue, epsilon }: { readonly maxValue: TensorLike; readonly epsilon: number },
): SymbolicTensor {
  return divide(clip(norms, 0, maxValue), add(norms, epsilon));
}

// Beside the class, which bundlers rename where it names itself.
function construct(owner: ConstraintClass, config: ConstraintConfig): MaxNorm {
  if (owner !== MaxNorm) return constructFromConfig(owner, config) as MaxNorm;
  return new MaxNorm(readConfig('MaxNorm', config, configKeys) as MaxNormArgs);
}

/** `new MaxNorm(...)`, under Keras's shortcut name: `maxNorm(2)`, `maxNorm({ maxValue: 2, axis: 0 })`. */
export function maxNorm(args: MaxNormArgs | number = {}, axis?: Axis): MaxNorm {
  return new MaxNorm(args, axis);
}
