// One row of the ops tables: an op, its inputs, its reference, and the runs over opsets, dtypes and shape knowledge.
// Must not hold reference arithmetic.
import type { DType } from '../../src/graph/dtype.js';
import { MAX_OPSET, OLDEST_OPSET } from '../../src/graph/opset.js';
import { mismatch, type Tolerance } from './mismatch.js';
import type { ReferenceArray } from './reference.js';
import { type OpFunction, type OpResult, runOp, type Told, tensor } from './runOps.js';

export interface OpCase {
  readonly name: string;
  readonly op: OpFunction;
  readonly inputs: readonly ReferenceArray[];
  /** The reference, on the inputs as the dtype holds them. */
  readonly wanted: (...inputs: ReferenceArray[]) => ReferenceArray;
  /** Default float32 and float64. */
  readonly dtypes?: readonly DType[];
  /** The dtype of the result; default: that of the inputs. */
  readonly result?: DType;
  /** How little the graph may know of the shapes; default: nothing. */
  readonly least?: Told;
  /** True where known sizes do not tell the result's. */
  readonly open?: boolean;
  /** The opsets to run at; default: every one. */
  readonly opsets?: readonly number[];
}

/** Every opset graphs are emitted for. */
export const opsets: readonly number[] = Array.from(
  { length: MAX_OPSET - OLDEST_OPSET + 1 },
  (_, i) => OLDEST_OPSET + i,
);

/** The lowest and highest opset, and those around the change of most reductions. */
export const edgeOpsets: readonly number[] = [OLDEST_OPSET, 17, 18, MAX_OPSET];

const tolerances: Readonly<Partial<Record<DType, Tolerance>>> = {
  float32: { relative: 2e-6, absolute: 1e-7 },
  float64: { relative: 1e-12, absolute: 1e-15 },
  float16: { relative: 2 ** -10, absolute: 2 ** -24 },
};
const exact: Tolerance = { relative: 0, absolute: 0 };

/** The numbers a dtype holds; float16 is fed multiples of 1/64, which it holds exactly. */
function heldBy(dtype: DType, x: number): number {
  if (dtype === 'float64') return x;
  if (dtype === 'float32') return Math.fround(x);
  if (!Number.isFinite(x)) return x;
  if (dtype === 'float16') return Math.round(x * 64) / 64;
  return dtype === 'bool' ? Number(x > 0) : Math.round(x);
}

/** What is wrong with an inferred shape, given the sizes the graph ran with. */
function shapeFault(row: OpCase, { inferred, dims }: OpResult, told: Told): string | undefined {
  const { shape } = inferred;
  if (told === 'sizes' && row.open !== true) {
    return `${shape}` === `${dims}` && shape !== undefined
      ? undefined
      : `inferred [${shape}], ran to [${dims}]`;
  }
  if (shape === undefined) return undefined;
  const sizes = shape.map((dim) => {
    if (typeof dim !== 'string') return dim;
    const [, input, axis] = /^x(\d+)_d(\d+)$/.exec(dim) ?? [];
    return row.inputs[Number(input)]?.dims[Number(axis)] ?? Number.NaN;
  });
  const fits = sizes.length === dims.length && sizes.every((size, i) => size === null || size === dims[i]);
  return fits ? undefined : `inferred [${sizes}] with ${told}, ran to [${dims}]`;
}

interface Run {
  readonly dtype: DType;
  readonly opset: number;
  readonly told: Told;
}

/** The lowest opset that every op is written for, whatever its dtype. */
const COMPLETE_OPSET = 13;

/**
 * Whether the row is refused for a reason that ends with a later opset. Rows run at that opset too, where being refused
 * again would name a later one still.
 */
function isHonestRefusal(message: string, { opset }: Run): boolean {
  const [, since] = /^UsageError: .* needs opset (\d+) or later; this graph is for opset/.exec(message) ?? [];
  return opset < Number(since) && Number(since) <= COMPLETE_OPSET;
}

async function faultsOfRun(row: OpCase, run: Run): Promise<string[]> {
  const { dtype } = run;
  const inputs = row.inputs.map(({ dims, values }) => ({
    dims,
    values: values.map((x) => heldBy(dtype, x)),
  }));
  const wanted = row.wanted(...inputs);
  const where = `${dtype}, opset ${run.opset}, ${run.told} told`;
  const found = await runOp(
    row.op,
    inputs.map(({ values, dims }) => tensor(values, dtype, dims)),
    run,
  ).catch((error: unknown) => String(error));
  if (typeof found === 'string') return isHonestRefusal(found, run) ? [] : [`${where}: ${found}`];
  const result = row.result ?? dtype;
  const faults = [
    found.dtype === result && found.inferred.dtype === result
      ? undefined
      : `dtype ${found.dtype}, inferred ${found.inferred.dtype}, wanted ${result}`,
    `${found.dims}` === `${wanted.dims}` ? undefined : `dims [${found.dims}], wanted [${wanted.dims}]`,
    shapeFault(row, found, run.told),
    mismatch(found.values, wanted.values, tolerances[dtype] ?? tolerances[result] ?? exact),
  ];
  return faults.filter((fault) => fault !== undefined).map((fault) => `${where}: ${fault}`);
}

const allTold: readonly Told[] = ['sizes', 'names', 'rank', 'nothing'];

/** Everything wrong with a row, a line each: its opsets with known sizes; with less known, one dtype at three opsets. */
export async function faultsOf(row: OpCase): Promise<string[]> {
  const { dtypes = ['float32', 'float64'], least = 'nothing' } = row;
  const runs: Run[] = dtypes.flatMap((dtype) =>
    (row.opsets ?? opsets).map((opset) => ({ dtype, opset, told: 'sizes' as const })),
  );
  const [dtype = 'float32'] = dtypes;
  for (const told of allTold.slice(1, allTold.indexOf(least) + 1)) {
    for (const opset of [OLDEST_OPSET, COMPLETE_OPSET, MAX_OPSET]) runs.push({ dtype, opset, told });
  }
  const faults: string[] = [];
  for (const run of runs) faults.push(...(await faultsOfRun(row, run)));
  return faults;
}
