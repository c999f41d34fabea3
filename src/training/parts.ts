// Parameters that are parts of one tensor: layers stacked along a dimension, or all weights of a model in one vector.
// Must not import onnx, runtime, files or cli.
import { Constraint } from '../constraints/constraint.js';
import { ConfigError, type ErrorPlace, ShapeError } from '../graph/errors.js';
import { formatShape, type Shape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import { isObject } from '../keras/configValue.js';
import { projectionOf } from '../lowering/projection.js';
import { reshapeTo } from '../lowering/reshapeTo.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant, int64Value } from '../ops/tensorLike.js';

/** Which part of its tensor a parameter is: `size` places along `axis` from `start` on. */
export interface Part {
  readonly axis: number;
  readonly start: number;
  readonly size: number;
  /** The parameter's own shape, which its constraint's axes count in. Default: that of the part as it lies there. */
  readonly shape?: readonly number[];
}

/** A part with its constraint; `null` leaves it alone. */
export interface ConstrainedPart {
  readonly part: Part;
  readonly constraint: Constraint | null;
}

const partKeys = ['axis', 'start', 'size', 'shape'];

/** Reads the `part` of a parameter. @throws {ConfigError} */
export function parsePart(config: unknown, place: ErrorPlace): Part {
  const wanted = 'must be an object with whole numbers axis, start and size, and a shape if need be';
  if (!isObject(config) || Object.keys(config).some((key) => !partKeys.includes(key))) {
    throw new ConfigError(`${wanted}; found ${JSON.stringify(config)}`, place);
  }
  const { axis, start, size, shape } = config as Partial<Part>;
  const isCount = (value: unknown, least: number): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least;
  const hasShape = shape === undefined || (Array.isArray(shape) && shape.every((dim) => isCount(dim, 1)));
  if (isCount(axis, 0) && isCount(start, 0) && isCount(size, 1) && hasShape) return config as unknown as Part;
  throw new ConfigError(`${wanted}; found ${JSON.stringify(config)}`, place);
}

/** @throws {ShapeError} where a part does not lie in a tensor of this shape, or has another number of elements than its own shape */
export function checkPart(part: Part, whole: Shape, place: ErrorPlace): void {
  const { axis, start, size, shape } = part;
  const length = whole?.[axis];
  if (whole === undefined || typeof length !== 'number' || start + size > length) {
    throw new ShapeError(
      `places ${start} to ${start + size} of axis ${axis} do not lie in the tensor ${formatShape(whole)}`,
      place,
    );
  }
  if (shape === undefined) return;
  const lies = whole.map((dim, i) => (i === axis ? size : dim));
  const isKnown = lies.every((dim) => typeof dim === 'number');
  if (isKnown && elementCount(lies as number[]) === elementCount(shape)) return;
  throw new ShapeError(
    `shape ${formatShape(shape)} does not hold the elements of the part ${formatShape(lies)}`,
    place,
  );
}

/** The constraint of a whole tensor that constrains each of its parts. */
export class PartsConstraint extends Constraint {
  static override readonly className: string = 'Parts';

  /** @param parts along one axis, in order, none over another */
  constructor(
    readonly parts: readonly ConstrainedPart[],
    readonly provider: string | undefined,
  ) {
    super();
  }

  override call(w: SymbolicTensor): SymbolicTensor {
    const { axis } = (this.parts[0] as ConstrainedPart).part;
    const length = w.shape?.[axis] as number;
    const pieces: SymbolicTensor[] = [];
    let done = 0;
    for (const { part, constraint } of this.parts.filter((each) => each.constraint !== null)) {
      const { start, size } = part;
      if (start > done) pieces.push(sliceOf(w, axis, done, start - done));
      pieces.push(this.#project(sliceOf(w, axis, start, size), part, constraint as Constraint));
      done = start + size;
    }
    if (done < length) pieces.push(sliceOf(w, axis, done, length - done));
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return only;
    return applyOp('Concat', pieces, w, { attributes: { axis: { type: 'int', value: axis } } });
  }

  #project(piece: SymbolicTensor, { shape }: Part, constraint: Constraint): SymbolicTensor {
    if (shape === undefined) return projectionOf(constraint, piece, this.provider).result;
    const { result } = projectionOf(constraint, reshapeTo(piece, shape), this.provider);
    return reshapeTo(result, piece.shape as readonly number[]);
  }
}

function sliceOf(x: SymbolicTensor, axis: number, start: number, size: number): SymbolicTensor {
  if (x.shape?.[axis] === size) return x;
  const bounds = [[start], [start + size], [axis]].map((value) => constant(int64Value(value)));
  return applyOp('Slice', [x, ...bounds], {
    dtype: x.dtype,
    shape: x.shape?.map((dim, i) => (i === axis ? size : dim)),
  });
}
