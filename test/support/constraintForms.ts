// Constraints of every form that a lowering tells from the others, Keras's own and custom ones.
// Must not import anything from lowering.
import {
  type Constraint,
  get,
  maxNorm,
  minMaxNorm,
  nonNeg,
  ops,
  type SymbolicTensor,
  unitNorm,
} from '../../src/index.js';

type Make = (axis: number[]) => Constraint;

function custom(call: (w: SymbolicTensor, axis: number[]) => SymbolicTensor): Make {
  return (axis) => get((w: SymbolicTensor) => call(w, axis)) as Constraint;
}

function norm(w: SymbolicTensor, axis: number[]): SymbolicTensor {
  return ops.norm(w, { axis, keepdims: true });
}

/** `w · factor(‖w‖)` and `w / factor(‖w‖)`. */
export const scaled: Readonly<Record<string, Make>> = {
  maxNorm: (axis) => maxNorm({ maxValue: 0.5, axis }),
  minMaxNorm: (axis) => minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.9, axis }),
  unitNorm: (axis) => unitNorm({ axis }),
  'w * minimum(1, 3 / norm)': custom((w, axis) =>
    ops.multiply(w, ops.minimum(1, ops.divide(3, ops.add(norm(w, axis), 1e-3)))),
  ),
  'minimum(1, 3 / norm) * w': custom((w, axis) =>
    ops.multiply(ops.minimum(1, ops.divide(3, ops.add(norm(w, axis), 1e-3))), w),
  ),
  'w / maximum(1, norm / 2)': custom((w, axis) =>
    ops.divide(w, ops.maximum(1, ops.divide(norm(w, axis), 2))),
  ),
  'w * clip(norm, 0, 2) / norm, written out': custom((w, axis) => {
    const length = ops.sqrt(ops.sum(ops.square(w), { axis, keepdims: true }));
    return ops.multiply(w, ops.divide(ops.clip(length, 0, 2), ops.add(1e-3, length)));
  }),
};

export const elementwise: Readonly<Record<string, Make>> = {
  nonNeg: () => nonNeg(),
  clip: custom((w) => ops.clip(w, -0.3, 0.7)),
  where: custom((w) => ops.where(ops.greater(w, 0), w, ops.multiply(w, 0.125))),
};

export const opaque: Readonly<Record<string, Make>> = {
  centred: custom((w, axis) => ops.subtract(w, ops.mean(w, { axis, keepdims: true }))),
  'two norms': custom((w, axis) =>
    ops.divide(w, ops.add(ops.add(norm(w, axis), ops.max(ops.abs(w), { axis, keepdims: true })), 1e-3)),
  ),
};
