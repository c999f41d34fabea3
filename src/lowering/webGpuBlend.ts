// Norms blended with a target, `w · (a · x + b · y) / (‖w‖ + epsilon)`, in as few dispatches as WebGPU has operators for:
// each dispatch on a handful of norms costs as much as one on the weights.
// Must not import anything above constraints.

import { toFloat64 } from '../graph/numbers.js';
import { elementCount } from '../graph/tensorValue.js';
import { reshape, squeeze } from '../ops/shaping.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant, int64Value } from '../ops/tensorLike.js';

/** A term `factor · tensor` of a sum. */
interface Term {
  readonly factor: number;
  readonly tensor: SymbolicTensor;
}

/** `w · (terms[0] + terms[1]) / (norm + epsilon)`. */
interface Blend {
  readonly w: SymbolicTensor;
  readonly dims: readonly number[];
  readonly terms: readonly [Term, Term];
  readonly norm: SymbolicTensor;
  readonly axes: readonly number[];
  readonly epsilon: number;
}

/** The same weight in fewer dispatches, where it is such a blend. */
export function blendForm(target: SymbolicTensor): SymbolicTensor | undefined {
  const blend = readBlend(target);
  if (blend === undefined) return undefined;
  // A norm over the last dimensions is one dispatch, over others two: what is saved there is needed here.
  return isTrailing(blend) ? scaled(blend, target) : product(blend);
}

function readBlend(target: SymbolicTensor): Blend | undefined {
  const [left, right] = operands(target, 'Mul') ?? [];
  const isSwapped = operands(left, 'Div') !== undefined;
  const [w, factor] = isSwapped ? [right, left] : [left, right];
  const [numerator, denominator] = operands(factor, 'Div') ?? [];
  const [norm, offset] = withScalar(denominator, 'Add') ?? [];
  const [first, second] = (operands(numerator, 'Add') ?? []).map(readTerm);
  if (w === undefined || norm === undefined || first === undefined || second === undefined) return undefined;
  if (first.factor === 0 && second.factor === 0) return undefined;
  if (offset === undefined || offset < 0 || w.dtype !== 'float32') return undefined;
  const { source } = norm;
  if (source.kind !== 'op' || source.opType !== 'ReduceL2' || source.inputs[0] !== w) return undefined;
  const dims = sizes(w);
  if (dims === undefined || sizes(target)?.join() !== dims.join()) return undefined;
  const axes = source.axes ?? dims.map((_, i) => i);
  const kept = dims.map((size, i) => (axes.includes(i) ? 1 : size)).join();
  const isOfUnits = [norm, first.tensor, second.tensor].every((tensor) => sizes(tensor)?.join() === kept);
  return isOfUnits ? { w, dims, terms: [first, second], norm, axes, epsilon: offset } : undefined;
}

/** Three dispatches after those of the terms: their sum, the factor, the weights. */
function scaled({ w, terms, norm, epsilon }: Blend, target: SymbolicTensor): SymbolicTensor {
  const sum = reshape(sumInOne(terms), sizes(norm) ?? []);
  const divisor = applyOp('Add', [norm, number(epsilon)], norm);
  return applyOp('Mul', [w, applyOp('Div', [sum, divisor], norm)], target);
}

/** Three as well, of which the last multiplies everything: `w · sum · (norm + epsilon)^-½ · (norm + epsilon)^-½`. */
function product({ w, dims, terms, norm, axes, epsilon }: Blend): SymbolicTensor {
  const kept = dims.filter((_, i) => !axes.includes(i));
  const root = reshape(reciprocalRoot(norm, epsilon), kept);
  const sum = reshape(sumInOne(terms), kept);
  const all = dims.map((_, i) => String.fromCharCode(97 + i));
  const units = all.filter((_, i) => !axes.includes(i)).join('');
  const equation = `${[all.join(''), units, units, units].join(',')}->${all.join('')}`;
  const attributes = { equation: { type: 'string', value: equation } } as const;
  return applyOp('Einsum', [w, sum, root, root], w, { attributes });
}

/** `a · x + b · y` as one row. */
function sumInOne(terms: Blend['terms']): SymbolicTensor {
  // A term whose beta is 0 is left out, though 0 · ∞ is NaN; in the product it is not.
  const [multiplied, added] = terms[1].factor === 0 ? terms.toReversed() : terms;
  const row = ({ tensor }: Term): SymbolicTensor => reshape(tensor, [1, elementCount(sizes(tensor) ?? [])]);
  const [x, y] = [row(multiplied as Term), row(added as Term)];
  const factor = constant({
    dtype: 'float32',
    dims: [1, 1],
    data: Float32Array.of((multiplied as Term).factor),
  });
  const attributes = { beta: { type: 'float', value: (added as Term).factor } } as const;
  return applyOp('Gemm', [factor, x, y], x, { attributes });
}

/** `1 / √(norm + epsilon)`, which BatchNormalization alone computes in one dispatch. */
function reciprocalRoot(norm: SymbolicTensor, epsilon: number): SymbolicTensor {
  const count = elementCount(sizes(norm) ?? []);
  // ONNX Runtime fills them in when it makes the session; as constants they would be as large as the weights can be.
  const filled = (value: number, dims: readonly number[]): SymbolicTensor =>
    applyOp('Expand', [number(value), constant(int64Value(dims))], { dtype: 'float32', shape: dims });
  const [ones, zeros] = [filled(1, [count]), filled(0, [count])];
  const x = filled(1, [1, count, 1, 1]);
  const attributes = { epsilon: { type: 'float', value: epsilon } } as const;
  const variance = reshape(norm, [count]);
  const roots = applyOp('BatchNormalization', [x, ones, zeros, zeros, variance], x, { attributes });
  // Squeezed, since the transpose that brings channels back to their place goes with the dimensions, not with a Reshape.
  return squeeze(roots, [0, 2, 3]);
}

function isTrailing({ dims, axes }: Blend): boolean {
  return axes.every((axis) => axis >= dims.length - axes.length);
}

function readTerm(tensor: SymbolicTensor): Term | undefined {
  const [other, factor] = withScalar(tensor, 'Mul') ?? [];
  return other === undefined || factor === undefined ? undefined : { factor, tensor: other };
}

/** The two operands of an operator of which one is a number, in whichever order. */
function withScalar(
  tensor: SymbolicTensor | undefined,
  opType: string,
): readonly [SymbolicTensor, number] | undefined {
  const [a, b] = operands(tensor, opType) ?? [];
  const [left, right] = [scalarOf(a), scalarOf(b)];
  if (right !== undefined && a !== undefined) return [a, right];
  return left !== undefined && b !== undefined ? [b, left] : undefined;
}

function operands(
  tensor: SymbolicTensor | undefined,
  opType: string,
): readonly [SymbolicTensor, SymbolicTensor] | undefined {
  if (tensor?.source.kind !== 'op' || tensor.source.opType !== opType) return undefined;
  return tensor.source.inputs as readonly [SymbolicTensor, SymbolicTensor];
}

function scalarOf(tensor: SymbolicTensor | undefined): number | undefined {
  if (tensor?.source.kind !== 'constant' || elementCount(tensor.source.value.dims) !== 1) return undefined;
  return toFloat64(tensor.source.value)[0];
}

function number(value: number): SymbolicTensor {
  return constant({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
}

function sizes({ shape }: SymbolicTensor): readonly number[] | undefined {
  return shape?.every((dim) => typeof dim === 'number') ? (shape as readonly number[]) : undefined;
}
