// Ops of keras.ops that move, cast or join elements without arithmetic, and the matrix product.
// Must not import anything above graph.
import { type DType, dtypeKind, isDType } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
import { broadcastShapes, type Dim, formatShape, knownElementCount, type Shape } from '../graph/shape.js';
import { type Axis, integerList, normalizeAxes, normalizeAxis } from './axes.js';
import { binary } from './elementwise.js';
import { applyOp, SymbolicTensor } from './symbolicTensor.js';
import { castTo, constant, int64Value, operand, operands, type TensorLike } from './tensorLike.js';

/** The elements of `x` in another dtype; floats are truncated towards zero when they become integers. */
export function cast(x: TensorLike, dtype: DType): SymbolicTensor {
  return castTo(operand('cast', x), numericDType('cast', dtype));
}

/** The dtype, if casts go there. @throws {ShapeError} otherwise */
export function numericDType(op: string, dtype: DType): DType {
  if (isDType(dtype) && ['float', 'int', 'uint', 'bool'].includes(dtypeKind(dtype))) return dtype;
  throw new ShapeError(`ops.${op}: '${dtype}' is not a numeric dtype`);
}

/** The shape of `x` as a one-dimensional int64 tensor; `x.shape` holds what is known without running. */
export function shape(x: TensorLike): SymbolicTensor {
  const value = operand('shape', x);
  return applyOp('Shape', [value], { dtype: 'int64', shape: [value.rank ?? null] });
}

/**
 * The elements of `x`, in order, under another shape.
 *
 * @param newShape sizes, of which one may be -1 (what is left), or a one-dimensional integer tensor
 */
export function reshape(x: TensorLike, newShape: readonly number[] | SymbolicTensor): SymbolicTensor {
  const value = operand('reshape', x);
  if (newShape instanceof SymbolicTensor) {
    const target = castTo(checkShapeTensor(newShape), 'int64');
    return applyOp('Reshape', [value, target], { dtype: value.dtype, shape: shapeNamedBy(newShape) });
  }
  const sizes = integerList('ops.reshape', 'newShape', newShape);
  const result = inferReshape(value.shape, sizes);
  return applyOp('Reshape', [value, constant(int64Value(sizes))], { dtype: value.dtype, shape: result });
}

/**
 * The dimensions of `x` in another order.
 *
 * @param axes `axes[i]` is the dimension of `x` that comes at place i; default: reversed
 */
export function transpose(x: TensorLike, axes?: readonly number[]): SymbolicTensor {
  const value = operand('transpose', x);
  if (axes === undefined) {
    return applyOp('Transpose', [value], { dtype: value.dtype, shape: value.shape?.toReversed() });
  }
  const list = integerList('ops.transpose', 'axes', axes);
  const perm = list.map((axis) => normalizeAxis('ops.transpose', axis, value.shape ?? list.map(() => null)));
  const rank = value.rank ?? list.length;
  if (perm.length !== rank || new Set(perm).size !== rank) {
    throw new ShapeError(
      `ops.transpose: axes [${list.join(', ')}] are not a permutation of the ${rank} dimensions of ${formatShape(value.shape)}`,
    );
  }
  return applyOp(
    'Transpose',
    [value],
    { dtype: value.dtype, shape: value.shape && perm.map((axis) => value.shape?.[axis] ?? null) },
    { attributes: { perm: { type: 'ints', value: perm } } },
  );
}

/** `x` with a dimension of size 1 inserted at `axis` of the result (several for a list). */
export function expandDims(x: TensorLike, axis: number | readonly number[]): SymbolicTensor {
  const value = operand('expandDims', x);
  const list = integerList('ops.expandDims', 'axis', axis);
  const target: Shape = value.shape && [...value.shape, ...list.map(() => 1)];
  const axes = normalizeAxes('ops.expandDims', list, target) ?? [];
  if (axes.length === 0) return value;
  return applyOp(
    'Unsqueeze',
    [value],
    { dtype: value.dtype, shape: insertOnes(value.shape, axes) },
    { axes },
  );
}

/**
 * `x` without dimensions of size 1.
 *
 * @param axis the dimensions to drop; default: all of size 1
 */
export function squeeze(x: TensorLike, axis: Axis = null): SymbolicTensor {
  const value = operand('squeeze', x);
  const axes = normalizeAxes('ops.squeeze', axis, value.shape);
  // Without axes ONNX drops all of size 1; NumPy and Keras drop none for an empty list.
  if (axes?.length === 0) return value;
  for (const i of axes ?? []) {
    const dim = value.shape?.[i];
    if (typeof dim === 'number' && dim !== 1) {
      throw new ShapeError(
        `ops.squeeze: dimension ${i} of shape ${formatShape(value.shape)} is ${dim}, not 1`,
      );
    }
  }
  const result = squeezedShape(value.shape, axes);
  return applyOp('Squeeze', [value], { dtype: value.dtype, shape: result }, axes === null ? {} : { axes });
}

/**
 * The tensors joined along `axis`; all other dimensions must be equal.
 *
 * @param axis default 0
 */
export function concatenate(xs: readonly TensorLike[], axis = 0): SymbolicTensor {
  if (!Array.isArray(xs) || xs.length === 0) {
    throw new ShapeError('ops.concatenate: a list of at least one tensor is needed');
  }
  const parts = operands('concatenate', xs);
  const first = parts[0] as SymbolicTensor;
  const at = normalizeAxis('ops.concatenate', axis, parts.find((part) => part.shape)?.shape);
  return applyOp(
    'Concat',
    parts,
    { dtype: first.dtype, shape: concatenatedShape(parts, at) },
    { attributes: { axis: { type: 'int', value: at } } },
  );
}

/** The matrix product of the last two dimensions, leading ones broadcast; vectors as in NumPy. */
export function matmul(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return binary('matmul', 'MatMul', x1, x2, productShape);
}

function checkShapeTensor(target: SymbolicTensor): SymbolicTensor {
  const kind = dtypeKind(target.dtype);
  if ((kind === 'int' || kind === 'uint') && (target.rank ?? 1) === 1) return target;
  throw new ShapeError(
    `ops.reshape: newShape must be a one-dimensional integer tensor, found ${target.dtype} of shape ${formatShape(target.shape)}`,
  );
}

function shapeNamedBy(target: SymbolicTensor): Shape {
  const { source } = target;
  if (source.kind === 'op' && source.opType === 'Shape') return source.inputs[0]?.shape;
  const [length] = target.shape ?? [];
  return typeof length === 'number' ? Array<Dim>(length).fill(null) : undefined;
}

function inferReshape(from: Shape, to: readonly number[]): Shape {
  const fail = (reason: string): never => {
    throw new ShapeError(`ops.reshape: ${formatShape(from)} to ${formatShape(to)}: ${reason}`);
  };
  if (to.some((dim) => !Number.isInteger(dim) || dim < -1 || dim === 0))
    fail('sizes must be positive integers or -1');
  if (to.filter((dim) => dim === -1).length > 1) fail('only one size may be -1');
  const known = to.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const count = knownElementCount(from);
  if (count === undefined) return to.map((dim) => (dim === -1 ? null : dim));
  const open = to.includes(-1);
  if (open ? count % known !== 0 : count !== known) fail(`${count} elements do not fit`);
  return to.map((dim) => (dim === -1 ? count / known : dim));
}

function insertOnes(shape: Shape, axes: readonly number[]): Shape {
  if (shape === undefined) return undefined;
  const result: Dim[] = [...shape];
  for (const axis of axes) result.splice(axis, 0, 1);
  return result;
}

function squeezedShape(shape: Shape, axes: readonly number[] | null): Shape {
  if (shape === undefined) return undefined;
  if (axes !== null) return shape.filter((_, i) => !axes.includes(i));
  return shape.every((dim) => typeof dim === 'number') ? shape.filter((dim) => dim !== 1) : undefined;
}

function concatenatedShape(parts: readonly SymbolicTensor[], axis: number): Shape {
  const shapes = parts.map((part) => part.shape);
  if (shapes.some((shape) => shape === undefined)) return undefined;
  const [first, ...rest] = shapes as (readonly Dim[])[];
  const result = [...(first as readonly Dim[])];
  for (const shape of rest) {
    const fits =
      shape.length === result.length && shape.every((dim, i) => i === axis || fitsTogether(dim, result[i]));
    if (!fits) {
      throw new ShapeError(
        `ops.concatenate: shapes ${shapes.map(formatShape).join(', ')} differ outside axis ${axis}`,
      );
    }
    const a = result[axis];
    const b = shape[axis];
    result[axis] = typeof a === 'number' && typeof b === 'number' ? a + b : null;
  }
  return result;
}

function fitsTogether(a: Dim | undefined, b: Dim | undefined): boolean {
  return typeof a !== 'number' || typeof b !== 'number' || a === b;
}

function productShape(a: Shape, b: Shape): Shape {
  if (a === undefined || b === undefined) return undefined;
  const fail = (): never => {
    throw new ShapeError(`ops.matmul: shapes ${formatShape(a)} and ${formatShape(b)} do not fit`);
  };
  if (a.length === 0 || b.length === 0) fail();
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (!fitsTogether(left.at(-1), right.at(-2))) fail();
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  if (batch === null) return fail();
  const rows = a.length === 1 ? [] : [left.at(-2) as Dim];
  const columns = b.length === 1 ? [] : [right.at(-1) as Dim];
  return batch && [...batch, ...rows, ...columns];
}
