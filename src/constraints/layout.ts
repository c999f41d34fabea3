// A weight stored in another layout than Keras's, and constraints carried over to that layout.
// Must not import anything above ops.
import { stridesOf, walk } from '../graph/strides.js';
import { elementCount, type TensorData } from '../graph/tensorValue.js';
import { type Axis, normalizeAxes } from '../ops/axes.js';
import { reshape, transpose } from '../ops/shaping.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { traceConstraint } from './buildGraph.js';
import { Constraint, classNameOf } from './constraint.js';
import { MaxNorm } from './maxNorm.js';
import { MinMaxNorm } from './minMaxNorm.js';
import { NonNeg } from './nonNeg.js';
import { UnitNorm } from './unitNorm.js';

/**
 * How a tensor stores a Keras variable: the variable's dimensions in the order `perm`, read in row-major
 * order, are the tensor's elements. `perm[j]` is the Keras dimension at place j.
 */
export interface Layout {
  readonly kerasShape: readonly number[];
  readonly perm: readonly number[];
  readonly tensorShape: readonly number[];
}

/** The layout of a tensor that is stored as Keras stores it. */
export function identityLayout(shape: readonly number[]): Layout {
  return { kerasShape: shape, perm: shape.map((_, i) => i), tensorShape: shape };
}

/**
 * The constraint that does to the stored tensor what `constraint` does to the Keras variable.
 *
 * The built-in constraints get the axes of the stored tensor; where those cannot say it (an axis merged with
 * another), and for custom constraints, the graph goes to Keras's layout and back.
 */
export function constraintInLayout(constraint: Constraint, layout: Layout): Constraint {
  if (constraint.constructor === Constraint || constraint.constructor === NonNeg) return constraint;
  if (isIdentity(layout)) return constraint;
  const axis = axisInLayout(constraint, layout);
  if (axis === undefined) return new LaidOutConstraint(constraint, layout);
  return withAxis(constraint as MaxNorm | MinMaxNorm | UnitNorm, axis);
}

/** The axis of a built-in norm constraint in the stored tensor; `undefined` where none says the same. */
export function axisInLayout(constraint: Constraint, layout: Layout): Axis | undefined {
  if (!isNormConstraint(constraint)) return undefined;
  const axes = normalizeAxes(classNameOf(constraint), constraint.axis, layout.kerasShape);
  return axes === null ? null : mapAxes(axes, layout);
}

/** The elements in Keras's order. */
export function toKerasOrder<T extends TensorData>(data: T, layout: Layout): T {
  return gather(data, sourceIndices(layout));
}

/** The elements of a Keras variable in the order the tensor stores them. */
export function toTensorOrder<T extends TensorData>(data: T, layout: Layout): T {
  const indices = sourceIndices(layout);
  const inverse = new Uint32Array(indices.length);
  indices.forEach((from, to) => {
    inverse[from] = to;
  });
  return gather(data, inverse);
}

export function isIdentity(layout: Layout): boolean {
  const { kerasShape, perm, tensorShape } = layout;
  return (
    perm.every((axis, i) => axis === i) &&
    kerasShape.length === tensorShape.length &&
    kerasShape.every((dim, i) => dim === tensorShape[i])
  );
}

/** Runs a constraint in Keras's layout inside a graph over the stored tensor. */
class LaidOutConstraint extends Constraint {
  static override readonly className: string = 'LaidOutConstraint';

  constructor(
    readonly inner: Constraint,
    readonly layout: Layout,
  ) {
    super();
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    const { kerasShape, perm, tensorShape } = this.layout;
    const permuted = reshape(w, permutedShape(this.layout));
    const back = kerasShape.map((_, axis) => perm.indexOf(axis));
    // Traced, not called: reshaping back would hide a change of shape.
    const result = traceConstraint(this.inner, transpose(permuted, back));
    return reshape(transpose(result, perm), tensorShape);
  }

  override getConfig(): Record<string, unknown> {
    return { inner: classNameOf(this.inner), ...this.layout };
  }
}

function isNormConstraint(constraint: Constraint): constraint is MaxNorm | MinMaxNorm | UnitNorm {
  const owner = constraint.constructor;
  return owner === MaxNorm || owner === MinMaxNorm || owner === UnitNorm;
}

function withAxis(constraint: MaxNorm | MinMaxNorm | UnitNorm, axis: Axis): Constraint {
  const { epsilon } = constraint;
  if (constraint instanceof MaxNorm) return new MaxNorm({ maxValue: constraint.maxValue, axis, epsilon });
  if (constraint instanceof UnitNorm) return new UnitNorm({ axis, epsilon });
  const { minValue, maxValue, rate } = constraint;
  return new MinMaxNorm({ minValue, maxValue, rate, axis, epsilon });
}

/** Keras axes as axes of the stored tensor: possible where no stored dimension mixes reduced and kept ones. */
function mapAxes(axes: readonly number[], layout: Layout): readonly number[] | undefined {
  const reduced = new Set(axes);
  const result: number[] = [];
  for (const block of matchingBlocks(layout)) {
    const inside = block.keras.filter((axis) => reduced.has(axis)).length;
    if (inside === 0) continue;
    if (inside !== block.keras.length) return undefined;
    result.push(...block.tensor);
  }
  // Axes of size 1 vanish; an empty list would mean something else than reducing over them.
  if (result.length === 0 && axes.length > 0) {
    const one = layout.tensorShape.indexOf(1);
    return one < 0 ? undefined : [one];
  }
  return result.sort((a, b) => a - b);
}

/** The smallest runs of Keras dimensions and stored dimensions that hold the same elements; sizes of 1 are left out. */
function matchingBlocks(layout: Layout): { keras: number[]; tensor: number[] }[] {
  const { kerasShape, perm, tensorShape } = layout;
  const keras = perm.filter((axis) => kerasShape[axis] !== 1);
  const tensor = [...tensorShape.keys()].filter((axis) => tensorShape[axis] !== 1);
  const blocks: { keras: number[]; tensor: number[] }[] = [];
  let [left, right] = [1, 1];
  let block = { keras: [] as number[], tensor: [] as number[] };
  let [i, j] = [0, 0];
  while (i < keras.length || j < tensor.length) {
    if (left <= right && i < keras.length) {
      const axis = keras[i++] as number;
      left *= kerasShape[axis] as number;
      block.keras.push(axis);
    } else {
      const axis = tensor[j++] as number;
      right *= tensorShape[axis] as number;
      block.tensor.push(axis);
    }
    if (left === right) {
      blocks.push(block);
      block = { keras: [], tensor: [] };
      [left, right] = [1, 1];
    }
  }
  return blocks;
}

function permutedShape(layout: Layout): readonly number[] {
  return layout.perm.map((axis) => layout.kerasShape[axis] as number);
}

/** For each place of the Keras variable, where its element is in the stored tensor. */
function sourceIndices(layout: Layout): Uint32Array {
  const { kerasShape, perm } = layout;
  const result = new Uint32Array(elementCount(kerasShape));
  walk(kerasShape, stridesOf(kerasShape, perm), result.length, (i, place) => {
    result[i] = place;
  });
  return result;
}

function gather<T extends TensorData>(data: T, indices: Uint32Array): T {
  const source = data as unknown as ArrayLike<never>;
  const result = (data as Float32Array).slice() as unknown as { [i: number]: unknown };
  for (let i = 0; i < indices.length; i++) result[i] = source[indices[i] as number];
  return result as unknown as T;
}
