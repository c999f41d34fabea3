// What a traced constraint does to a weight, as far as faster forms depend on it: told by its graph, not by its class,
// so that custom constraints of the same form are as fast as Keras's.
// Must not import anything above constraints.

import { traceConstraint } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';
import type { Dim } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import { type SymbolicTensor, symbolicInput } from '../ops/symbolicTensor.js';

/**
 * - `identity`: the weight as it is
 * - `elementwise`: each weight by itself
 * - `scaled`: `w · factor(‖w‖)` or `w / factor(‖w‖)`, with one 2-norm over `axes`
 * - `opaque`: anything else
 */
export type Structure =
  | { readonly kind: 'identity' }
  | { readonly kind: 'elementwise'; readonly input: SymbolicTensor; readonly result: SymbolicTensor }
  | {
      readonly kind: 'scaled';
      readonly axes: readonly number[];
      readonly operator: 'Mul' | 'Div';
      readonly norm: SymbolicTensor;
      readonly factor: SymbolicTensor;
    }
  | { readonly kind: 'opaque' };

/** Operators that give each element from the elements at its place. */
const elementwise: ReadonlySet<string> = new Set(
  (
    'Abs Add And Cast Ceil Clip Cos Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Log ' +
    'Max Min Mul Neg Not Or Pow Reciprocal Relu Round Sigmoid Sign Sin Sqrt Sub Tanh Where'
  ).split(' '),
);

/**
 * The structure of a constraint on a weight of this shape.
 *
 * @param dtype what it is computed in
 * @throws {ShapeError} when the constraint does not fit the shape
 */
export function structureOf(
  constraint: Constraint,
  dtype: 'float32' | 'float64',
  dims: readonly Dim[],
): Structure {
  const input = symbolicInput('w', dtype, dims);
  const result = traceConstraint(constraint, input);
  if (result === input) return { kind: 'identity' };
  if (isElementwise(result, input)) return { kind: 'elementwise', input, result };
  return scaledForm(result, input, dims) ?? { kind: 'opaque' };
}

function scaledForm(
  result: SymbolicTensor,
  input: SymbolicTensor,
  dims: readonly Dim[],
): Structure | undefined {
  const { source } = result;
  if (source.kind !== 'op' || (source.opType !== 'Mul' && source.opType !== 'Div')) return undefined;
  const [first, second] = source.inputs;
  const swapped = source.opType === 'Mul' && second === input;
  const weight = swapped ? second : first;
  const factor = swapped ? first : second;
  if (weight !== input || factor === undefined) return undefined;
  const norm = onlyNorm(factor, input);
  if (norm === undefined || !norm.keepsDims || !isElementwise(factor, norm.tensor)) return undefined;
  const axes = norm.axes ?? dims.map((_, i) => i);
  return { kind: 'scaled', axes, operator: source.opType, norm: norm.tensor, factor };
}

interface Norm {
  readonly tensor: SymbolicTensor;
  readonly axes: readonly number[] | undefined;
  readonly keepsDims: boolean;
}

/** The one norm of the weight that `factor` is made of. */
function onlyNorm(factor: SymbolicTensor, input: SymbolicTensor): Norm | undefined {
  const norms = [...reachable(factor)].flatMap((tensor) => normOf(tensor, input) ?? []);
  return norms.length === 1 ? norms[0] : undefined;
}

/** A 2-norm as `ops.norm` makes it, or written out: the square root of the sum of squares. */
function normOf(tensor: SymbolicTensor, input: SymbolicTensor): Norm | undefined {
  const reduction = isOp(tensor, 'Sqrt') ? inputsOf(tensor)[0] : tensor;
  if (reduction?.source.kind !== 'op') return undefined;
  const { opType, inputs, attributes, axes } = reduction.source;
  const [reduced] = inputs;
  const isNorm =
    reduction === tensor
      ? opType === 'ReduceL2' && reduced === input
      : opType === 'ReduceSum' && reduced !== undefined && isSquare(reduced, input);
  const keepdims = attributes.keepdims;
  return isNorm ? { tensor, axes, keepsDims: keepdims?.type === 'int' && keepdims.value === 1 } : undefined;
}

function isSquare(tensor: SymbolicTensor, input: SymbolicTensor): boolean {
  return isOp(tensor, 'Mul') && inputsOf(tensor).every((factor) => factor === input);
}

function isOp({ source }: SymbolicTensor, opType: string): boolean {
  return source.kind === 'op' && source.opType === opType;
}

function inputsOf({ source }: SymbolicTensor): readonly SymbolicTensor[] {
  return source.kind === 'op' ? source.inputs : [];
}

/** Whether `result` comes from `input` and constants of one element by operators that look at one place alone. */
function isElementwise(result: SymbolicTensor, input: SymbolicTensor): boolean {
  for (const { source, shape } of reachable(result, input)) {
    if (source.kind === 'input') return false;
    if (source.kind === 'op' && !elementwise.has(source.opType)) return false;
    // A constant of higher rank than the weight would change its shape.
    const fits = (shape?.length ?? 0) <= (input.shape?.length ?? 0);
    if (source.kind === 'constant' && (elementCount(source.value.dims) !== 1 || !fits)) return false;
  }
  return true;
}

/** Every tensor behind `target` down to `stop`, which is left out. */
function reachable(target: SymbolicTensor, stop?: SymbolicTensor): ReadonlySet<SymbolicTensor> {
  const found = new Set<SymbolicTensor>();
  const stack = [target];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top === stop || found.has(top)) continue;
    found.add(top);
    if (top.source.kind === 'op') stack.push(...top.source.inputs);
  }
  return found;
}
