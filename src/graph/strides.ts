// Walking through an array in row-major order while keeping a place in another one that is laid out otherwise.
// Must not import anything.

/** The stride of each of some axes in an array of those axes alone, in the order given; 0 for the others. */
export function stridesOf(shape: readonly number[], axes: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (const axis of axes.toReversed()) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Visits `count` elements of an array of this shape in row-major order, each with its place by the strides. */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  count: number,
  visit: (i: number, place: number) => void,
): void {
  const index = new Array<number>(shape.length).fill(0);
  let place = 0;
  for (let i = 0; i < count; i++) {
    visit(i, place);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      place -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}
