// Derivatives of operators on two operands that broadcast, and of choices between them.
// Must not import other folders of fit.
import { equal, greater, less, logicalAnd, where } from '../../ops/comparison.js';
import { add, divide, log, multiply, negative, power, subtract } from '../../ops/elementwise.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { eachInput, gated, inputAt, unbroadcast, type Vjp, type VjpCall, type VjpFamily } from './vjp.js';

/** A rule for two operands, without the sums that broadcasting asks for. */
function pairwise(
  rule: (
    a: SymbolicTensor,
    b: SymbolicTensor,
    call: VjpCall,
  ) => readonly [() => SymbolicTensor, () => SymbolicTensor],
): Vjp {
  return (call) => {
    const [a, b] = [inputAt(call, 0), inputAt(call, 1)];
    const [left, right] = rule(a, b, call);
    return eachInput(
      call,
      () => unbroadcast(left(), a),
      () => unbroadcast(right(), b),
    );
  };
}

/** The larger (or smaller) operand takes all; equal ones share, as in JAX. */
function extreme(wins: typeof greater): Vjp {
  return pairwise((a, b, { cotangent }) => {
    const share = (x: SymbolicTensor, y: SymbolicTensor): SymbolicTensor => {
      const half = multiply(castTo(equal(x, y), cotangent.dtype), 0.5);
      return multiply(cotangent, add(castTo(wins(x, y), cotangent.dtype), half));
    };
    return [() => share(a, b), () => share(b, a)];
  });
}

const whereVjp: Vjp = (call) => {
  const [condition, a, b] = [inputAt(call, 0), inputAt(call, 1), inputAt(call, 2)];
  const { cotangent } = call;
  return [
    undefined,
    call.needs(1) ? unbroadcast(where(condition, cotangent, 0), a) : undefined,
    call.needs(2) ? unbroadcast(where(condition, 0, cotangent), b) : undefined,
  ];
};

/** Nothing passes where a bound holds. */
const clipVjp: Vjp = (call) => {
  const [x, low, high] = [inputAt(call, 0), inputAt(call, 1), inputAt(call, 2)];
  return [gated(logicalAnd(greater(x, low), less(x, high)), call.cotangent)];
};

export const arithmeticVjps: VjpFamily = {
  Add: pairwise((_a, _b, { cotangent }) => [() => cotangent, () => cotangent]),
  Sub: pairwise((_a, _b, { cotangent }) => [() => cotangent, () => negative(cotangent)]),
  Mul: pairwise((a, b, { cotangent }) => [() => multiply(cotangent, b), () => multiply(cotangent, a)]),
  Div: pairwise((_a, b, { cotangent, result }) => [
    () => divide(cotangent, b),
    () => negative(divide(multiply(cotangent, result), b)),
  ]),
  Pow: pairwise((a, b, { cotangent, result }) => [
    () => multiply(cotangent, multiply(b, power(a, subtract(b, 1)))),
    () => multiply(cotangent, multiply(result, log(a))),
  ]),
  Max: extreme(greater),
  Min: extreme(less),
  Where: whereVjp,
  Clip: clipVjp,
};
