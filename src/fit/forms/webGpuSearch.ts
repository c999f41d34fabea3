// Where an extreme lies: the operator answers in int64, which WebGPU providers hand to the CPU.
// Must not import other folders of fit.
import { fromFloat64 } from '../../graph/numbers.js';
import { equal, where } from '../../ops/comparison.js';
import { dimsOf } from '../../ops/moving.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { castTo, constant } from '../../ops/tensorLike.js';
import type { FormCall } from './form.js';

/** The least number of a place along the last dimension whose element equals the largest. */
export function placeOfLargest({ tensor, inputs: [places] }: FormCall): SymbolicTensor | undefined {
  if (places?.source.kind !== 'op' || places.source.opType !== 'ArgMax') return undefined;
  const { axis, keepdims } = places.source.attributes;
  const x = places.source.inputs[0] as SymbolicTensor;
  const dims = dimsOf('argmax', x);
  const [last, size] = [dims.length - 1, dims.at(-1)];
  const isLast =
    axis?.type === 'int' && axis.value === last && keepdims?.type === 'int' && keepdims.value === 0;
  if (!isLast || typeof size !== 'number') return undefined;
  const largest = applyOp(
    'ReduceMax',
    [x],
    { dtype: x.dtype, shape: [...dims.slice(0, -1), 1] },
    { axes: [last], attributes: { keepdims: { type: 'int', value: 1 } } },
  );
  const numbers = Float64Array.from({ length: size }, (_, i) => i);
  const candidates = where(equal(x, largest), constant(fromFloat64(numbers, x.dtype, [size])), size);
  const first = applyOp(
    'ReduceMin',
    [candidates],
    { dtype: x.dtype, shape: tensor.shape },
    { axes: [last], attributes: { keepdims: { type: 'int', value: 0 } } },
  );
  return castTo(first, tensor.dtype);
}
