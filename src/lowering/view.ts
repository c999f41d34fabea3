// A weight seen with as few dimensions as its norms allow: neighbours that are reduced together, or kept together, are
// one. Feeding the same bytes with other dims costs nothing.
// Must not import anything above constraints.

/** One dimension of a view. */
export interface ViewDim {
  readonly size: number;
  /** Whether the norm is taken over it. */
  readonly reduced: boolean;
}

export type View = readonly ViewDim[];

/** The dims of a weight with norms over `axes`, neighbours of one kind merged and sizes of 1 left out. */
export function collapse(dims: readonly number[], axes: readonly number[]): View {
  const view: ViewDim[] = [];
  for (const [i, size] of dims.entries()) {
    if (size === 1) continue;
    const reduced = axes.includes(i);
    const last = view.at(-1);
    if (last?.reduced === reduced) view.splice(-1, 1, { size: last.size * size, reduced });
    else view.push({ size, reduced });
  }
  return view;
}

/** How many weights are summed before partial sums are: few enough for float32, many enough to be fast. */
export const BLOCK = 256;
export const LARGEST_BLOCK = 4096;
const SMALLEST_BLOCK = 32;

/**
 * The view with each long reduced dimension split in two, `[blocks, block]`, so that it can be summed in two rounds:
 * a dimension that no block divides stays as it is.
 */
export function splitBlocks(view: View): View {
  return view.flatMap((dim, i) => {
    const isLast = i === view.length - 1;
    // Sums along the last dimension are fast at any length, those of columns are products with a row of ones.
    if (!dim.reduced || dim.size <= (isLast ? LARGEST_BLOCK * 4 : BLOCK * 2)) return [dim];
    const block = blockOf(dim.size, isLast ? LARGEST_BLOCK : BLOCK);
    return block === undefined
      ? [dim]
      : [
          { size: dim.size / block, reduced: true },
          { size: block, reduced: true },
        ];
  });
}

/** The divisor of `size` nearest to `wanted` among those that are no bad block. */
function blockOf(size: number, wanted: number): number | undefined {
  let best: number | undefined;
  for (let block = SMALLEST_BLOCK; block <= Math.min(LARGEST_BLOCK, size / 2); block++) {
    if (size % block !== 0) continue;
    if (best === undefined || distance(block, wanted) < distance(best, wanted)) best = block;
  }
  return best;
}

function distance(a: number, b: number): number {
  return Math.abs(Math.log(a / b));
}

/** Whether a dimension is to be summed, long, and divided by no block. */
export function isIndivisible(dim: ViewDim): boolean {
  return dim.reduced && dim.size > LARGEST_BLOCK && blockOf(dim.size, BLOCK) === undefined;
}

/** The sizes of a view. */
export function sizesOf(view: View): readonly number[] {
  return view.map(({ size }) => size);
}

/** How many weights each norm is taken over. */
export function unitSize(view: View): number {
  return view.reduce((count, { size, reduced }) => (reduced ? count * size : count), 1);
}

/** The divisor of `size` that is nearest to `wanted`, by their ratio. */
export function nearestDivisor(size: number, wanted: number): number {
  let best = 1;
  for (let divisor = 1; divisor * divisor <= size; divisor++) {
    if (size % divisor !== 0) continue;
    for (const one of [divisor, size / divisor]) {
      if (distance(one, wanted) < distance(best, wanted)) best = one;
    }
  }
  return best;
}
