// Parameters whose constraint counts its axes in another layout than the step's tensor: how the tensor stores them.
// Must not import onnx, runtime, files or cli.

import type { Constraint } from '../constraints/constraint.js';
import { constraintInLayout } from '../constraints/layout.js';
import { ConfigError, type ErrorPlace, ShapeError } from '../graph/errors.js';
import { formatShape, type Shape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import { isObject } from '../keras/configValue.js';

/** The layout that a constraint's axes count in, such as Keras's, and how the step's tensor stores it. */
export interface StoredLayout {
  /** The parameter's shape where the constraint looks at it. */
  readonly shape: readonly number[];
  /** The dimensions of that shape in the order in which the tensor's elements run. */
  readonly order: readonly number[];
}

/** Reads the `layout` of a parameter. @throws {ConfigError} */
export function parseStoredLayout(config: unknown, place: ErrorPlace): StoredLayout {
  const isSizes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (isObject(config) && Object.keys(config).every((key) => key === 'shape' || key === 'order')) {
    const { shape, order } = config as Partial<StoredLayout>;
    const isOrder =
      isSizes(shape) &&
      isSizes(order) &&
      [...order].sort((a, b) => a - b).join() === [...shape.keys()].join();
    if (isOrder && shape.every((size) => size > 0)) return { shape, order };
  }
  throw new ConfigError(
    `must be an object with a shape and the order of its dimensions, such as {"shape": [64, 10], "order": [1, 0]}; found ${JSON.stringify(config)}`,
    place,
  );
}

/** The constraint as the tensor needs it. @throws {ShapeError} where the tensor has other elements */
export function constraintOnTensor(
  constraint: Constraint,
  { shape, order }: StoredLayout,
  tensorShape: Shape,
  place: ErrorPlace,
): Constraint {
  const dims = tensorShape?.filter((dim) => typeof dim === 'number');
  if (
    dims === undefined ||
    dims.length !== tensorShape?.length ||
    elementCount(dims) !== elementCount(shape)
  ) {
    throw new ShapeError(
      `shape ${formatShape(shape)} does not hold the elements of the tensor ${formatShape(tensorShape)}`,
      place,
    );
  }
  return constraintInLayout(constraint, { kerasShape: shape, perm: order, tensorShape: dims });
}
