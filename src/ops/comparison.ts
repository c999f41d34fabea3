// Comparisons, logic and selection of keras.ops on symbolic tensors.
// Must not import anything above graph.
import { dtypeKind } from '../graph/dtype.js';
import { arithmeticDType, signedDType } from './arithmeticDtype.js';
import { broadcast, pair } from './elementwise.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, operand, type TensorLike } from './tensorLike.js';

/** `x1 == x2`, as bool. */
export function equal(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return compare('equal', 'Equal', x1, x2);
}

/** `x1 != x2`, as bool; true where either is NaN. */
export function notEqual(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return logicalNot(compare('notEqual', 'Equal', x1, x2));
}

/** `x1 > x2`, as bool. */
export function greater(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return compare('greater', 'Greater', x1, x2);
}

/** `x1 >= x2`, as bool. */
export function greaterEqual(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return compare('greaterEqual', 'GreaterOrEqual', x1, x2);
}

/** `x1 < x2`, as bool. */
export function less(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return compare('less', 'Less', x1, x2);
}

/** `x1 <= x2`, as bool. */
export function lessEqual(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return compare('lessEqual', 'LessOrEqual', x1, x2);
}

/** True where both are true (non-zero). */
export function logicalAnd(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return logical('logicalAnd', 'And', x1, x2);
}

/** True where either is true (non-zero). */
export function logicalOr(x1: TensorLike, x2: TensorLike): SymbolicTensor {
  return logical('logicalOr', 'Or', x1, x2);
}

/** True where `x` is false (zero). */
export function logicalNot(x: TensorLike): SymbolicTensor {
  const value = castTo(operand('logicalNot', x), 'bool');
  return applyOp('Not', [value], value);
}

/** True where `x` is NaN. */
export function isnan(x: TensorLike): SymbolicTensor {
  const value = operand('isnan', x);
  const wide = arithmeticDType('isnan', value.dtype);
  const floats = castTo(value, dtypeKind(wide) === 'float' ? wide : 'float32');
  return applyOp('IsNaN', [floats], { dtype: 'bool', shape: floats.shape });
}

/** `x1` where `condition` is true (non-zero), else `x2`; all three broadcast. */
export function where(condition: TensorLike, x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const mask = castTo(operand('where', condition), 'bool');
  const [a, b] = pair('where', x1, x2);
  const shape = broadcast('where', mask.shape, a.shape, b.shape);
  // ONNX Runtime selects between few integer types, and not between booleans.
  const dtype = signedDType('where', a.dtype);
  return castTo(applyOp('Where', [mask, castTo(a, dtype), castTo(b, dtype)], { dtype, shape }), a.dtype);
}

function compare(op: string, opType: string, x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const [a, b] = pair(op, x1, x2);
  const dtype = arithmeticDType(op, a.dtype);
  return applyOp(opType, [castTo(a, dtype), castTo(b, dtype)], {
    dtype: 'bool',
    shape: broadcast(op, a.shape, b.shape),
  });
}

function logical(op: string, opType: string, x1: TensorLike, x2: TensorLike): SymbolicTensor {
  const a = castTo(operand(op, x1), 'bool');
  const b = castTo(operand(op, x2), 'bool');
  return applyOp(opType, [a, b], { dtype: 'bool', shape: broadcast(op, a.shape, b.shape) });
}
