// Compares arrays of numbers within a tolerance, NaN and infinities included.
// Must not import anything.

/** An element passes within `relative` times the wanted value plus `absolute`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

function isClose(found: number, wanted: number, { relative, absolute }: Tolerance): boolean {
  if (Number.isNaN(wanted)) return Number.isNaN(found);
  return found === wanted || Math.abs(found - wanted) <= relative * Math.abs(wanted) + absolute;
}

/** Says where two arrays first differ by more than the tolerance; `undefined` where they agree. */
export function mismatch(
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: Tolerance,
): string | undefined {
  if (found.length !== wanted.length) return `${found.length} elements instead of ${wanted.length}`;
  for (let i = 0; i < wanted.length; i++) {
    if (!isClose(found[i] as number, wanted[i] as number, tolerance)) {
      return `element ${i} is ${found[i]} instead of ${wanted[i]}`;
    }
  }
  return undefined;
}
