// Float64 reference of the four constraints and of reductions and broadcasting: plain loops over number arrays.
// Must not import anything from src, so that a mistake there cannot hide here.

/** Which dimensions are reduced: one, several, or all of them (null), negative counting from the end. */
export type Axis = number | readonly number[] | null;

/** Elements in row-major order with their dims. */
export interface ReferenceArray {
  readonly values: number[];
  readonly dims: number[];
}

/** A constraint as Keras serializes it. */
export interface KerasConstraint {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

interface NormOptions {
  readonly axis?: Axis;
  readonly epsilon?: number;
}

function normalizeAxes(axis: Axis, rank: number): Set<number> {
  const list = axis === null ? Array.from({ length: rank }, (_, d) => d) : [axis].flat();
  const axes = list.map((a) => (a < 0 ? a + rank : a));
  for (const a of axes) {
    if (!Number.isInteger(a) || a < 0 || a >= rank) throw new RangeError(`axis ${a} is outside rank ${rank}`);
  }
  return new Set(axes);
}

/** The index of each dimension of the element at `flat`. */
function unravel(flat: number, dims: readonly number[]): number[] {
  const index = new Array<number>(dims.length).fill(0);
  let rest = flat;
  for (let d = dims.length - 1; d >= 0; d--) {
    const dim = dims[d] as number;
    index[d] = rest % dim;
    rest = Math.floor(rest / dim);
  }
  return index;
}

/** The position of an index in an array of these dims, whose dims of 1 are stretched and leading dims may lack. */
function ravel(index: readonly number[], dims: readonly number[]): number {
  const skip = index.length - dims.length;
  return dims.reduce((flat, dim, d) => flat * dim + (dim === 1 ? 0 : (index[d + skip] as number)), 0);
}

function product(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

/** Applies `fn` to each group of elements that differ in the reduced dimensions alone. */
export function reduce(
  values: ArrayLike<number>,
  dims: readonly number[],
  axes: Axis,
  keepdims: boolean,
  fn: (elements: readonly number[]) => number,
): ReferenceArray {
  const reduced = normalizeAxes(axes, dims.length);
  const kept = dims.map((dim, d) => (reduced.has(d) ? 1 : dim));
  const groups: number[][] = Array.from({ length: product(kept) }, () => []);
  for (let i = 0; i < values.length; i++) {
    groups[ravel(unravel(i, dims), kept)]?.push(values[i] as number);
  }
  return {
    values: groups.map((group) => fn(group)),
    dims: keepdims ? kept : dims.filter((_, d) => !reduced.has(d)),
  };
}

function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const left = a[d - rank + a.length] ?? 1;
    const right = b[d - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new RangeError(`[${a}] and [${b}] do not broadcast`);
    return left === 1 ? right : left;
  });
}

/** Applies `fn` to each pair of elements under NumPy's broadcasting. */
export function broadcast2(
  a: ArrayLike<number>,
  adims: readonly number[],
  b: ArrayLike<number>,
  bdims: readonly number[],
  fn: (left: number, right: number) => number,
): ReferenceArray {
  const dims = broadcastDims(adims, bdims);
  const values = Array.from({ length: product(dims) }, (_, flat) => {
    const index = unravel(flat, dims);
    return fn(a[ravel(index, adims)] as number, b[ravel(index, bdims)] as number);
  });
  return { values, dims };
}

/** Euclidean norms over `axis`, with the reduced dimensions kept as 1. */
export function norms(values: ArrayLike<number>, dims: readonly number[], axis: Axis): ReferenceArray {
  return reduce(values, dims, axis, true, (group) => Math.sqrt(group.reduce((sum, v) => sum + v * v, 0)));
}

/** Multiplies each unit by `target(norm) / (epsilon + norm)`. */
function rescale(
  values: ArrayLike<number>,
  dims: readonly number[],
  { axis = 0, epsilon = 1e-7 }: NormOptions,
  target: (norm: number) => number,
): number[] {
  const found = norms(values, dims, axis);
  return broadcast2(values, dims, found.values, found.dims, (v, n) => v * (target(n) / (epsilon + n))).values;
}

/** NumPy's clip: NaN stays NaN, and where the bounds cross the upper one wins. */
function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function maxNorm(
  values: ArrayLike<number>,
  dims: readonly number[],
  options: NormOptions & { readonly maxValue?: number } = {},
): number[] {
  const { maxValue = 2 } = options;
  return rescale(values, dims, options, (norm) => clip(norm, 0, maxValue));
}

export function minMaxNorm(
  values: ArrayLike<number>,
  dims: readonly number[],
  options: NormOptions & {
    readonly minValue?: number;
    readonly maxValue?: number;
    readonly rate?: number;
  } = {},
): number[] {
  const { minValue = 0, maxValue = 1, rate = 1 } = options;
  return rescale(values, dims, options, (norm) => rate * clip(norm, minValue, maxValue) + (1 - rate) * norm);
}

export function unitNorm(
  values: ArrayLike<number>,
  dims: readonly number[],
  options: NormOptions = {},
): number[] {
  const { axis = 0, epsilon = 1e-7 } = options;
  const found = norms(values, dims, axis);
  return broadcast2(values, dims, found.values, found.dims, (v, n) => v / (epsilon + n)).values;
}

/** Negative elements become 0; NaN stays NaN. */
export function nonNeg(values: ArrayLike<number>): number[] {
  return Array.from(values, (v) => Math.max(v, 0));
}

/** What Keras's constraint of that name answers, from its serialized form. */
export function applyKerasConstraint(
  { class_name, config }: KerasConstraint,
  values: ArrayLike<number>,
  dims: readonly number[],
): number[] {
  const axis = 'axis' in config ? (config.axis as Axis) : 0;
  const number = (key: string, fallback: number): number => (config[key] as number | undefined) ?? fallback;
  switch (class_name) {
    case 'Constraint':
      return Array.from(values);
    case 'NonNeg':
      return nonNeg(values);
    case 'UnitNorm':
      return unitNorm(values, dims, { axis });
    case 'MaxNorm':
      return maxNorm(values, dims, { axis, maxValue: number('max_value', 2) });
    case 'MinMaxNorm':
      return minMaxNorm(values, dims, {
        axis,
        minValue: number('min_value', 0),
        maxValue: number('max_value', 1),
        rate: number('rate', 1),
      });
    default:
      throw new RangeError(`no reference for ${class_name}`);
  }
}
