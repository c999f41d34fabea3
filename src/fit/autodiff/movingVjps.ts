// Derivatives of operators that move elements.
// Must not import other folders of fit.
import { UnsupportedError } from '../../graph/errors.js';
import { toFloat64 } from '../../graph/numbers.js';
import { inverse, permutationOf, permute } from '../../ops/dataFormat.js';
import { type AxisRange, addToRows, dimsOf, pad, reshapeTo, sizeAt, slice, take } from '../../ops/moving.js';
import { spread } from '../../ops/spread.js';
import { inputAt, unbroadcast, type Vjp, type VjpCall, type VjpFamily } from './vjp.js';

/** The elements go back to where they were. */
const reshaped: Vjp = (call) => [reshapeTo(call.cotangent, dimsOf('gradients', inputAt(call, 0)))];

const transposeVjp: Vjp = ({ result, cotangent }) => {
  const rank = dimsOf('gradients', result).length;
  const axes = permutationOf(result)?.axes ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return [permute(cotangent, inverse(axes))];
};

const concatVjp: Vjp = ({ inputs, attributes, cotangent }) => {
  const axis = attributes.axis?.type === 'int' ? attributes.axis.value : 0;
  let start = 0;
  return inputs.map((input) => {
    const end = start + sizeAt('gradients', input, axis);
    const part = slice(cotangent, [{ axis, start, end }]);
    start = end;
    return part;
  });
};

const padVjp: Vjp = (call) => {
  const before = integersAt(call, 1);
  const ranges = dimsOf('gradients', inputAt(call, 0)).flatMap((dim, axis): AxisRange[] => {
    const start = before[axis] as number;
    return typeof dim === 'number' ? [{ axis, start, end: start + dim }] : [];
  });
  return [slice(call.cotangent, ranges)];
};

const sliceVjp: Vjp = (call) => {
  const x = inputAt(call, 0);
  const starts = integersAt(call, 1);
  const axes = integersAt(call, 3);
  const steps = call.inputs.length > 4 ? integersAt(call, 4) : axes.map(() => 1);
  const spreadOut = spread(call.cotangent, axes, steps);
  const widths = dimsOf('gradients', x).map((_, axis): readonly [number, number] => {
    const at = axes.indexOf(axis);
    if (at < 0) return [0, 0];
    const before = starts[at] as number;
    return [before, sizeAt('gradients', x, axis) - before - sizeAt('gradients', spreadOut, axis)];
  });
  return [pad(spreadOut, widths)];
};

/** Each element goes back to where it was taken from; what was taken several times is summed. */
const gatherVjp: Vjp = (call) => {
  const [x, indices] = [inputAt(call, 0), inputAt(call, 1)];
  const { cotangent, attributes } = call;
  const axis = attributes.axis?.type === 'int' ? attributes.axis.value : 0;
  if (axis === 0) return [addToRows(x, indices, cotangent)];
  const order = indices.source.kind === 'constant' ? [...toFloat64(indices.source.value)] : [];
  if (indices.rank !== 1 || !isPermutation(order, sizeAt('gradients', x, axis))) {
    throw new UnsupportedError(
      'gradients: elements are taken along the first axis, or all of them in another order',
    );
  }
  return [take(cotangent, inverse(order), axis)];
};

const isPermutation = (order: readonly number[], size: number): boolean =>
  order.length === size && new Set(order).size === size;

/** The integers that an operator was given as a constant input. */
function integersAt(call: VjpCall, index: number): readonly number[] {
  const { source } = inputAt(call, index);
  if (source.kind === 'constant') return [...toFloat64(source.value)];
  throw new UnsupportedError('gradients: bounds and paddings must be constants');
}

export const movingVjps: VjpFamily = {
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transposeVjp,
  Expand: (call) => [unbroadcast(call.cotangent, inputAt(call, 0))],
  Concat: concatVjp,
  Pad: padVjp,
  Slice: sliceVjp,
  Gather: gatherVjp,
};
