// Poolings of convolutions that the processor computes faster otherwise.
// Must not import other folders of fit.
import { toFloat64 } from '../../graph/numbers.js';
import { type ConvWindow, convolve } from '../../ops/convolution.js';
import { maximum } from '../../ops/elementwise.js';
import { dimsOf, sizeAt, slice } from '../../ops/moving.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { placesIn } from '../../ops/windows.js';
import { convWindowOf } from '../autodiff/convolutionVjps.js';
import { poolWindowOf } from '../autodiff/poolingVjps.js';
import type { FormCall } from './form.js';

/** What is taken of a dimension: `start`, `start + step`, … */
interface Places {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** The largest of windows side by side over a convolution: of convolutions that move as far as the windows do. */
export function largestOfConvolutions({
  tensor,
  inputs: [x],
  attributes,
}: FormCall): SymbolicTensor | undefined {
  const { size, strides, pads } = poolWindowOf(attributes);
  const isSideBySide = size.every((span, i) => span === strides[i]);
  const isPadded = pads.some(([before, after]) => before > 0 || after > 0);
  if (x === undefined || !isConvolution(x) || !isSideBySide || isPadded) return undefined;
  const counts = dimsOf('pool', tensor).slice(2) as readonly number[];
  return placesIn(size)
    .map((offset) =>
      convolvedAt(
        x,
        offset.map((start, i) => ({ start, step: strides[i] as number, count: counts[i] as number })),
      ),
    )
    .reduce((a, b) => maximum(a, b));
}

/** Every n-th element of a convolution: a convolution that moves n times as far, the same as of the pooling. */
export function stepsOfConvolution({ tensor, inputs }: FormCall): SymbolicTensor | undefined {
  const [x, starts, , axes, steps] = inputs;
  if (x === undefined || !isConvolution(x) || steps === undefined) return undefined;
  const [first, along, step] = [starts, axes, steps].map((list) =>
    list?.source.kind === 'constant' ? [...toFloat64(list.source.value)] : [],
  ) as [number[], number[], number[]];
  if (along.some((axis) => axis < 2)) return undefined;
  const dims = dimsOf('slice', tensor);
  return convolvedAt(
    x,
    dims.slice(2).map((count, i) => {
      const at = along.indexOf(i + 2);
      return { start: first[at] ?? 0, step: step[at] ?? 1, count: count as number };
    }),
  );
}

const isConvolution = ({ source }: SymbolicTensor): boolean =>
  source.kind === 'op' && source.opType === 'Conv';

/** The results of a convolution at some places alone. */
function convolvedAt({ source }: SymbolicTensor, places: readonly Places[]): SymbolicTensor {
  if (source.kind !== 'op') throw new TypeError('is no convolution');
  const [x, kernel, bias] = source.inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor | undefined];
  const window = convWindowOf(source.attributes);
  const strides = places.map(({ step }, i) => step * (window.strides[i] as number));
  // Where the first window begins and the last one ends, counted from the first element; there may be more behind.
  const reach = places.map(({ start, count }, i): readonly [number, number] => {
    const begin = start * (window.strides[i] as number) - (window.pads[i]?.[0] as number);
    const span = (sizeAt('conv', kernel, i + 2) - 1) * (window.dilations[i] as number) + 1;
    return [begin, begin + (count - 1) * (strides[i] as number) + span];
  });
  const size = (i: number): number => sizeAt('conv', x, i + 2);
  const cut = slice(
    x,
    reach.map(([begin, end], i) => {
      const rest = size(i) - end;
      return { axis: i + 2, start: Math.max(begin, 0), end: rest < (strides[i] as number) ? size(i) : end };
    }),
  );
  const pads = reach.map(([begin, end], i): readonly [number, number] => [
    Math.max(-begin, 0),
    Math.max(end - size(i), 0),
  ]);
  const moved: ConvWindow = { ...window, strides, pads };
  return convolve(cut, kernel, moved, bias);
}
