// A constraint traced into an ONNX graph of its own: one weight in, the projected weight out.
// Must not import anything above ops.
import { type DType, dtypeKind, isDType } from '../graph/dtype.js';
import { ConstraintError, ShapeError, UsageError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { checkOptions } from '../graph/knownKeys.js';
import { NameScope } from '../graph/nameScope.js';
import { DEFAULT_OPSET } from '../graph/opset.js';
import { formatShape, openShape, type Shape, shapesAgree } from '../graph/shape.js';
import { lower } from '../ops/lower.js';
import { SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';
import { type Constraint, classNameOf } from './constraint.js';
import { documentationOf } from './documentation.js';

export interface BuildGraphOptions {
  /** The weight's dtype: float32 (default), float64, float16 or bfloat16. */
  readonly dtype?: DType;
  /** The weight's shape; names stand for sizes that are open. */
  readonly shape?: Shape | undefined;
  /** The number of dimensions, where their sizes are open; not together with `shape`. */
  readonly rank?: number | undefined;
  /** The version of ONNX's default operator set, 13 to 26. Default 18. */
  readonly opset?: number;
}

/** The names of the weight and the projected weight in an emitted graph. */
export const INPUT_NAME = 'w';
export const OUTPUT_NAME = 'w_out';

/**
 * The graph of a constraint: input `w`, output `w_out`, both of the same shape and dtype; without `shape` and
 * `rank` it fits any shape.
 *
 * float16 and bfloat16 are cast to float32 first and rounded once at the end.
 *
 * @throws {ShapeError} when the constraint does not fit the shape, or changes the shape or the dtype
 * @throws {UsageError} on an opset or rank that is not supported
 */
export function buildGraph(constraint: Constraint, options: BuildGraphOptions = {}): Graph {
  checkOptions(options, ['dtype', 'shape', 'rank', 'opset']);
  const { dtype = 'float32', opset = DEFAULT_OPSET } = options;
  const shape = readShape(options);
  const builder = new GraphBuilder({ opset, names: new NameScope() });
  const input = symbolicInput(INPUT_NAME, checkDType(constraint, dtype), shape);
  builder.input({ name: INPUT_NAME, dtype, shape });
  builder.output({ name: OUTPUT_NAME, dtype, shape });
  lower(traceConstraint(constraint, input), new Map([[input, INPUT_NAME]]), builder, OUTPUT_NAME);
  return builder.build(classNameOf(constraint), documentationOf(constraint));
}

/**
 * The projected weight as a symbolic tensor: half types are computed in float32 and rounded once.
 *
 * @throws {ShapeError} when the constraint changes the shape or the dtype
 */
export function traceConstraint(constraint: Constraint, w: SymbolicTensor): SymbolicTensor {
  const isHalf = w.dtype === 'float16' || w.dtype === 'bfloat16';
  const wide = isHalf ? castTo(w, 'float32') : w;
  const result = callConstraint(constraint, wide);
  if (!(result instanceof SymbolicTensor)) {
    throw new ShapeError(
      `${classNameOf(constraint)}: call must return a symbolic tensor made with ops, found ${found(result)}`,
    );
  }
  if (result.dtype !== wide.dtype) {
    throw new ShapeError(
      `${classNameOf(constraint)}: a constraint must keep the dtype; found ${result.dtype} from ${wide.dtype}`,
    );
  }
  if (!shapesAgree(result.shape, wide.shape)) {
    throw new ShapeError(
      `${classNameOf(constraint)}: a constraint must keep the shape; found ${formatShape(result.shape)} from ${formatShape(wide.shape)}`,
    );
  }
  return castTo(result, w.dtype);
}

function callConstraint(constraint: Constraint, w: SymbolicTensor): unknown {
  try {
    return constraint.call(w);
  } catch (error) {
    if (error instanceof ShapeError) {
      throw new ShapeError(`${classNameOf(constraint)}: ${error.detail}`, { cause: error });
    }
    if (error instanceof ConstraintError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShapeError(`${classNameOf(constraint)}: call failed while it was traced: ${reason}`, {
      cause: error,
    });
  }
}

/** The dtype, if weights may have it. @throws {ShapeError} otherwise */
export function checkDType(constraint: Constraint, dtype: DType): DType {
  if (dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16') return dtype;
  const isOther = isDType(dtype) && dtypeKind(dtype) !== 'float';
  const kind = isOther ? ', which is not a floating type' : '';
  throw new ShapeError(
    `${classNameOf(constraint)}: dtype ${dtype}${kind}; accepted are float32, float64, float16 and bfloat16`,
  );
}

/** As many dimensions as NumPy has; a size for each is written down, so that there must be some limit. */
const MAX_RANK = 64;

/** The shape that options give. @throws {UsageError} on a size or a rank that is none */
export function readShape(options: Pick<BuildGraphOptions, 'shape' | 'rank'>): Shape {
  const { shape, rank } = options;
  if (rank === undefined) return checkDims(shape);
  if (shape !== undefined) throw new UsageError('give shape or rank, not both');
  if (!Number.isInteger(rank) || rank < 0 || rank > MAX_RANK) {
    throw new UsageError(`rank must be a whole number from 0 to ${MAX_RANK}, found ${rank}`);
  }
  return openShape(rank);
}

function checkDims(shape: Shape): Shape {
  for (const dim of shape ?? []) {
    if (typeof dim === 'number' && (!Number.isSafeInteger(dim) || dim < 1)) {
      throw new UsageError(
        `shape ${formatShape(shape)}: each size must be a positive whole number or a name`,
      );
    }
  }
  return shape;
}

function found(result: unknown): string {
  if (result === null || typeof result !== 'object') return String(result);
  if (result instanceof Promise) return 'a promise (call must not be async)';
  return `an object of class ${result.constructor?.name ?? 'unknown'}`;
}
