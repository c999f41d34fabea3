// Convolutions that the CPU runs faster as products.
// Must not import other folders of fit.
import { permutationOf, permute } from '../../ops/dataFormat.js';
import { add } from '../../ops/elementwise.js';
import { dimsOf, reshapeTo, slice, take } from '../../ops/moving.js';
import { concatenate, matmul } from '../../ops/shaping.js';
import { applyOp, type SymbolicTensor } from '../../ops/symbolicTensor.js';
import { constant, int64Value } from '../../ops/tensorLike.js';
import { placesIn } from '../../ops/windows.js';
import { convWindowOf } from '../autodiff/convolutionVjps.js';
import type { FormCall } from './form.js';

/** Fewer channels than this are too little to copy at once. */
const FEWEST_CHANNELS = 8;
/** How many numbers of a sample may be laid out under all places at once; of more, one place is taken after another. */
const MOST_TOGETHER = 2 ** 18;

/**
 * The gradient of a kernel: with batch and channels exchanged, a convolution whose window is nearly as large as its input.
 *
 * `x` is (C, N, …spatial), the window (O, N, …window). What lies under the window at each place, channels side by side, is
 * a matrix (N · window, C), and `its transpose · (N · window, O)` is the result at that place.
 */
export function kernelGradientByProduct({
  tensor,
  inputs,
  attributes,
}: FormCall): SymbolicTensor | undefined {
  const [x, kernel, bias] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor | undefined];
  const window = convWindowOf(attributes);
  const [channels, batch = null, ...sizes] = dimsOf('conv', x);
  const [filters, , ...spans] = dimsOf('conv', kernel) as readonly number[];
  const places = dimsOf('conv', tensor).slice(2) as readonly number[];
  const isPlain = window.groups === 1 && bias === undefined && window.pads.flat().every((size) => size === 0);
  if (!isPlain || !isExchanged(x) || !isExchanged(kernel) || product(places) >= product(spans))
    return undefined;
  if (typeof channels !== 'number' || channels < FEWEST_CHANNELS) return undefined;
  const last = [...sizes.map((_, i) => i + 2), 0];
  const byPlace = permute(x, [1, ...last]);
  const rows = typeof batch === 'number' ? batch * product(spans) : null;
  const columns = reshapeTo(permute(kernel, [1, ...last]), [rows, filters as number]);
  const under = (list: readonly SymbolicTensor[]): SymbolicTensor => concatenate(list, 0);
  const ground = { byPlace, rows, columns, window, places, spans, sizes: sizes as readonly number[] };
  const together = product(places) * product(spans) * channels;
  const result = together <= MOST_TOGETHER ? allPlaces(ground, channels) : under(eachPlace(ground, channels));
  const shaped = reshapeTo(result, [...places, channels, filters as number]);
  return permute(shaped, [places.length, places.length + 1, ...places.map((_, i) => i)]);
}

/**
 * A transposed convolution: what each element puts under its window is a product, `(C · window, O) · (N, O, elements)`, and
 * Col2Im sums it, an image after another as ConvTranspose does, but with the product on all threads.
 */
export function transposedByProduct({
  tensor,
  inputs,
  attributes,
  opset = 0,
}: FormCall): SymbolicTensor | undefined {
  const [x, kernel, bias] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor | undefined];
  const { strides, dilations, pads, groups } = convWindowOf(attributes);
  const [filters, channels, ...spans] = dimsOf('conv', kernel) as readonly number[];
  const [batch = null, , ...sizes] = dimsOf('conv', x);
  const places = sizes as readonly number[];
  const rows = (channels as number) * product(spans);
  // ONNX Runtime's Col2Im is wrong where one dimension is dilated, and no faster in three.
  const isPlain = groups === 1 && spans.length === 2 && dilations.every((size) => size === 1);
  if (opset < 18 || !isPlain || rows * product(places) > MOST_TOGETHER) return undefined;
  const axes = [1, ...spans.map((_, i) => i + 2), 0];
  const columns = matmul(
    reshapeTo(permute(kernel, axes), [rows, filters as number]),
    reshapeTo(x, [batch, filters as number, product(places)]),
  );
  const sizesOf = (list: readonly number[]): SymbolicTensor => constant(int64Value(list));
  const image = dimsOf('conv', tensor).slice(2) as readonly number[];
  const summed = applyOp('Col2Im', [columns, sizesOf(image), sizesOf(spans)], tensor, {
    attributes: {
      pads: { type: 'ints', value: [...pads.map(([start]) => start), ...pads.map(([, end]) => end)] },
      strides: { type: 'ints', value: strides },
    },
  });
  if (bias === undefined) return summed;
  return add(summed, reshapeTo(bias, [1, channels as number, ...spans.map(() => 1)]));
}

interface Ground {
  /** (N, …spatial, C) */
  readonly byPlace: SymbolicTensor;
  /** N · window */
  readonly rows: number | null;
  /** (N · window, O) */
  readonly columns: SymbolicTensor;
  readonly window: { readonly strides: readonly number[]; readonly dilations: readonly number[] };
  readonly places: readonly number[];
  readonly spans: readonly number[];
  readonly sizes: readonly number[];
}

function allPlaces(
  { byPlace, rows, columns, window, places, spans, sizes }: Ground,
  channels: number,
): SymbolicTensor {
  const batch = dimsOf('conv', byPlace)[0] ?? null;
  const indices = placesIn(spans).flatMap((inside) =>
    placesIn(places).map((place) =>
      sizes.reduce(
        (at, size, i) =>
          at * size +
          (place[i] as number) * (window.strides[i] as number) +
          (inside[i] as number) * (window.dilations[i] as number),
        0,
      ),
    ),
  );
  const flat = reshapeTo(byPlace, [batch, product(sizes), channels]);
  const under = reshapeTo(take(flat, indices, 1), [rows, product(places) * channels]);
  return matmul(permute(under, [1, 0]), columns);
}

function eachPlace(
  { byPlace, rows, columns, window, places, spans }: Ground,
  channels: number,
): SymbolicTensor[] {
  return placesIn(places).map((place) => {
    const ranges = place.map((at, i) => {
      const start = at * (window.strides[i] as number);
      const step = window.dilations[i] as number;
      return { axis: i + 1, start, end: start + ((spans[i] as number) - 1) * step + 1, step };
    });
    const under = reshapeTo(slice(byPlace, ranges), [rows, channels]);
    return matmul(permute(under, [1, 0]), columns);
  });
}

/** Whether batch and channels may have changed places: what is permuted was computed, and is no variable or sample. */
function isExchanged(x: SymbolicTensor): boolean {
  const inner = permutationOf(x);
  return inner !== undefined && inner.axes[0] !== 0;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
