// Convolutions that the processor computes faster otherwise.
// Must not import other folders of fit.
import type { Dim } from '../../graph/shape.js';
import type { ConvWindow } from '../../ops/convolution.js';
import { permute } from '../../ops/dataFormat.js';
import { dimsOf, reshapeTo, sizeAt, slice } from '../../ops/moving.js';
import { sum } from '../../ops/reduction.js';
import { concatenate, matmul, transpose } from '../../ops/shaping.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { placesIn } from '../../ops/windows.js';
import { convWindowOf } from '../autodiff/convolutionVjps.js';
import type { FormCall } from './form.js';

/** With more results a filter than this, the graph would become long. */
const MOST_PLACES = 64;

/**
 * One matrix product over a window that is longer than the result, as in gradients of kernels, with what lies under the
 * window at each place side by side: `result[a, o, place] = Σ_c Σ_i x[a, c, place + i] · kernel[o, c, i]`.
 */
export function placesSideBySide({ tensor, inputs, attributes }: FormCall): SymbolicTensor | undefined {
  const [x, kernel, bias] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor | undefined];
  const window = convWindowOf(attributes);
  const places = dimsOf('conv', tensor).slice(2) as readonly number[];
  const length = product(dimsOf('conv', kernel).slice(2) as readonly number[]);
  const count = product(places);
  const rows = dimsOf('conv', x)[0];
  const isPadded = window.pads.some(([before, after]) => before > 0 || after > 0);
  if (bias !== undefined || window.groups !== 1 || isPadded) return undefined;
  // In the forward direction the rows are the batch, which may be open.
  if (typeof rows !== 'number' || count >= length || count > MOST_PLACES) return undefined;
  const filters = sizeAt('conv', kernel, 0);
  const channels = dimsOf('conv', kernel)[1] as Dim;
  // A product for each channel needs nothing moved, where what it gives is no more than what it takes.
  const isByChannel = rows * filters <= length * (rows + filters);
  const [left, right] = isByChannel ? [exchanged(kernel), exchanged(x)] : [kernel, x];
  const parts = placesIn(places).map((at) => under(right, kernel, window, at));
  const multiplied = isByChannel
    ? sum(
        matmul(
          reshapeTo(left, [channels, filters, length]),
          transpose(reshapeTo(concatenate(parts, 1), [channels, count * rows, length]), [0, 2, 1]),
        ),
        0,
      )
    : matmul(
        reshapeTo(left, [filters, times(channels, length)]),
        transpose(reshapeTo(concatenate(parts, 0), [count * rows, times(channels, length)])),
      );
  const byPlace = permute(reshapeTo(multiplied, [filters, count, rows]), [2, 0, 1]);
  return reshapeTo(byPlace, [rows, filters, ...places]);
}

/** What lies under the window at a place. */
function under(
  x: SymbolicTensor,
  kernel: SymbolicTensor,
  { strides, dilations }: ConvWindow,
  at: readonly number[],
): SymbolicTensor {
  const ranges = at.map((place, i) => {
    const [start, step] = [place * (strides[i] as number), dilations[i] as number];
    return { axis: i + 2, start, end: start + (sizeAt('conv', kernel, i + 2) - 1) * step + 1, step };
  });
  return slice(x, ranges);
}

/** The first two dimensions in each other's place. */
function exchanged(x: SymbolicTensor): SymbolicTensor {
  return permute(
    x,
    dimsOf('conv', x).map((_, i) => (i < 2 ? 1 - i : i)),
  );
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const times = (size: Dim, by: number): Dim => (typeof size === 'number' ? size * by : null);
