// Elements side by side along an axis, in turns; elements moved apart with zeros in between, which undoes a stride.
// Must not import anything above graph; the pure entry point must not import it.
import type { Dim } from '../graph/shape.js';
import { greater, where } from './comparison.js';
import { full } from './creation.js';
import { dimsOf, reshapeTo, sizeAt, slice } from './moving.js';
import { concatenate } from './shaping.js';
import type { SymbolicTensor } from './symbolicTensor.js';

/** `x` with `steps[i] - 1` zeros between its elements along `axes[i]`, and none behind the last. */
export function spread(x: SymbolicTensor, axes: readonly number[], steps: readonly number[]): SymbolicTensor {
  return axes.reduceRight((apart, axis, i) => {
    const step = steps[i] as number;
    if (step === 1) return apart;
    const zeros = Array.from({ length: step - 1 }, () => zerosOf(apart));
    const all = interleave([apart, ...zeros], axis);
    return slice(all, [{ axis, start: 0, end: sizeAt('spread', all, axis) - step + 1 }]);
  }, x);
}

/**
 * The first element of each part along `axis`, then the second of each, and so on; the parts have one shape.
 *
 * By joining blocks: ONNX Runtime pads and permutes single elements several times slower.
 */
export function interleave(parts: readonly SymbolicTensor[], axis: number): SymbolicTensor {
  const first = parts[0] as SymbolicTensor;
  const dims = dimsOf('spread', first);
  const behind = dims.slice(axis + 1) as readonly number[];
  const block = behind.reduce((a, b) => a * b, 1);
  const rows = productOf(dims.slice(0, axis + 1));
  const joined = concatenate(
    parts.map((part) => reshapeTo(part, [rows, 1, block])),
    1,
  );
  const size = sizeAt('spread', first, axis) * parts.length;
  return reshapeTo(joined, [...dims.slice(0, axis), size, ...behind]);
}

function productOf(dims: readonly Dim[]): Dim {
  return dims.every((dim) => typeof dim === 'number') ? dims.reduce((a, b) => a * b, 1) : null;
}

/** Zeros in the shape of `x`; where it is open, without asking for it, as providers have shapes on the processor. */
function zerosOf(x: SymbolicTensor): SymbolicTensor {
  const sizes = dimsOf('spread', x).filter((dim) => typeof dim === 'number');
  return sizes.length === x.shape?.length ? full(sizes, 0, x.dtype) : where(greater(x, x), x, 0);
}
