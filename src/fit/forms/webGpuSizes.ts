// Sizes that only a run knows, without the CPU: WebGPU providers keep shapes there.
// Must not import other folders of fit.
import { toFloat64 } from '../../graph/numbers.js';
import { equal, where } from '../../ops/comparison.js';
import { dimsOf, slice } from '../../ops/moving.js';
import { sum } from '../../ops/reduction.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import type { FormCall } from './form.js';

/** `x` where `like` equals itself, and `x` elsewhere. */
export function repeatedLike({ tensor, inputs: [x, target] }: FormCall): SymbolicTensor | undefined {
  const like = target && shapeOwner(target);
  if (like === undefined || x === undefined || like.dtype === 'bool') return undefined;
  return applyOp('Where', [equal(like, like), x, x], tensor);
}

/** A one for each place along the axis, summed. */
export function sizeCounted({ tensor, inputs: [size] }: FormCall): SymbolicTensor | undefined {
  const picked = size && behind(size, 'Reshape');
  if (picked?.source.kind !== 'op' || picked.source.opType !== 'Gather' || tensor.dtype !== 'float32') {
    return undefined;
  }
  const [shape, index] = picked.source.inputs;
  const owner = shape && shapeOwner(shape);
  if (owner === undefined || index?.source.kind !== 'constant') return undefined;
  return sum(onesAlong(owner, toFloat64(index.source.value)[0] as number));
}

/** Ones along an axis of `x`, all other dimensions being of size 1. */
export function onesAlong(x: SymbolicTensor, axis: number): SymbolicTensor {
  const others = dimsOf('sizes', x).flatMap((_, i) => (i === axis ? [] : [{ axis: i, start: 0, end: 1 }]));
  const line = slice(x, others);
  return where(equal(line, line), 1, 1);
}

function shapeOwner({ source }: SymbolicTensor): SymbolicTensor | undefined {
  return source.kind === 'op' && source.opType === 'Shape' ? source.inputs[0] : undefined;
}

function behind(x: SymbolicTensor, opType: string): SymbolicTensor | undefined {
  return x.source.kind === 'op' && x.source.opType === opType ? x.source.inputs[0] : x;
}
