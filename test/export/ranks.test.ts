// Exported bytes on ONNX Runtime for weights of every rank, whatever is known of their sizes, and for custom constraints.
// Must not hold reference arithmetic beyond that of the custom constraint.
import { afterAll, expect, test } from 'vitest';
import { type ExportOptions, exportConstraint } from '../../src/export.js';
import { Constraint, deserialize, fromFloat64, ops, type SymbolicTensor } from '../../src/index.js';
import { type Feeds, Sessions } from '../support/exportRun.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint, type KerasConstraint } from '../support/reference.js';
import { scattered } from '../support/referenceOps.js';

const sessions = new Sessions();
afterAll(() => sessions.release());

const opsets = [7, 8, 10, 11, 12, 13, 17, 18, 21, 26];
const tolerance = { relative: 2e-6, absolute: 1e-7 };

/** Sizes of 2 and 3, no more than two beside each other the same, so that a wrong axis gives a wrong answer. */
const sizes = [2, 3, 2, 2, 3, 2, 2, 3];

interface Row {
  readonly config: KerasConstraint;
  readonly dims: readonly number[];
}

function configsOf(rank: number): KerasConstraint[] {
  const last = rank - 1;
  const axes: (number | number[] | null)[] =
    rank === 0 ? [null] : [null, 0, -1, last, [0, -1], [...Array(rank).keys()]];
  const distinct = rank === 1 ? axes.filter((axis) => !Array.isArray(axis) || axis.length === 1) : axes;
  return [
    ...distinct.flatMap((axis) => [
      { class_name: 'MaxNorm', config: { max_value: 0.7, axis } },
      { class_name: 'MinMaxNorm', config: { min_value: 0.2, max_value: 0.9, rate: 0.4, axis } },
      { class_name: 'UnitNorm', config: { axis } },
    ]),
    { class_name: 'NonNeg', config: {} },
  ];
}

function rowsOf(rank: number): Row[] {
  return configsOf(rank).map((config) => ({ config, dims: sizes.slice(0, rank) }));
}

/** What is off in the answer of an exported graph, if anything. */
async function faultOf({ config, dims }: Row, options: ExportOptions, extra: Feeds = {}): Promise<string[]> {
  const { values } = scattered(dims);
  const w = fromFloat64(values, 'float32', dims);
  const numbers = Array.from(w.data as Float32Array);
  const model = exportConstraint(deserialize(config) as Constraint, options);
  const { w_out: found } = await sessions.run(model, { w, ...extra });
  const fault = mismatch(found as Float64Array, applyKerasConstraint(config, numbers, dims), tolerance);
  return fault === undefined
    ? []
    : [`${JSON.stringify(config)} (${dims}) ${JSON.stringify(options)}: ${fault}`];
}

async function faults(rows: readonly Row[], options: (row: Row) => ExportOptions): Promise<string[]> {
  const found: string[] = [];
  for (const row of rows) found.push(...(await faultOf(row, options(row))));
  return found;
}

const ranks = [0, 1, 2, 3, 4, 5, 6, 7, 8];

test.each(ranks)('rank %i, with sizes fixed, named, open or some of each', async (rank) => {
  const rows = rowsOf(rank);
  expect(rows.length).toBeGreaterThan(3);
  for (const opset of opsets) {
    expect(await faults(rows, ({ dims }) => ({ opset, shape: dims }))).toEqual([]);
    expect(await faults(rows, () => ({ opset, rank }))).toEqual([]);
    const named = (dims: readonly number[]) => dims.map((size, i) => (i % 2 === 0 ? `size${i}` : size));
    expect(await faults(rows, ({ dims }) => ({ opset, shape: named(dims) }))).toEqual([]);
  }
});

test.each(ranks)('rank %i, with the axis at run time', async (rank) => {
  const rows = rowsOf(rank).filter(({ config }) => config.class_name !== 'NonNeg');
  for (const opset of opsets.filter((one) => one >= 13)) {
    for (const row of rows) {
      const axis = (row.config.config.axis ?? []) as number | number[];
      const axes = BigInt64Array.from([axis].flat(), BigInt);
      const feeds: Feeds = { axes: { dtype: 'int64', dims: [axes.length], data: axes } };
      expect(await faultOf(row, { opset, rank, axisInput: true }, feeds)).toEqual([]);
    }
  }
});

test('one file with open sizes takes weights of many sizes', async () => {
  for (const dims of [
    [1, 1],
    [5, 2],
    [1, 7],
    [300, 3],
  ]) {
    for (const config of configsOf(2)) {
      for (const opset of [7, 13, 26]) {
        expect(await faultOf({ config, dims }, { opset, rank: 2 })).toEqual([]);
        expect(await faultOf({ config, dims }, { opset, shape: ['rows', 'columns'] })).toEqual([]);
      }
    }
  }
});

/** Of Keras's documentation, with what MaxNorm has besides: more operators that changed between opsets. */
class Centered extends Constraint {
  override call(w: SymbolicTensor): SymbolicTensor {
    const centered = ops.subtract(w, ops.mean(w, -1, true));
    const inside = ops.cast(ops.greaterEqual(ops.abs(centered), 0.1), w.dtype);
    return ops.clip(ops.multiply(centered, inside), -0.4, ops.max(w));
  }
}

test.each(Array.from({ length: 20 }, (_, i) => 7 + i))('a custom constraint, opset %i', async (opset) => {
  for (const rank of ranks.slice(1)) {
    const dims = sizes.slice(0, rank);
    const { values } = scattered(dims);
    const w = fromFloat64(values, 'float32', dims);
    const numbers = Array.from(w.data as Float32Array);
    const length = dims.at(-1) as number;
    const largest = Math.max(...numbers);
    const wanted = numbers.map((value, place) => {
      const start = place - (place % length);
      const mean = numbers.slice(start, start + length).reduce((sum, one) => sum + one, 0) / length;
      const centered = Math.abs(value - mean) >= 0.1 ? value - mean : 0;
      return Math.min(Math.max(centered, -0.4), largest);
    });
    const forms: ExportOptions[] = [
      { shape: dims },
      { rank },
      ...(opset < 15 ? [] : [{ rank, function: true }]),
    ];
    for (const form of forms) {
      const { w_out: found } = await sessions.run(exportConstraint(new Centered(), { opset, ...form }), {
        w,
      });
      expect(mismatch(found as Float64Array, wanted, tolerance)).toBeUndefined();
    }
  }
});
