// The sum of squares of each unit of a weight, in the forms that are fast and accurate on the CPU: a product with a row
// of ones down the columns, a plain sum along the rows, where the canonical ReduceL2 takes its slow path.
// Must not import anything above constraints.

import { fromFloat64 } from '../graph/numbers.js';
import type { Dim } from '../graph/shape.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo, constant } from '../ops/tensorLike.js';
import { reshapeTo } from './reshapeTo.js';
import { LARGEST_BLOCK, sizesOf, type View } from './view.js';

export interface SumOptions {
  /** Sum the sums of the first round in float64, and give float64. */
  readonly wide: boolean;
  /** Leave the first dimension unreduced. */
  readonly partial?: boolean;
  /** Leave the reduced dimensions out. */
  readonly flat?: boolean;
}

/**
 * The sums of squares of `w` over the reduced dimensions of its view, which are kept with size 1.
 *
 * @param w in float32 or float64, with the dims of `view`, or with its own where all are numbers: its squares are then
 *   reshaped, since ONNX Runtime puts squares with the dims of `w` where an older value of these dims was
 */
export function sumOfSquares(
  w: SymbolicTensor,
  view: View,
  { wide, partial = false, flat = false }: SumOptions,
): SymbolicTensor {
  const open = view.flatMap(({ reduced }, i) => (reduced && !(partial && i === 0) ? [i] : []));
  const innermost = open.pop();
  // What no block divides is summed in one round, which must then be the wide one.
  const long = wide && innermost !== undefined && (view[innermost]?.size ?? 0) > LARGEST_BLOCK;
  const x = long ? castTo(w, 'float64') : w;
  const own = applyOp('Mul', [x, x], x);
  const squares = isFixed(own) ? reshapeTo(own, sizesOf(view)) : own;
  if (innermost === undefined) return wide ? castTo(squares, 'float64') : squares;
  const isColumn = innermost === view.length - 2 && (view[innermost]?.size ?? 0) <= LARGEST_BLOCK;
  const isOnly = open.length === 0;
  // Later rounds count the dimensions as they are kept.
  const drops = flat && isOnly;
  const first = isColumn ? sumColumns(squares, view, drops) : reduceSum(squares, [innermost], drops);
  const sums = wide ? castTo(first, 'float64') : first;
  return isOnly ? sums : reduceSum(sums, flat ? [...open, innermost] : open, flat);
}

function isFixed({ shape }: SymbolicTensor): boolean {
  return shape?.every((dim) => typeof dim === 'number') === true;
}

/** The sums down the last dimension but one: `[…, rows, columns]` to `[…, 1, columns]`, or `[…, columns]`. */
function sumColumns(x: SymbolicTensor, view: View, drops: boolean): SymbolicTensor {
  const rows = view.at(-2)?.size as number;
  const dims = drops ? [rows] : [1, rows];
  const ones = constant(fromFloat64(new Float64Array(rows).fill(1), x.dtype, dims));
  return applyOp('MatMul', [ones, x], { dtype: x.dtype, shape: reduced(x, [view.length - 2], drops) });
}

/** The sums over `axes`, kept with size 1 or left out. */
export function reduceSum(x: SymbolicTensor, axes: readonly number[], drops = false): SymbolicTensor {
  const attributes = { keepdims: { type: 'int', value: drops ? 0 : 1 } } as const;
  return applyOp('ReduceSum', [x], { dtype: x.dtype, shape: reduced(x, axes, drops) }, { attributes, axes });
}

function reduced(x: SymbolicTensor, axes: readonly number[], drops: boolean): readonly Dim[] {
  const shape = x.shape ?? [];
  if (drops) return shape.filter((_, i) => !axes.includes(i));
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}
