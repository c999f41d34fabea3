// Derivatives of sums, means, extremes and norms.
// Must not import other folders of fit.
import { fromFloat64 } from '../../graph/numbers.js';
import type { Dim } from '../../graph/shape.js';
import { equal, notEqual, where } from '../../ops/comparison.js';
import { abs, divide, multiply } from '../../ops/elementwise.js';
import { broadcastLike, dimsOf, reshapeTo } from '../../ops/moving.js';
import { sum } from '../../ops/reduction.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo, constant, int64Value } from '../../ops/tensorLike.js';
import { inputAt, type Vjp, type VjpCall, type VjpFamily } from './vjp.js';

/** The reduced dimensions; all where none are named. */
function reducedAxes(call: VjpCall): readonly number[] {
  return call.axes ?? dimsOf('gradients', inputAt(call, 0)).map((_, i) => i);
}

/** A tensor of the result's shape with the reduced dimensions back, of size 1. */
function withAxes(call: VjpCall, reduced: SymbolicTensor): SymbolicTensor {
  const axes = reducedAxes(call);
  const shape = dimsOf('gradients', inputAt(call, 0)).map((dim, i) => (axes.includes(i) ? 1 : dim));
  return reshapeTo(reduced, shape);
}

/** How many elements went into each of the result; asked of the input where a dimension is open. */
function reducedCount(call: VjpCall): SymbolicTensor {
  const x = inputAt(call, 0);
  const dims = dimsOf('gradients', x);
  const sizes: readonly Dim[] = reducedAxes(call).map((axis) => dims[axis] ?? null);
  const known = sizes.reduce<number>(
    (product, size) => (typeof size === 'number' ? product * size : product),
    1,
  );
  const open = reducedAxes(call).filter((_, i) => typeof sizes[i] !== 'number');
  const start: SymbolicTensor = constant(fromFloat64([known], x.dtype, []));
  return open.reduce((count, axis) => multiply(count, castTo(sizeOf(x, axis), x.dtype)), start);
}

function sizeOf(x: SymbolicTensor, axis: number): SymbolicTensor {
  const shape = applyOp('Shape', [x], { dtype: 'int64', shape: [dimsOf('gradients', x).length] });
  const picked = applyOp('Gather', [shape, constant(int64Value([axis]))], { dtype: 'int64', shape: [1] });
  return reshapeTo(picked, []);
}

const sumVjp: Vjp = (call) => [broadcastLike(withAxes(call, call.cotangent), inputAt(call, 0))];

const meanVjp: Vjp = (call) => {
  const each = divide(withAxes(call, call.cotangent), reducedCount(call));
  return [broadcastLike(each, inputAt(call, 0))];
};

/** Equal extremes share, as in JAX. */
const extremeVjp: Vjp = (call) => {
  const x = inputAt(call, 0);
  const hits = castTo(equal(x, withAxes(call, call.result)), x.dtype);
  const count = sum(hits, reducedAxes(call), true);
  return [multiply(hits, divide(withAxes(call, call.cotangent), count))];
};

/** At zero, where the norm has no derivative, it is taken for zero. */
const euclideanVjp: Vjp = (call) => {
  const norm = withAxes(call, call.result);
  const scale = where(notEqual(norm, 0), divide(withAxes(call, call.cotangent), norm), 0);
  return [multiply(inputAt(call, 0), scale)];
};

const absoluteVjp: Vjp = (call) => {
  const x = inputAt(call, 0);
  const sign = where(notEqual(x, 0), divide(x, abs(x)), 0);
  return [multiply(sign, withAxes(call, call.cotangent))];
};

export const reductionVjps: VjpFamily = {
  ReduceSum: sumVjp,
  ReduceMean: meanVjp,
  ReduceMax: extremeVjp,
  ReduceMin: extremeVjp,
  ReduceL2: euclideanVjp,
  ReduceL1: absoluteVjp,
};
