// Derivatives of functions of one tensor, element by element, and of softmax.
// Must not import other folders of fit.
import { greater, less } from '../../ops/comparison.js';
import { divide, exp, multiply, negative, square, subtract } from '../../ops/elementwise.js';
import { sum } from '../../ops/reduction.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { gated, inputAt, type Vjp, type VjpFamily } from './vjp.js';

/** A rule that multiplies the cotangent by the derivative at `x`, where the function is `y`. */
function pointwise(derivative: (x: SymbolicTensor, y: SymbolicTensor) => SymbolicTensor): Vjp {
  return (call) => [multiply(call.cotangent, derivative(inputAt(call, 0), call.result))];
}

/** Zero almost everywhere. */
const flat: Vjp = () => [undefined];

/** Comparisons, since providers hand the operator Sign to the CPU. */
const signOf = (x: SymbolicTensor): SymbolicTensor =>
  subtract(castTo(greater(x, 0), x.dtype), castTo(less(x, 0), x.dtype));

const softmaxVjp: Vjp = ({ result, cotangent, attributes }) => {
  const { axis } = attributes;
  const at = axis?.type === 'int' ? axis.value : -1;
  const weighted = sum(multiply(cotangent, result), at, true);
  return [multiply(result, subtract(cotangent, weighted))];
};

export const functionVjps: VjpFamily = {
  Identity: ({ cotangent }) => [cotangent],
  Cast: (call) => [castTo(call.cotangent, inputAt(call, 0).dtype)],
  Neg: ({ cotangent }) => [negative(cotangent)],
  Abs: pointwise((x) => signOf(x)),
  Sign: flat,
  Round: flat,
  Sqrt: ({ cotangent, result }) => [divide(cotangent, multiply(result, 2))],
  Exp: pointwise((_, y) => y),
  Log: (call) => [divide(call.cotangent, inputAt(call, 0))],
  Relu: ({ cotangent, result }) => [gated(greater(result, 0), cotangent)],
  Sigmoid: pointwise((_, y) => multiply(y, subtract(1, y))),
  Tanh: pointwise((_, y) => subtract(1, square(y))),
  Erf: pointwise((x) => multiply(exp(negative(square(x))), 2 / Math.sqrt(Math.PI))),
  Softmax: softmaxVjp,
};
