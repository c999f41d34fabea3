// UnitNorm: every unit's norm becomes 1.
// Must not import anything above ops.
import type { Axis } from '../ops/axes.js';
import { add, divide } from '../ops/elementwise.js';
import { norm } from '../ops/reduction.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import {
  type ConfigKeys,
  checkKeys,
  epsilonConfig,
  type NormArgs,
  readAxis,
  readConfig,
  readEpsilon,
} from './arguments.js';
import {
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  constructFromConfig,
} from './constraint.js';

export type UnitNormArgs = NormArgs;

const configKeys: ConfigKeys = { axis: 'axis', epsilon: 'epsilon' };

/**
 * Gives the weights incident to each unit the norm 1.
 *
 * `w / (epsilon + ‖w‖)`, with the 2-norm taken over `axis`.
 *
 * As in Keras, a zero stays zero. Any shape; float32 and float64 as they are, float16 and bfloat16 computed
 * in float32 and rounded once.
 *
 * Source: `keras.constraints.UnitNorm`.
 *
 * @example
 * new UnitNorm({ axis: 0 })
 */
export class UnitNorm extends Constraint {
  static override readonly className: string = 'UnitNorm';
  readonly axis: Axis;
  readonly epsilon: number;

  /**
   * @param args the arguments, or the axis alone as in Keras
   * @throws {ConfigError} when the axis is not one, or an argument is unknown
   */
  constructor(args: UnitNormArgs | Axis = {}) {
    super();
    const given: UnitNormArgs = isAxis(args) ? { axis: args } : args;
    checkKeys('UnitNorm', given, ['axis', 'epsilon']);
    this.axis = readAxis('UnitNorm', given.axis);
    this.epsilon = readEpsilon('UnitNorm', given.epsilon);
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    return divide(w, add(norm(w, { axis: this.axis, keepdims: true }), this.epsilon));
  }

  override getConfig(): ConstraintConfig {
    return { axis: this.axis, ...epsilonConfig(this.epsilon) };
  }

  /** From Keras's `{axis}`. @throws {ConfigError} */
  static override fromConfig(config: ConstraintConfig): UnitNorm {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is constructed as itself, with its own arguments
    return construct(this, config);
  }
}

// Beside the class, which bundlers rename where it names itself.
function construct(owner: ConstraintClass, config: ConstraintConfig): UnitNorm {
  if (owner !== UnitNorm) return constructFromConfig(owner, config) as UnitNorm;
  return new UnitNorm(readConfig('UnitNorm', config, configKeys) as UnitNormArgs);
}

/** `new UnitNorm(...)`, under Keras's shortcut name. */
export function unitNorm(args: UnitNormArgs | Axis = {}): UnitNorm {
  return new UnitNorm(args);
}

function isAxis(args: UnitNormArgs | Axis): args is Axis {
  return args === null || typeof args === 'number' || Array.isArray(args);
}
