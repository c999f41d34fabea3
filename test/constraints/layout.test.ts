// Constraints on weights stored in another layout: projecting there is projecting in Keras's layout, then storing.
// The reference transposes by itself; only the constraint under test comes from src.
import { describe, expect, test } from 'vitest';
import {
  axisInLayout,
  constraintInLayout,
  identityLayout,
  isIdentity,
  type Layout,
  toKerasOrder,
  toTensorOrder,
} from '../../src/constraints/layout.js';
import {
  type Axis,
  Constraint,
  type ConstraintConfig,
  MaxNorm,
  MinMaxNorm,
  maxNorm,
  NonNeg,
  ops,
  type SymbolicTensor,
  UnitNorm,
  unitNorm,
} from '../../src/index.js';
import { mismatch } from '../support/mismatch.js';
import { Random } from '../support/random.js';
import { applyKerasConstraint, type KerasConstraint, type ReferenceArray } from '../support/reference.js';
import { transpose } from '../support/referenceOps.js';
import { runConstraint } from '../support/runConstraint.js';
import { tensor } from '../support/runOps.js';

/** Shifts every column by its own mean and every weight by its place, so that no layout but Keras's gives the answer. */
class Placed extends Constraint {
  override call(w: SymbolicTensor): SymbolicTensor {
    const sizes = (w.shape ?? []) as number[];
    const places = Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => i);
    return ops.add(ops.multiply(w, 0.5), ops.reshape(places, sizes));
  }
}

function placed({ values, dims }: ReferenceArray): ReferenceArray {
  return { dims, values: values.map((x, i) => x * 0.5 + i) };
}

/** A shape with the same elements: sizes of 1 dropped and added, neighbours merged, even sizes split. */
function restored(random: Random, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (const dim of shape) {
    const roll = random.next();
    if (dim === 1 && roll < 0.4) continue;
    if (dim % 2 === 0 && roll < 0.25) result.push(2, dim / 2);
    else if (result.length > 0 && roll > 0.75) result.push((result.pop() as number) * dim);
    else result.push(dim);
    if (random.next() < 0.15) result.push(1);
  }
  return result;
}

function randomLayout(random: Random): Layout {
  const rank = random.integer(1, 4);
  const kerasShape = Array.from({ length: rank }, () => random.pick([1, 2, 3, 4, 4]));
  const perm =
    random.next() < 0.2 ? kerasShape.map((_, i) => i) : random.shuffle(kerasShape.map((_, i) => i));
  const permuted = perm.map((axis) => kerasShape[axis] as number);
  return { kerasShape, perm, tensorShape: random.next() < 0.3 ? permuted : restored(random, permuted) };
}

function randomAxis(random: Random, rank: number): Axis {
  const roll = random.next();
  if (roll < 0.15) return null;
  if (roll < 0.5) return random.integer(-rank, rank - 1);
  return random
    .shuffle(Array.from({ length: rank }, (_, i) => (random.next() < 0.5 ? i : i - rank)))
    .slice(0, random.integer(0, rank));
}

/** A constraint, and what it does to an array in Keras's layout. */
interface Drawn {
  readonly constraint: Constraint;
  readonly wanted: (w: ReferenceArray) => ReferenceArray;
}

function drawn(constraint: MaxNorm | MinMaxNorm | UnitNorm | NonNeg): Drawn {
  const keras: KerasConstraint = { class_name: constraint.constructor.name, config: constraint.getConfig() };
  return {
    constraint,
    wanted: ({ values, dims }) => ({ dims, values: applyKerasConstraint(keras, values, dims) }),
  };
}

function randomConstraint(random: Random, rank: number): Drawn {
  const axis = randomAxis(random, rank);
  switch (random.integer(0, 4)) {
    case 0:
      return drawn(new MaxNorm({ maxValue: 1 + random.next(), axis }));
    case 1:
      return drawn(new MinMaxNorm({ minValue: 2, maxValue: 3, rate: random.pick([1, 0.5]), axis }));
    case 2:
      return drawn(new UnitNorm({ axis }));
    case 3:
      return drawn(new NonNeg());
    default:
      return { constraint: new Placed(), wanted: placed };
  }
}

const rounds = Array.from({ length: 300 }, (_, seed) => {
  const random = new Random(seed);
  const layout = randomLayout(random);
  const count = layout.kerasShape.reduce((product, dim) => product * dim, 1);
  const kernel = { dims: [...layout.kerasShape], values: random.numbers(count, -3, 3) };
  return { layout, kernel, ...randomConstraint(random, layout.kerasShape.length) };
});

describe('random layouts', () => {
  test('elements are stored as a transpose, and come back', () => {
    for (const { layout, kernel } of rounds) {
      const stored = transpose(kernel, layout.perm).values;
      expect([...toTensorOrder(Float64Array.from(kernel.values), layout)]).toEqual(stored);
      expect([...toKerasOrder(Float64Array.from(stored), layout)]).toEqual(kernel.values);
    }
  });

  test('projecting the stored tensor is projecting in Keras’s layout, then storing', async () => {
    for (const { layout, kernel, constraint, wanted } of rounds) {
      const stored = tensor(transpose(kernel, layout.perm).values, 'float64', layout.tensorShape);
      const found = await runConstraint(constraintInLayout(constraint, layout), stored);
      const expected = transpose(wanted(kernel), layout.perm).values;
      const fault = mismatch(found, expected, { relative: 1e-11, absolute: 1e-12 });
      expect(fault, `${JSON.stringify(layout)} ${JSON.stringify(constraint)}`).toBeUndefined();
    }
  });

  test('most take the axes of the stored tensor, some have to go through Keras’s layout', () => {
    const names = rounds.map(({ constraint, layout }) => constraintInLayout(constraint, layout));
    const kinds = names.map((constraint) => constraint.constructor.name);
    expect(kinds.filter((kind) => kind === 'LaidOutConstraint').length).toBeGreaterThan(50);
    expect(kinds.filter((kind) => kind.endsWith('Norm')).length).toBeGreaterThan(100);
  });

  test('the arguments other than the axis are kept', () => {
    const layout: Layout = { kerasShape: [2, 3], perm: [1, 0], tensorShape: [3, 2] };
    for (const constraint of [
      new MaxNorm({ maxValue: 3, axis: 0, epsilon: 1e-3 }),
      new MinMaxNorm({ minValue: 0.5, maxValue: 3, rate: 0.2, axis: 0, epsilon: 1e-3 }),
      new UnitNorm({ axis: 0, epsilon: 1e-3 }),
    ]) {
      const stored = constraintInLayout(constraint, layout);
      expect(stored.constructor).toBe(constraint.constructor);
      expect(stored.getConfig()).toEqual({ ...constraint.getConfig(), axis: [1] });
    }
  });
});

describe('axes in known layouts', () => {
  const convolution: Layout = { kerasShape: [3, 3, 8, 16], perm: [3, 2, 0, 1], tensorShape: [16, 8, 3, 3] };
  const depthwise: Layout = { kerasShape: [3, 3, 8, 2], perm: [2, 3, 0, 1], tensorShape: [16, 1, 3, 3] };
  const single: Layout = { kerasShape: [5, 1, 4], perm: [2, 1, 0], tensorShape: [4, 1, 1, 5] };

  test.each([
    ['a filter of Conv2D', convolution, [0, 1, 2], [1, 2, 3]],
    ['the inputs of Conv2D', convolution, 2, [1]],
    ['the outputs of Conv2D, counted from the end', convolution, -1, [0]],
    ['everything', convolution, null, null],
    ['nothing', convolution, [], []],
    ['rows and columns of a depthwise kernel', depthwise, [0, 1], [2, 3]],
    ['both merged dimensions', depthwise, [2, 3], [0]],
    ['one of two merged dimensions', depthwise, 2, undefined],
    ['a merged and a free dimension', depthwise, [0, 3], undefined],
    ['a dimension of size 1', single, 1, [1]],
    ['a dimension of size 1 among others', single, [0, 1], [3]],
  ] as [string, Layout, Axis, Axis | undefined][])('%s', (_, layout, axis, wanted) => {
    expect(axisInLayout(unitNorm({ axis }), layout)).toEqual(wanted);
  });

  test('constraints without axis have none', () => {
    expect(axisInLayout(new NonNeg(), convolution)).toBeUndefined();
    expect(axisInLayout(new Placed(), convolution)).toBeUndefined();
  });

  test('an axis outside Keras’s shape is refused', () => {
    expect(() => constraintInLayout(maxNorm({ axis: 4 }), convolution)).toThrow(
      'MaxNorm: axis 4 is out of range for shape (3, 3, 8, 16)',
    );
  });
});

describe('what needs no other constraint', () => {
  const transposed: Layout = { kerasShape: [2, 3], perm: [1, 0], tensorShape: [3, 2] };

  test('element-wise constraints, and any in Keras’s own layout', () => {
    const nonNeg = new NonNeg();
    const custom = new Placed();
    expect(constraintInLayout(nonNeg, transposed)).toBe(nonNeg);
    expect(constraintInLayout(new Constraint(), transposed)).toStrictEqual(new Constraint());
    expect(constraintInLayout(custom, identityLayout([2, 3]))).toBe(custom);
  });

  test('a subclass of a built-in constraint is custom', () => {
    class Mine extends NonNeg {}
    expect(constraintInLayout(new Mine(), transposed)).not.toBeInstanceOf(NonNeg);
  });

  test('identity is order and shape', () => {
    expect(isIdentity(identityLayout([2, 3]))).toBe(true);
    expect(isIdentity(identityLayout([]))).toBe(true);
    expect(isIdentity(transposed)).toBe(false);
    expect(isIdentity({ kerasShape: [2, 2], perm: [1, 0], tensorShape: [2, 2] })).toBe(false);
    expect(isIdentity({ kerasShape: [2, 3], perm: [0, 1], tensorShape: [6] })).toBe(false);
    expect(isIdentity({ kerasShape: [2, 3], perm: [0, 1], tensorShape: [2, 3, 1] })).toBe(false);
  });
});

describe('a custom constraint in another layout', () => {
  const square: Layout = { kerasShape: [2, 3], perm: [1, 0], tensorShape: [6] };

  function custom(fn: (w: SymbolicTensor) => SymbolicTensor): Constraint {
    return new (class Custom extends Constraint {
      override call(w: SymbolicTensor): SymbolicTensor {
        return fn(w);
      }
      override getConfig(): ConstraintConfig {
        return {};
      }
    })();
  }

  test('sees Keras’s shape', async () => {
    const seen: unknown[] = [];
    const constraint = custom((w) => {
      seen.push(w.shape);
      return w;
    });
    await runConstraint(constraintInLayout(constraint, square), tensor([1, 2, 3, 4, 5, 6]));
    expect(seen).toEqual([[2, 3]]);
  });

  test('cannot hide a change of shape behind the way back', async () => {
    const stored = tensor([1, 2, 3, 4, 5, 6]);
    for (const [fn, found] of [
      [(w: SymbolicTensor) => ops.reshape(w, [3, 2]), '(3, 2)'],
      [(w: SymbolicTensor) => ops.reshape(w, [1, 6]), '(1, 6)'],
      [(w: SymbolicTensor) => ops.sum(w), '()'],
    ] as const) {
      await expect(runConstraint(constraintInLayout(custom(fn), square), stored)).rejects.toThrow(
        `Custom: a constraint must keep the shape; found ${found} from (2, 3)`,
      );
    }
  });

  test('keeps half types at one rounding', async () => {
    const constraint = custom((w) => ops.divide(ops.multiply(w, 60000), 60000));
    const found = await runConstraint(
      constraintInLayout(constraint, square),
      tensor([1, 2, 3, 4, 5, 6], 'float16'),
    );
    expect([...found]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
