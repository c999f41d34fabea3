// Convolutions, average poolings and the error function in float64, for which ONNX Runtime has no kernels: as sums over the
// places of a window, and as a series.
// Must not import anything from src/fit, whose derivatives are judged by these.
import type { Attribute } from '../../src/graph/graph.js';
import * as ops from '../../src/ops/index.js';
import { dimsOf, pad, reshapeTo, sizeAt, slice } from '../../src/ops/moving.js';
import { rewriteAll } from '../../src/ops/rewrite.js';
import type { SymbolicTensor } from '../../src/ops/symbolicTensor.js';
import { placesIn } from '../../src/ops/windows.js';

type Attributes = Readonly<Record<string, Attribute>>;

/** The same values by operators that run in float64. */
export function doubleForms(targets: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
  return rewriteAll(targets, (tensor, inputs) => {
    const { source } = tensor;
    if (source.kind !== 'op') return undefined;
    if (source.opType === 'Conv') return convolution(tensor, inputs, source.attributes);
    if (source.opType === 'AveragePool')
      return averages(tensor, inputs[0] as SymbolicTensor, source.attributes);
    return source.opType === 'Erf' ? errorFunction(inputs[0] as SymbolicTensor) : undefined;
  });
}

const integers = (attributes: Attributes, name: string): readonly number[] => {
  const value = attributes[name];
  return value?.type === 'ints' ? value.value : [];
};

/** Zeros around the spatial dimensions. */
function padded(x: SymbolicTensor, pads: readonly number[]): SymbolicTensor {
  const rank = pads.length / 2;
  const spatial = Array.from(
    { length: rank },
    (_, i) => [pads[i] as number, pads[i + rank] as number] as const,
  );
  return pad(x, [[0, 0], [0, 0], ...spatial]);
}

/** What lies under one place of each window, of (N, C, …padded). */
function under(
  x: SymbolicTensor,
  place: readonly number[],
  strides: readonly number[],
  counts: readonly number[],
): SymbolicTensor {
  return slice(
    x,
    place.map((start, i) => ({
      axis: i + 2,
      start,
      end: start + ((counts[i] as number) - 1) * (strides[i] as number) + 1,
      step: strides[i] as number,
    })),
  );
}

function convolution(
  result: SymbolicTensor,
  [x, kernel, bias]: readonly SymbolicTensor[],
  attributes: Attributes,
): SymbolicTensor {
  if (x === undefined || kernel === undefined) throw new RangeError('a convolution without operands');
  const [filters, each, ...window] = dimsOf('conv', kernel) as readonly number[];
  const counts = dimsOf('conv', result).slice(2) as readonly number[];
  const batch = sizeAt('conv', x, 0);
  const [strides, dilations] = [integers(attributes, 'strides'), integers(attributes, 'dilations')];
  const groups = attributes.group?.type === 'int' ? attributes.group.value : 1;
  const perGroup = (filters as number) / groups;
  const area = counts.reduce((a, b) => a * b, 1);
  const spread = padded(x, integers(attributes, 'pads'));
  const parts = placesIn(window).map((place) => {
    const reached = place.map((at, i) => at * (dilations[i] as number));
    const values = reshapeTo(under(spread, reached, strides, counts), [batch, groups, each as number, area]);
    const weights = slice(
      kernel,
      place.map((at, i) => ({ axis: i + 2, start: at, end: at + 1 })),
    );
    return ops.matmul(reshapeTo(weights, [groups, perGroup, each as number]), values);
  });
  const total = reshapeTo(
    parts.reduce((a, b) => ops.add(a, b)),
    [batch, filters as number, ...counts],
  );
  return bias === undefined
    ? total
    : ops.add(total, reshapeTo(bias, [filters as number, ...counts.map(() => 1)]));
}

function averages(result: SymbolicTensor, x: SymbolicTensor, attributes: Attributes): SymbolicTensor {
  const counts = dimsOf('pool', result).slice(2) as readonly number[];
  const [strides, pads] = [integers(attributes, 'strides'), integers(attributes, 'pads')];
  const sum = (of: SymbolicTensor): SymbolicTensor =>
    placesIn(integers(attributes, 'kernel_shape'))
      .map((place) => under(padded(of, pads), place, strides, counts))
      .reduce((a, b) => ops.add(a, b));
  // How many elements lie inside is the sum of ones.
  return ops.divide(sum(x), sum(ops.onesLike(x)));
}

/** `2 / √π · Σ (-1)ⁿ x²ⁿ⁺¹ / (n! · (2 n + 1))`, whose terms are small from the sixtieth on where |x| < 3. */
function errorFunction(x: SymbolicTensor): SymbolicTensor {
  const negated = ops.negative(ops.square(x));
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term = ops.divide(ops.multiply(term, negated), n);
    sum = ops.add(sum, ops.divide(term, 2 * n + 1));
  }
  return ops.multiply(sum, 2 / Math.sqrt(Math.PI));
}
