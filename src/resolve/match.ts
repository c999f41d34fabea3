// Finds the layouts under which a stored tensor holds exactly the values of a Keras variable.
// Must not import runtime, files or cli.
import { type Layout, toTensorOrder } from '../constraints/layout.js';
import type { DType } from '../graph/dtype.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';

/** Beyond this many dimensions larger than 1 only the likely orders are tried: 7! is 5040. */
const MAX_PERMUTED_RANK = 6;

/** A variable's values as they are once an exporter stored them in a dtype. Nothing large is kept. */
export class VariableValues {
  readonly #fingerprints = new Map<DType, number>();

  constructor(readonly value: TensorValue) {}

  /** The values after rounding to a dtype. */
  in(dtype: DType): Float64Array {
    const own = toFloat64(this.value);
    return dtype === this.value.dtype ? own : toFloat64(fromFloat64(own, dtype, this.value.dims));
  }

  fingerprintIn(dtype: DType): number {
    const known = this.#fingerprints.get(dtype);
    const print = known ?? fingerprint(this.in(dtype));
    this.#fingerprints.set(dtype, print);
    return print;
  }
}

/** A number that is the same for the same values in any order. */
export function fingerprint(values: Float64Array): number {
  const words = new Int32Array(2);
  const double = new Float64Array(words.buffer);
  let total = 0;
  for (const value of values) {
    // Adding 0 turns -0 into 0; all NaNs count as one.
    double[0] = Number.isNaN(value) ? 1e300 : value + 0;
    let hash = Math.imul((words[0] as number) ^ 0x9e3779b9, 0x85ebca6b) ^ (words[1] as number);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    total = (total + ((hash ^ (hash >>> 13)) >>> 0)) % Number.MAX_SAFE_INTEGER;
  }
  return total;
}

/** Whether the values tell the variable from others: more than a few, and not all the same. */
export function isDistinctive(values: Float64Array): boolean {
  return values.length >= 4 && values.some((value) => value !== values[0]);
}

export interface MatchOptions {
  /** Orders to try where there are too many dimensions to try all. */
  readonly likely?: readonly (readonly number[])[];
  /** How far two values may be apart. Default 0. */
  readonly tolerance?: number;
}

/**
 * Every order of the variable's dimensions in which its values are the tensor's; only those that also give the
 * tensor's dims, where there are any. Dimensions of size 1 come first in the order: where they are changes nothing.
 */
export function matchingLayouts(
  values: Float64Array,
  kerasShape: readonly number[],
  stored: Float64Array,
  tensorShape: readonly number[],
  { likely = [], tolerance = 0 }: MatchOptions = {},
): readonly Layout[] {
  const found: Layout[] = [];
  for (const perm of candidateOrders(kerasShape, likely)) {
    const layout: Layout = { kerasShape, perm, tensorShape };
    if (sameElements(values, stored, layout, tolerance)) found.push(layout);
  }
  const exact = found.filter(keepsDims);
  return exact.length > 0 ? exact : found;
}

/** Whether the tensor's dims are the variable's in the layout's order, apart from sizes of 1. */
export function keepsDims({ kerasShape, perm, tensorShape }: Layout): boolean {
  const left = perm.map((axis) => kerasShape[axis]).filter((dim) => dim !== 1);
  const right = tensorShape.filter((dim) => dim !== 1);
  return left.length === right.length && left.every((dim, i) => dim === right[i]);
}

function candidateOrders(
  kerasShape: readonly number[],
  likely: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  const axes = kerasShape.map((_, axis) => axis);
  const wide = axes.filter((axis) => kerasShape[axis] !== 1);
  if (wide.length > MAX_PERMUTED_RANK) return [axes, axes.toReversed(), ...likely];
  const ones = axes.filter((axis) => kerasShape[axis] === 1);
  return permutations(wide).map((order) => [...ones, ...order]);
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}

function sameElements(
  values: Float64Array,
  stored: Float64Array,
  layout: Layout,
  tolerance: number,
): boolean {
  if (!sampleMatches(values, stored, layout, tolerance)) return false;
  const ordered = toTensorOrder(values, layout);
  return stored.every((value, i) => same(value, ordered[i] as number, tolerance));
}

/** Looks at a few elements, which is enough to refuse nearly every wrong order. */
function sampleMatches(
  values: Float64Array,
  stored: Float64Array,
  layout: Layout,
  tolerance: number,
): boolean {
  const { kerasShape, perm } = layout;
  const strides = kerasShape.map((_, axis) => kerasShape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const step = Math.max(1, Math.floor(stored.length / 64));
  for (let flat = 0; flat < stored.length; flat += step) {
    let rest = flat;
    let source = 0;
    for (const axis of perm.toReversed()) {
      const dim = kerasShape[axis] as number;
      source += (rest % dim) * (strides[axis] as number);
      rest = Math.floor(rest / dim);
    }
    if (!same(stored[flat] as number, values[source] as number, tolerance)) return false;
  }
  return true;
}

function same(a: number, b: number, tolerance: number): boolean {
  return a === b || Math.abs(a - b) <= tolerance || (Number.isNaN(a) && Number.isNaN(b));
}
