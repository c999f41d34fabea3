// Losses on the margin by which a prediction is on the right side.
// Must not import other folders of fit but settings.
import { equal, where } from '../../ops/comparison.js';
import { add, maximum, multiply, relu, square, subtract } from '../../ops/elementwise.js';
import { dimsOf } from '../../ops/moving.js';
import { mean, sum } from '../../ops/reduction.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import type { LossFamily } from './lossKind.js';

/** Labels of 0 and 1 become -1 and 1, where all of the batch are; others stay, as in Keras. */
function signed(labels: SymbolicTensor): SymbolicTensor {
  const is = (value: number): SymbolicTensor => castTo(equal(labels, value), labels.dtype);
  // Counted, since WebGPU hands Or to the CPU.
  const others = sum(subtract(subtract(1, is(0)), is(1)));
  return where(equal(others, 0), subtract(multiply(labels, 2), 1), labels);
}

/** `max(0, 1 - label · prediction)` */
const margin = (labels: SymbolicTensor, predictions: SymbolicTensor): SymbolicTensor =>
  relu(subtract(1, multiply(signed(labels), predictions)));

/** The largest along the last dimension; `ops.max` looks for NaN as well, which WebGPU hands to the CPU. */
function largest(x: SymbolicTensor): SymbolicTensor {
  const shape = dimsOf('categoricalHinge', x).slice(0, -1);
  const attributes = { keepdims: { type: 'int', value: 0 } } as const;
  return applyOp('ReduceMax', [x], { dtype: x.dtype, shape }, { attributes, axes: [shape.length] });
}

export const hingeLosses: LossFamily = {
  Hinge: {
    settings: [],
    labels: 'values',
    call: (labels, predictions) => mean(margin(labels, predictions), -1),
  },
  SquaredHinge: {
    settings: [],
    labels: 'values',
    call: (labels, predictions) => mean(square(margin(labels, predictions)), -1),
  },
  CategoricalHinge: {
    settings: [],
    labels: 'values',
    call: (labels, predictions) => {
      const right = sum(multiply(labels, predictions), -1);
      const wrong = largest(multiply(subtract(1, labels), predictions));
      return maximum(add(subtract(wrong, right), 1), 0);
    },
  },
};
