// Ops that move elements and that only training needs: shapes with an open batch, slices, paddings, one-hot rows.
// Must not import anything above graph; the pure entry point must not import it.
import type { DType } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { type Dim, formatShape, type Shape } from '../graph/shape.js';
import { zerosLike } from './creation.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, constant, int64Value, operand, type TensorLike } from './tensorLike.js';

/** The shape of a tensor whose rank is known. @throws {ShapeError} otherwise */
export function dimsOf(op: string, { shape }: SymbolicTensor): readonly Dim[] {
  if (shape !== undefined) return shape;
  throw new ShapeError(`ops.${op}: the rank must be known`);
}

/** A size that is known. @throws {ShapeError} where it is open */
export function sizeAt(op: string, x: SymbolicTensor, axis: number): number {
  const size = dimsOf(op, x).at(axis);
  if (typeof size === 'number') return size;
  throw new ShapeError(
    `ops.${op}: dimension ${axis} of shape ${formatShape(x.shape)} is open; only the batch may be`,
  );
}

/** The same elements under another shape, of which one dimension may be open. */
export function reshapeTo(x: SymbolicTensor, shape: readonly Dim[]): SymbolicTensor {
  const { dtype } = x;
  if (x.shape?.length === shape.length && shape.every((dim, i) => dim === x.shape?.[i])) return x;
  if (shape.filter((dim) => typeof dim !== 'number').length > 1) {
    throw new ShapeError(`ops.reshape: ${formatShape(shape)} has more than one open dimension`);
  }
  const target = shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  return applyOp('Reshape', [x, constant(int64Value(target))], { dtype, shape });
}

/**
 * `x` repeated to a shape that it broadcasts to, as `keras.ops.broadcast_to`.
 *
 * @param like a tensor of that shape, which is asked for it where the graph does not know it
 */
export function broadcastLike(x: SymbolicTensor, like: SymbolicTensor): SymbolicTensor {
  const shape = dimsOf('broadcastTo', like);
  if (x.shape?.length === shape.length && shape.every((dim, i) => dim !== null && dim === x.shape?.[i]))
    return x;
  const sizes = shape.filter((dim) => typeof dim === 'number');
  const target =
    sizes.length === shape.length
      ? constant(int64Value(sizes))
      : applyOp('Shape', [like], { dtype: 'int64', shape: [shape.length] });
  return applyOp('Expand', [x, target], { dtype: x.dtype, shape });
}

/** What `slice` takes along one axis: from `start` to before `end`, every `step`-th. */
export interface AxisRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  /** Default 1. */
  readonly step?: number;
}

/** Part of `x`: along each axis named, what lies in its range. */
export function slice(x: SymbolicTensor, ranges: readonly AxisRange[]): SymbolicTensor {
  const shape = [...dimsOf('slice', x)];
  const cut = ranges.filter(
    ({ axis, start, end, step = 1 }) => start !== 0 || step !== 1 || end !== shape[axis],
  );
  if (cut.length === 0) return x;
  for (const { axis, start, end, step = 1 } of cut) {
    const size = sizeAt('slice', x, axis);
    if (start < 0 || end > size || start >= end || step < 1) {
      throw new ShapeError(`ops.slice: ${start}:${end}:${step} does not fit dimension ${axis} of ${size}`);
    }
    shape[axis] = Math.ceil((end - start) / step);
  }
  const list = (part: (range: AxisRange) => number): SymbolicTensor => constant(int64Value(cut.map(part)));
  const bounds = [list(({ start }) => start), list(({ end }) => end), list(({ axis }) => axis)];
  const steps = cut.some(({ step = 1 }) => step !== 1) ? [list(({ step = 1 }) => step)] : [];
  return applyOp('Slice', [x, ...bounds, ...steps], { dtype: x.dtype, shape });
}

/**
 * `x` with `padWidth[i]` elements put before and after dimension `i`, as `keras.ops.pad` in its constant mode.
 *
 * @param value what they are; default 0
 */
export function pad(
  x: SymbolicTensor,
  padWidth: readonly (readonly [number, number])[],
  value = 0,
): SymbolicTensor {
  if (padWidth.every(([before, after]) => before === 0 && after === 0)) return x;
  const dims = dimsOf('pad', x);
  if (padWidth.length !== dims.length) {
    throw new ShapeError(`ops.pad: ${padWidth.length} pairs for shape ${formatShape(dims)}`);
  }
  const shape = dims.map((dim, i) => {
    const [before, after] = padWidth[i] ?? [0, 0];
    if (before === 0 && after === 0) return dim;
    return sizeAt('pad', x, i) + before + after;
  });
  const pads = constant(int64Value([...padWidth.map(([before]) => before), ...padWidth.map(([, n]) => n)]));
  const fill = constant(fromFloat64([value], x.dtype, []));
  return applyOp('Pad', [x, pads, fill], { dtype: x.dtype, shape });
}

/** The elements of one axis in the order of `indices`, which are known. */
export function take(x: SymbolicTensor, indices: readonly number[], axis: number): SymbolicTensor {
  const shape = dimsOf('take', x).map((dim, i) => (i === axis ? indices.length : dim));
  return applyOp(
    'Gather',
    [x, constant(int64Value(indices))],
    { dtype: x.dtype, shape },
    { attributes: { axis: { type: 'int', value: axis } } },
  );
}

/** The rows of `x` that `indices` name: (rows, …rest) and (…shape) give (…shape, …rest), as `keras.ops.take` along axis 0. */
export function takeRows(x: SymbolicTensor, indices: SymbolicTensor): SymbolicTensor {
  const shape = [...dimsOf('take', indices), ...dimsOf('take', x).slice(1)];
  const attributes = { axis: { type: 'int', value: 0 } } as const;
  return applyOp('Gather', [x, indices], { dtype: x.dtype, shape }, { attributes });
}

/** Zeros in the shape of `x`, with each of the `updates` added to the row that `indices` names for it. */
export function addToRows(
  x: SymbolicTensor,
  indices: SymbolicTensor,
  updates: SymbolicTensor,
): SymbolicTensor {
  const column = reshapeTo(indices, [...dimsOf('addToRows', indices), 1]);
  return applyOp('ScatterND', [zerosLike(x), castTo(column, 'int64'), updates], x, {
    attributes: { reduction: { type: 'string', value: 'add' } },
  });
}

/** A row of `numClasses` for each label, 1 at the label and 0 elsewhere; labels out of range give zeros. */
export function oneHot(labels: TensorLike, numClasses: number, dtype: DType = 'float32'): SymbolicTensor {
  const ids = castTo(operand('oneHot', labels), 'int32');
  const shape: Shape = [...dimsOf('oneHot', ids), 1];
  const column = applyOp('Unsqueeze', [ids], { dtype: 'int32', shape }, { axes: [shape.length - 1] });
  const classes = constant(
    fromFloat64(
      Array.from({ length: numClasses }, (_, i) => i),
      'int32',
      [numClasses],
    ),
  );
  const hits = applyOp('Equal', [column, classes], {
    dtype: 'bool',
    shape: [...shape.slice(0, -1), numClasses],
  });
  return castTo(hits, dtype);
}
