// Float64 reference of the keras.ops vocabulary beside reference.ts: plain loops over number arrays.
// Must not import anything from src, so that a mistake there cannot hide here.
import { broadcast2, type ReferenceArray } from './reference.js';

/** An array of these dims whose elements follow no pattern, between -4 and 4. */
export function scattered(dims: readonly number[], seed = 1): ReferenceArray {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return {
    dims: [...dims],
    values: Array.from({ length: count }, (_, i) => 4 * Math.sin(seed * 7.3 + i * 2.7)),
  };
}

/** A one-dimensional array. */
export function row(...values: number[]): ReferenceArray {
  return { dims: [values.length], values };
}

export function map(fn: (x: number) => number): (a: ReferenceArray) => ReferenceArray {
  return ({ dims, values }) => ({ dims, values: values.map(fn) });
}

export function map2(
  fn: (left: number, right: number) => number,
): (a: ReferenceArray, b: ReferenceArray) => ReferenceArray {
  return (a, b) => broadcast2(a.values, a.dims, b.values, b.dims, fn);
}

/** Halves to even, as IEEE 754 rounds. */
export function roundHalfToEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** Arrays stretched to the dims they broadcast to. */
function stretch(...arrays: readonly ReferenceArray[]): ReferenceArray[] {
  const zeros = arrays.reduce((common, array) => map2(() => 0)(common, array));
  return arrays.map((array) => map2((_, x) => x)(zeros, array));
}

/** `a` where the condition is not zero, else `b`. */
export function choose(condition: ReferenceArray, a: ReferenceArray, b: ReferenceArray): ReferenceArray {
  const [mask, left, right] = stretch(condition, a, b) as [ReferenceArray, ReferenceArray, ReferenceArray];
  const values = mask.values.map((yes, i) => (yes !== 0 ? left : right).values[i] as number);
  return { dims: mask.dims, values };
}

function stridesOf(dims: readonly number[]): number[] {
  return dims.map((_, d) => dims.slice(d + 1).reduce((product, dim) => product * dim, 1));
}

export function transpose({ dims, values }: ReferenceArray, perm: readonly number[]): ReferenceArray {
  const strides = stridesOf(dims);
  const result: number[] = [];
  const visit = (place: number, flat: number): void => {
    const axis = perm[place];
    if (axis === undefined) {
      result.push(values[flat] as number);
      return;
    }
    for (let i = 0; i < (dims[axis] as number); i++) visit(place + 1, flat + i * (strides[axis] as number));
  };
  visit(0, 0);
  return { dims: perm.map((axis) => dims[axis] as number), values: result };
}

/** The arrays joined along an axis that is not negative. */
export function concatenate(arrays: readonly ReferenceArray[], axis: number): ReferenceArray {
  const [first] = arrays as [ReferenceArray];
  const outer = first.dims.slice(0, axis).reduce((product, dim) => product * dim, 1);
  const values: number[] = [];
  for (let i = 0; i < outer; i++) {
    for (const array of arrays) {
      const run = array.values.length / outer;
      values.push(...array.values.slice(i * run, (i + 1) * run));
    }
  }
  const joined = arrays.reduce((total, array) => total + (array.dims[axis] as number), 0);
  return { dims: first.dims.map((dim, d) => (d === axis ? joined : dim)), values };
}

/** The matrix product over the last two dimensions; leading ones broadcast, vectors are a row or a column. */
export function matmul(a: ReferenceArray, b: ReferenceArray): ReferenceArray {
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [n, k] = left.slice(-2) as [number, number];
  const m = right.at(-1) as number;
  const starts = (dims: readonly number[], size: number): ReferenceArray => {
    const batch = dims.slice(0, -2);
    const count = batch.reduce((product, dim) => product * dim, 1);
    return { dims: batch, values: Array.from({ length: count }, (_, i) => i * size) };
  };
  const [from, to] = stretch(starts(left, n * k), starts(right, k * m)) as [ReferenceArray, ReferenceArray];
  const values = from.values.flatMap((start, batch) =>
    Array.from({ length: n * m }, (_, cell) => {
      const [i, j] = [Math.floor(cell / m), cell % m];
      let total = 0;
      for (let s = 0; s < k; s++) {
        const other = (to.values[batch] as number) + s * m + j;
        total += (a.values[start + i * k + s] as number) * (b.values[other] as number);
      }
      return total;
    }),
  );
  const rows = a.dims.length === 1 ? [] : [n];
  const columns = b.dims.length === 1 ? [] : [m];
  return { dims: [...from.dims, ...rows, ...columns], values };
}
