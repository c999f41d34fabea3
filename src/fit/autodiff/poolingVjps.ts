// Derivatives of poolings, by masks: the indices of MaxPool fail on WebGPU.
// Must not import other folders of fit.
import type { Attribute } from '../../graph/graph.js';
import { fromFloat64 } from '../../graph/numbers.js';
import type { Dim } from '../../graph/shape.js';
import { equal } from '../../ops/comparison.js';
import { add, multiply, subtract } from '../../ops/elementwise.js';
import { dimsOf, pad, sizeAt, slice } from '../../ops/moving.js';
import type { PoolWindow } from '../../ops/pooling.js';
import { interleave, spread } from '../../ops/spread.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { constant } from '../../ops/tensorLike.js';
import { placesIn } from '../../ops/windows.js';
import { gated, inputAt, type Vjp, type VjpFamily } from './vjp.js';

/** Lower than what any window holds but infinity. */
const lowest = -3.4028234663852886e38;

/** The first of the largest elements of a window takes the cotangent, as in XLA. */
const maxPoolVjp: Vjp = (call) => {
  const x = inputAt(call, 0);
  const window = poolWindowOf(call.attributes);
  const padded = pad(x, [[0, 0], [0, 0], ...window.pads], lowest);
  let left = call.cotangent;
  const parts = placesIn(window.size).map((offset) => {
    const part = gated(equal(under(padded, call.result, window, offset), call.result), left);
    left = subtract(left, part);
    return { offset, part };
  });
  return [gather(parts, padded, x, window)];
};

/** Each element of a window takes an equal part. */
const averagePoolVjp: Vjp = (call) => {
  const x = inputAt(call, 0);
  const window = poolWindowOf(call.attributes);
  const padded = pad(x, [[0, 0], [0, 0], ...window.pads]);
  const part = multiply(call.cotangent, shares(x, call.result, window));
  const parts = placesIn(window.size).map((offset) => ({ offset, part }));
  return [gather(parts, padded, x, window)];
};

/** The window that the attributes of a pooling describe. */
export function poolWindowOf(attributes: Readonly<Record<string, Attribute>>): PoolWindow {
  const list = (name: string): readonly number[] => {
    const value = attributes[name];
    return value?.type === 'ints' ? value.value : [];
  };
  const [size, pads] = [list('kernel_shape'), list('pads')];
  return {
    size,
    strides: list('strides'),
    pads: size.map((_, i) => [pads[i], pads[i + size.length]] as never),
  };
}

/** What lies at one place of each window. */
function under(
  padded: SymbolicTensor,
  result: SymbolicTensor,
  { strides }: PoolWindow,
  offset: readonly number[],
): SymbolicTensor {
  const ranges = strides.map((step, i) => {
    const start = offset[i] as number;
    return { axis: i + 2, start, end: start + (sizeAt('gradients', result, i + 2) - 1) * step + 1, step };
  });
  return slice(padded, ranges);
}

/** The sum of the parts, each back at its place of each window. */
function gather(
  parts: readonly Part[],
  padded: SymbolicTensor,
  x: SymbolicTensor,
  window: PoolWindow,
): SymbolicTensor {
  const isSideBySide = window.size.every((span, i) => span === window.strides[i]);
  const total = isSideBySide ? sideBySide(parts, padded, window) : summed(parts, padded, window);
  const ranges = window.pads.map(([before], i) => ({
    axis: i + 2,
    start: before,
    end: before + sizeAt('gradients', x, i + 2),
  }));
  return slice(total, ranges);
}

interface Part {
  readonly offset: readonly number[];
  readonly part: SymbolicTensor;
}

/** Windows that do not overlap put each part into places of its own. */
function sideBySide(parts: readonly Part[], padded: SymbolicTensor, { size }: PoolWindow): SymbolicTensor {
  const lined = size.reduceRight<readonly SymbolicTensor[]>(
    (all, span, i) =>
      Array.from({ length: all.length / span }, (_, at) =>
        interleave(all.slice(at * span, (at + 1) * span), i + 2),
      ),
    parts.map(({ part }) => part),
  );
  const whole = lined[0] as SymbolicTensor;
  const rest = size.map((_, i): readonly [number, number] => [
    0,
    sizeAt('gradients', padded, i + 2) - sizeAt('gradients', whole, i + 2),
  ]);
  return pad(whole, [[0, 0], [0, 0], ...rest]);
}

function summed(parts: readonly Part[], padded: SymbolicTensor, { strides }: PoolWindow): SymbolicTensor {
  const axes = strides.map((_, i) => i + 2);
  return parts
    .map(({ offset, part }) => {
      const apart = spread(part, axes, strides);
      const widths = offset.map((before, i): readonly [number, number] => [
        before,
        sizeAt('gradients', padded, i + 2) - before - sizeAt('gradients', apart, i + 2),
      ]);
      return pad(apart, [[0, 0], [0, 0], ...widths]);
    })
    .reduce((a, b) => add(a, b));
}

/** One over the number of elements in each window, padding left out: the product of what each dimension gives. */
function shares(
  x: SymbolicTensor,
  result: SymbolicTensor,
  { size, strides, pads }: PoolWindow,
): SymbolicTensor {
  const lines = size.map((span, i) => {
    const extent = sizeAt('gradients', x, i + 2);
    return Array.from({ length: sizeAt('gradients', result, i + 2) }, (_, at) => {
      const start = at * (strides[i] as number) - (pads[i]?.[0] as number);
      return Math.min(start + span, extent) - Math.max(start, 0);
    });
  });
  const counts = lines.reduce<number[]>((all, line) => all.flatMap((a) => line.map((b) => a * b)), [1]);
  const dims: readonly Dim[] = [1, 1, ...dimsOf('gradients', result).slice(2)];
  return constant(
    fromFloat64(
      counts.map((count) => 1 / count),
      x.dtype,
      dims as readonly number[],
    ),
  );
}

export const poolingVjps: VjpFamily = { MaxPool: maxPoolVjp, AveragePool: averagePoolVjp };
