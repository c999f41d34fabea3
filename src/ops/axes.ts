// Axis arguments: Keras's integers, lists and null, checked against a rank where it is known.
// Must not import anything above graph.
import { ShapeError } from '../graph/errors.js';
import { formatShape, type Shape } from '../graph/shape.js';

/** One axis, several, or `null` for all. Negative axes count from the end. */
export type Axis = number | readonly number[] | null;

/** The axis argument as a list: sorted, without negatives where the rank is known; `null` for all axes. */
export function normalizeAxes(
  caller: string,
  axis: Axis | undefined,
  shape: Shape,
): readonly number[] | null {
  const axes = listAxes(caller, axis, shape);
  return axes === null || shape === undefined ? axes : [...axes].sort((a, b) => a - b);
}

/** As `normalizeAxes`, in the order given. */
export function listAxes(caller: string, axis: Axis | undefined, shape: Shape): readonly number[] | null {
  if (axis === null || axis === undefined) return null;
  const list = integerList(caller, 'axis', axis);
  const axes = list.map((item) => normalizeAxis(caller, item, shape));
  if (new Set(axes).size !== axes.length) {
    throw new ShapeError(
      `${caller}: axis [${list.join(', ')}] names a dimension twice; shape is ${formatShape(shape)}`,
    );
  }
  return axes;
}

/** An argument that is an integer or a list of them, as a list. @throws {ShapeError} when it is anything else */
export function integerList(
  caller: string,
  name: string,
  value: number | readonly number[],
): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  if (Array.isArray(list) && list.every((item) => Number.isInteger(item))) return list;
  const found = Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  throw new ShapeError(`${caller}: ${name} must hold integers, found ${found}`);
}

/** One axis in the range of the shape, counted from the front where the rank is known. */
export function normalizeAxis(caller: string, axis: number, shape: Shape): number {
  if (!Number.isInteger(axis)) throw new ShapeError(`${caller}: axis must be an integer, not ${axis}`);
  if (shape === undefined) return axis;
  const rank = shape.length;
  if (axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `accepted are ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${caller}: axis ${axis} is out of range for shape ${formatShape(shape)}; ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}
