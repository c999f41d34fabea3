// Weights in shards: the two phases around a sum over the shards answer as the whole weight does.
// Must not hold reference arithmetic beyond sums.
import { afterAll, expect, test } from 'vitest';
import { exportConstraint } from '../../src/export.js';
import {
  Constraint,
  fromFloat64,
  maxNorm,
  minMaxNorm,
  ops,
  type SymbolicTensor,
  type TensorValue,
  unitNorm,
} from '../../src/index.js';
import { type Feeds, Sessions } from '../support/exportRun.js';
import { mismatch } from '../support/mismatch.js';
import { scattered } from '../support/referenceOps.js';
import { tensor } from '../support/runOps.js';

const sessions = new Sessions();
afterAll(() => sessions.release());

/** Written by hand and of the same form as Keras's: told by its graph, not by its class. */
class Soft extends Constraint {
  override call(w: SymbolicTensor): SymbolicTensor {
    const norms = ops.sqrt(ops.sum(ops.square(w), [0, 2], true));
    return ops.divide(w, ops.add(1, norms));
  }
}

const axis = [0, 2];
const constraints = {
  MaxNorm: maxNorm({ maxValue: 3, axis }),
  MinMaxNorm: minMaxNorm({ minValue: 1, maxValue: 2, rate: 0.25, axis }),
  UnitNorm: unitNorm({ axis }),
  Soft: new Soft(),
};
const dims = [4, 8, 4];
const whole = scattered(dims);

/** Where an element of the whole lies: its index along an axis. */
function indexAlong(axis: number, place: number): number {
  const inner = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(place / inner) % (dims[axis] as number);
}

/** The places of the elements of each of `count` shards, cut along an axis. */
function cut(count: number, axis: number): number[][] {
  const size = (dims[axis] as number) / count;
  const places = Array.from(whole.values, (_, place) => place);
  return Array.from({ length: count }, (_, shard) =>
    places.filter((place) => Math.floor(indexAlong(axis, place) / size) === shard),
  );
}

async function run(constraint: Constraint, form: object, feeds: Feeds): Promise<Float64Array> {
  const [output] = Object.values(await sessions.run(exportConstraint(constraint, form), feeds));
  return output as Float64Array;
}

async function project(
  constraint: Constraint,
  dtype: 'float32' | 'float64' | 'float16',
  shards: readonly number[][],
  shardDims: readonly number[],
  isReduced: boolean,
  extra: { readonly form: object; readonly feeds: Feeds },
): Promise<number[]> {
  const form = { dtype, rank: 3 };
  const weights = shards.map((places): TensorValue => {
    return tensor(
      places.map((place) => whole.values[place] as number),
      dtype,
      shardDims,
    );
  });
  const partial = { ...form, ...extra.form, phase: 'partial' };
  const sums = await Promise.all(weights.map((w) => run(constraint, partial, { w, ...extra.feeds })));
  // The all-reduce, among the shards that a unit lies in.
  const totals = sums.map((own) =>
    isReduced ? own.map((_, i) => sums.reduce((total, one) => total + (one[i] as number), 0)) : own,
  );
  const sumType = dtype === 'float64' ? 'float64' : 'float32';
  const found = Array<number>(whole.values.length);
  for (const [s, w] of weights.entries()) {
    const total = fromFloat64(totals[s] as Float64Array, sumType, [1, shardDims[1] as number, 1]);
    const part = await run(constraint, { ...form, phase: 'finish' }, { w, sum_of_squares: total });
    for (const [i, place] of (shards[s] as number[]).entries()) found[place] = part[i] as number;
  }
  return found;
}

const tolerances = {
  float32: { relative: 5e-7, absolute: 0 },
  float64: { relative: 1e-15, absolute: 0 },
  // One rounding of the same float32 up to its last digits.
  float16: { relative: 2 ** -10, absolute: 0 },
} as const;
const none = { form: {}, feeds: {} };
const atRunTime = {
  form: { axisInput: true },
  feeds: { axes: { dtype: 'int64', dims: [2], data: BigInt64Array.of(0n, -1n) } },
} as const;

const rows = Object.keys(constraints).flatMap((name) =>
  [2, 4].flatMap((count) => [0, 1, 2].map((along) => [name, count, along] as const)),
);

test.each(rows)('%s in %i shards along axis %i', async (name, count, along) => {
  const constraint = constraints[name as keyof typeof constraints];
  const shardDims = dims.map((size, i) => (i === along ? size / count : size));
  for (const dtype of ['float32', 'float64', 'float16'] as const) {
    const w = tensor(whole.values, dtype, dims);
    const wanted = await run(constraint, { dtype, shape: dims }, { w });
    for (const extra of [none, atRunTime]) {
      const isReduced = axis.includes(along);
      const found = await project(constraint, dtype, cut(count, along), shardDims, isReduced, extra);
      expect(mismatch(found, wanted, tolerances[dtype]), dtype).toBeUndefined();
      expect(mismatch(found, whole.values, tolerances[dtype])).toBeDefined();
    }
  }
});
