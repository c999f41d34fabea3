// Windows over spatial dimensions: how far they reach, how many there are, what Keras's paddings add.
// Must not import anything above graph; the pure entry point must not import it.
import { ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { sizeAt } from './moving.js';
import type { SymbolicTensor } from './symbolicTensor.js';

export type Padding = 'valid' | 'same' | 'causal';

/**
 * What a padding puts before and after a dimension.
 *
 * `same` gives `⌈size / stride⌉` windows, the odd element behind; `causal` puts all before.
 *
 * @param span how far a window reaches: `(window - 1) · dilation + 1`
 */
export function padsFor(
  op: string,
  padding: Padding,
  size: number,
  span: number,
  stride: number,
): readonly [number, number] {
  if (padding === 'causal') return [span - 1, 0];
  if (padding === 'valid') {
    if (size >= span) return [0, 0];
    throw new ShapeError(`ops.${op}: a window that spans ${span} does not fit into ${size}`);
  }
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + span - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** How many windows there are along an axis. @throws {ShapeError} where not even one fits */
export function outputSize(
  op: string,
  x: SymbolicTensor,
  axis: number,
  span: number,
  stride: number,
  [before, after]: readonly [number, number],
): number {
  const size = sizeAt(op, x, axis) + before + after;
  if (size >= span) return Math.floor((size - span) / stride) + 1;
  throw new ShapeError(
    `ops.${op}: a window that spans ${span} does not fit into ${size}, dimension ${axis} of ${formatShape(x.shape)} with its padding`,
  );
}

/** Every place in a box of these sizes, row by row. */
export function placesIn(sizes: readonly number[]): readonly (readonly number[])[] {
  return sizes.reduce<number[][]>(
    (lists, size) => lists.flatMap((list) => Array.from({ length: size }, (_, i) => [...list, i])),
    [[]],
  );
}
