// Static shapes of tensors: known, symbolic and unknown dimensions, and how they broadcast.
// Must not import protobuf, Node or ONNX Runtime.

/** One dimension: a size, a symbolic name, or `null` when nothing is known. */
export type Dim = number | string | null;

/** A shape; `undefined` when even the rank is unknown. */
export type Shape = readonly Dim[] | undefined;

/** A shape of `rank` dimensions of open size, named `d0`, `d1` and so on. */
export function openShape(rank: number): readonly Dim[] {
  return Array.from({ length: rank }, (_, i) => `d${i}`);
}

/** A shape as error messages show it: `(3, ?, batch)`. */
export function formatShape(shape: Shape): string {
  if (shape === undefined) return '(unknown rank)';
  const dims = shape.map((dim) => (dim === null ? '?' : String(dim)));
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
}

/** The shape two operands broadcast to by NumPy's rules; `null` when they cannot. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const dim = broadcastDims(dimFromEnd(a, rank - i), dimFromEnd(b, rank - i));
    if (dim === undefined) return null;
    result.push(dim);
  }
  return result;
}

/** Whether two shapes can be of the same tensor: unknown parts fit anything. */
export function shapesAgree(a: Shape, b: Shape): boolean {
  if (a === undefined || b === undefined) return true;
  if (a.length !== b.length) return false;
  return a.every((dim, i) => {
    const other = b[i];
    return typeof dim !== 'number' || typeof other !== 'number' || dim === other;
  });
}

/** The number of elements, where every dimension is known. */
export function knownElementCount(shape: Shape): number | undefined {
  if (shape === undefined) return undefined;
  let count = 1;
  for (const dim of shape) {
    if (typeof dim !== 'number') return undefined;
    count *= dim;
  }
  return count;
}

function dimFromEnd(shape: readonly Dim[], distance: number): Dim {
  const index = shape.length - distance;
  return index < 0 ? 1 : (shape[index] ?? null);
}

function broadcastDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b) return a;
  if (a === 1) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') return undefined;
  // A symbolic dimension beside a size other than 1 must have that size or be 1.
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return null;
}
