// Users' most frequent mistake with constraints: the default axis on a weight whose units lie elsewhere.
// Must not import runtime, files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { MaxNorm } from '../constraints/maxNorm.js';
import { MinMaxNorm } from '../constraints/minMaxNorm.js';
import { UnitNorm } from '../constraints/unitNorm.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import { type Axis, normalizeAxes } from '../ops/axes.js';

/** Where the units of a Keras variable lie, and what they are called. */
export interface KerasUnits {
  /** The axes over which the norm of each unit is taken. */
  readonly axes: readonly number[];
  readonly noun: 'unit' | 'filter' | 'vector';
}

/** The axes that take each unit of a variable, for the layers whose units are known. */
export function kerasUnits({ layerClass, name, shape }: KerasVariable): KerasUnits | undefined {
  const rank = shape?.length ?? 0;
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (/Embedding$/.test(layerClass) && name === 'embeddings' && rank === 2) {
    return { axes: [1], noun: 'vector' };
  }
  if (/Conv/.test(layerClass) && rank >= 3) {
    // Depthwise kernels are (…, channels, multiplier), transposed ones (…, out, in), the others (…, in, out).
    if (name === 'depthwise_kernel' || /^Depthwise/.test(layerClass)) {
      return { axes: axes.slice(0, -2), noun: 'filter' };
    }
    const out = /Transpose$/.test(layerClass) ? rank - 2 : rank - 1;
    return { axes: axes.filter((axis) => axis !== out), noun: 'filter' };
  }
  return rank === 2 && /kernel/.test(name) ? { axes: [0], noun: 'unit' } : undefined;
}

/** The axes a built-in norm constraint reduces on a shape, `null` for all; `undefined` for other constraints. */
export function reducedAxes(
  constraint: Constraint,
  shape: readonly number[],
): readonly number[] | null | undefined {
  const axis = normAxis(constraint);
  return axis === undefined ? undefined : normalizeAxes(classNameOf(constraint), axis, shape);
}

/** The axis of a built-in norm constraint; `undefined` for other constraints. */
export function normAxis(constraint: Constraint): Axis | undefined {
  const owner = constraint.constructor;
  if (owner !== MaxNorm && owner !== MinMaxNorm && owner !== UnitNorm) return undefined;
  return (constraint as MaxNorm | MinMaxNorm | UnitNorm).axis;
}

/**
 * A warning where the constraint takes the norm over axis 0 alone, Keras's default, of a convolution kernel or an
 * embedding, whose units lie over other axes; `undefined` where there is nothing to say.
 */
export function axisAdvice(variable: KerasVariable, constraint: Constraint): string | undefined {
  const { shape } = variable;
  const units = kerasUnits(variable);
  if (shape === undefined || units === undefined || units.noun === 'unit') return undefined;
  const axis = normAxis(constraint);
  const isDefault = Array.isArray(axis) ? axis.length === 1 && axis[0] === 0 : axis === 0;
  if (!isDefault || units.axes.join() === '0') return undefined;
  const pieces = shape.slice(1).reduce((a, b) => a * b, 1);
  if (units.noun === 'vector') {
    return `axis=0 normalizes the ${pieces} columns of the embedding, each over the whole vocabulary of ${shape[0]}, probably not what is meant; for each vector write axis=1`;
  }
  const written = units.axes.length === 1 ? units.axes[0] : `[${units.axes.join(', ')}]`;
  return `axis=0 normalizes each of ${pieces} rows of ${shape[0]} weights along the kernel's first dimension, probably not its filters; for each filter write axis=${written}`;
}
