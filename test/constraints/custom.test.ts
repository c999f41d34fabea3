// Custom constraints: subclasses and functions traced into graphs, and those that break the rules.
// Must not hold reference arithmetic of the built-in constraints.
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../src/constraints/buildGraph.js';
import { getRequired } from '../../src/constraints/get.js';
import {
  Constraint,
  type ConstraintFunction,
  MaxNorm,
  maxNorm,
  NonNeg,
  ops,
  ShapeError,
  type SymbolicTensor,
} from '../../src/index.js';
import { runConstraint } from '../support/runConstraint.js';
import { tensor } from '../support/runOps.js';

const w = tensor([1, -2, 3, -4, 5, -6], 'float64', [2, 3]);

class CenterAround extends Constraint {
  constructor(readonly refValue: number) {
    super();
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.subtract(x, ops.mean(x)), this.refValue);
  }
}

describe('run', () => {
  test('a subclass', async () => {
    expect([...(await runConstraint(new CenterAround(2), w))]).toEqual([3.5, 0.5, 5.5, -1.5, 7.5, -3.5]);
  });

  test('a function, also one that gives back its weight or a constant', async () => {
    const run = (fn: ConstraintFunction): Promise<Float64Array> => runConstraint(getRequired(fn), w);
    expect([...(await run((x) => ops.where(ops.greater(x, 0), x, 0)))]).toEqual([1, 0, 3, 0, 5, 0]);
    expect([...(await run((x) => x))]).toEqual([1, -2, 3, -4, 5, -6]);
    expect([...(await run(() => ops.full([2, 3], 7, 'float64')))]).toEqual([7, 7, 7, 7, 7, 7]);
  });

  test('a subclass of a built-in constraint that goes on from its answer', async () => {
    class Both extends NonNeg {
      override call(x: SymbolicTensor): SymbolicTensor {
        return ops.minimum(super.call(x), 2);
      }
    }
    expect([...(await runConstraint(new Both(), w))]).toEqual([1, 0, 2, 0, 2, 0]);
  });

  test('constraints one after another', async () => {
    const chain = getRequired((x: SymbolicTensor) => maxNorm(1).call(new NonNeg().call(x)));
    const found = await runConstraint(chain, w);
    expect([...found]).toEqual([1, 0, 1, 0, 1, 0].map((x) => expect.closeTo(x, 6)));
  });

  test('half types arrive as float32 and are rounded once', async () => {
    const seen: string[] = [];
    const constraint = getRequired((x: SymbolicTensor) => {
      seen.push(x.dtype);
      return ops.divide(ops.multiply(x, 60000), 60000);
    });
    const half = tensor([2, -3], 'float16');
    expect([...(await runConstraint(constraint, half))]).toEqual([2, -3]);
    for (const dtype of ['bfloat16', 'float32', 'float64'] as const) buildGraph(constraint, { dtype });
    expect(seen).toEqual(['float32', 'float32', 'float32', 'float64']);
  });

  test('the shape is known while tracing, where it is given', () => {
    const seen: unknown[] = [];
    const constraint = getRequired((x: SymbolicTensor) => {
      seen.push(x.shape);
      return x;
    });
    buildGraph(constraint, { shape: [2, 'n'] });
    buildGraph(constraint, { rank: 2 });
    buildGraph(constraint);
    expect(seen).toEqual([[2, 'n'], ['d0', 'd1'], undefined]);
  });
});

/** A constraint that does what type checking refuses. */
class Wayward extends Constraint {
  readonly #fn: (x: SymbolicTensor) => unknown;

  constructor(fn: (x: SymbolicTensor) => unknown) {
    super();
    this.#fn = fn;
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return this.#fn(x) as SymbolicTensor;
  }
}

let kept: SymbolicTensor | undefined;

const breaches: readonly (readonly [string, (x: SymbolicTensor) => unknown])[] = [
  ['a constraint must keep the shape; found (3, 2) from (2, 3)', (x) => ops.transpose(x)],
  ['a constraint must keep the shape; found (3,) from (2, 3)', (x) => ops.sum(x, 0)],
  ['a constraint must keep the shape; found () from (2, 3)', (x) => ops.norm(x)],
  ['a constraint must keep the shape; found (1, 3) from (2, 3)', (x) => ops.sum(x, 0, true)],
  [
    'a constraint must keep the shape; found (4, 2, 3) from (2, 3)',
    (x) => ops.add(x, ops.full([4, 1, 1], 1)),
  ],
  ['a constraint must keep the dtype; found float64 from float32', (x) => ops.cast(x, 'float64')],
  ['a constraint must keep the dtype; found bool from float32', (x) => ops.greater(x, 0)],
  ['a constraint must keep the dtype; found float16 from float32', (x) => ops.cast(x, 'float16')],
  [
    'call must return a symbolic tensor made with ops, found a promise (call must not be async)',
    async (x) => x,
  ],
  ['call must return a symbolic tensor made with ops, found 3', () => 3],
  ['call must return a symbolic tensor made with ops, found undefined', () => undefined],
  ['call must return a symbolic tensor made with ops, found null', () => null],
  ['call must return a symbolic tensor made with ops, found an object of class Array', (x) => [x]],
  [
    'call must return a symbolic tensor made with ops, found an object of class Float32Array',
    () => new Float32Array(6),
  ],
  [
    'call must return a symbolic tensor made with ops, found an object of class unknown',
    () => Object.create(null),
  ],
  ['ops.sum: axis 2 is out of range for shape (2, 3)', (x) => ops.sum(x, 2)],
  ['ops.add: shapes (2, 3) and (2,) do not broadcast', (x) => ops.add(x, [1, 2])],
  [
    'call failed while it was traced: on purpose',
    () => {
      throw new RangeError('on purpose');
    },
  ],
  [
    'call failed while it was traced: no error at all',
    () => {
      // biome-ignore lint/style/useThrowOnlyError: users may throw anything
      throw 'no error at all';
    },
  ],
  [
    'call failed while it was traced: a symbolic tensor has no value while a constraint is traced: write ops.add(a, b)',
    (x) => ((x as never) + 1) as unknown,
  ],
];

describe('refused', () => {
  test.each(breaches)('%s', (message, fn) => {
    const build = (): unknown => buildGraph(new Wayward(fn), { shape: [2, 3] });
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(`Wayward: ${message}`);
  });

  test('also as a function, and for half types', () => {
    const build = (): unknown =>
      buildGraph(
        getRequired((x: SymbolicTensor) => ops.sum(x)),
        { shape: [2], dtype: 'float16' },
      );
    expect(build).toThrow('function: a constraint must keep the shape; found () from (2,)');
  });

  test('a class without a name is told as such', () => {
    const Unnamed = [
      class extends Constraint {
        override call(x: SymbolicTensor): SymbolicTensor {
          return ops.sum(x);
        }
      },
    ][0] as typeof Constraint;
    expect(() => buildGraph(new Unnamed(), { shape: [2] })).toThrow(
      'AnonymousConstraint: a constraint must keep',
    );
  });

  test('the cause is kept', () => {
    const cause = new RangeError('on purpose');
    const thrower = new Wayward(() => {
      throw cause;
    });
    expect(() => buildGraph(thrower)).toThrow(expect.objectContaining({ cause }));
  });

  test('a tensor of an earlier trace', () => {
    const keeper = new Wayward((x) => {
      kept ??= x;
      return ops.add(x, kept);
    });
    expect(buildGraph(keeper, { shape: [2] }).nodes.length).toBe(1);
    expect(() => buildGraph(keeper, { shape: [2] })).toThrow(
      "the result depends on input 'w' of another graph",
    );
  });

  test('the same constraint where its change of shape is not known is left to the run', async () => {
    const shrinking = getRequired((x: SymbolicTensor) => ops.sum(x, 0, true));
    expect(buildGraph(shrinking).outputs).toEqual([{ name: 'w_out', dtype: 'float32', shape: undefined }]);
    await expect(runConstraint(shrinking, w, {})).rejects.toThrow('found 1,3 from 2,3');
  });

  test('a subclass of MaxNorm keeps its own name in messages', () => {
    class Tight extends MaxNorm {}
    expect(() => buildGraph(new Tight({ axis: 3 }), { shape: [2, 3] })).toThrow(
      'Tight: ops.norm: axis 3 is out of range for shape (2, 3); accepted are -2 to 1',
    );
  });
});
