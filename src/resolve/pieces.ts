// Finds variables that an exporter cut into several tensors, and variables that are a part of a larger tensor.
// Must not import runtime, files or cli.
import { type Layout, toTensorOrder } from '../constraints/layout.js';
import { elementCount } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import { type Catalog, type State, type StoredTensor, toleranceFor } from './catalog.js';
import { isDistinctive, matchingLayouts } from './match.js';
import { type Piece, PiecedTensors, type Placement } from './placement.js';
import { indices } from './wholeTensors.js';

/** How exporters cut a dimension, in shares of it: halves and gates, and a GRU's two gates apart from its candidate. */
const CUTS: readonly (readonly number[])[] = [
  [1, 1],
  [1, 1, 1],
  [2, 1],
  [1, 1, 1, 1],
];

/** Of how many equal parts a larger tensor may be made. */
const PARTS = [2, 3, 4, 6, 8] as const;

/** How often a tensor may repeat a variable: an exporter that computes a first step ahead repeats it for each example. */
const MAX_REPEATS = 4096;

/** The elements of a slice along an axis, by their index in the whole. */
interface Slice {
  readonly dims: readonly number[];
  readonly at: Uint32Array;
}

/** The tensors that each hold a slice of the variable along one of its axes. */
export function findSlices(catalog: Catalog, variable: KerasVariable, state: State): Placement | undefined {
  const { shape = [] } = variable;
  for (const [axis, dim] of shape.entries()) {
    for (const shares of CUTS) {
      const unit = dim / shares.reduce((a, b) => a + b, 0);
      if (!Number.isInteger(unit)) continue;
      let start = 0;
      const pieces = shares.map((share) => {
        const part = slice(shape, axis, start * unit, share * unit);
        start += share;
        return findPiece(catalog, variable, state, part);
      });
      if (pieces.every((found) => found.length > 0)) {
        return new PiecedTensors(shape, pieces.flat(), ['split']);
      }
    }
  }
  return undefined;
}

/** The one tensor that is the slice, and those that repeat it. */
function findPiece(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
  { dims, at }: Slice,
): readonly Piece[] {
  const found = catalog.tensors.flatMap((stored): Piece[] => {
    if (stored.count !== at.length) return [];
    const values = catalog.numbersOf(variable, state, stored.tensor.dtype);
    const layout = values && onlyLayout(select(values, at), dims, stored.values, stored, state);
    if (layout === undefined) return [];
    return [{ tensor: stored.tensor, keras: toTensorOrder(at, layout), stored: indices(at.length) }];
  });
  return found.length === 1 ? [...found, ...findRepeats(catalog, variable, state, at)] : [];
}

/** Tensors that are the elements over and over: each example's share of a step that was computed ahead. */
export function findRepeats(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
  at: Uint32Array,
): readonly Piece[] {
  return catalog.tensors.flatMap((item): Piece[] => {
    const { tensor, count } = item;
    const repeats = count / at.length;
    if (!Number.isInteger(repeats) || repeats < 2 || repeats > MAX_REPEATS) return [];
    const values = catalog.numbersOf(variable, state, tensor.dtype);
    if (values === undefined) return [];
    const wanted = select(values, at);
    if (!isDistinctive(wanted)) return [];
    const tolerance = toleranceFor(wanted, tensor.dtype, state);
    const isRepeat = (x: number, i: number): boolean =>
      Math.abs(x - (wanted[i % wanted.length] as number)) <= tolerance;
    if (!item.start.every(isRepeat) || !item.values.every(isRepeat)) return [];
    const keras = Uint32Array.from({ length: count }, (_, i) => at[i % at.length] as number);
    return [{ tensor, keras, stored: indices(count) }];
  });
}

/** The tensor of which the variable is an equal slice along one axis. */
export function findInLarger(catalog: Catalog, variable: KerasVariable, state: State): Placement | undefined {
  const { shape = [] } = variable;
  const count = elementCount(shape);
  const found: Placement[] = [];
  for (const stored of catalog.tensors) {
    const parts = PARTS.find((number) => stored.count === count * number);
    const values = catalog.numbersOf(variable, state, stored.tensor.dtype);
    if (parts === undefined || values === undefined) continue;
    const elements = stored.values;
    for (const part of slicesOf(stored.tensor.dims, parts)) {
      const layout = onlyLayout(
        values,
        shape,
        select(elements, part.at),
        { ...stored, dims: part.dims },
        state,
      );
      if (layout === undefined) continue;
      const keras = toTensorOrder(indices(count), layout);
      found.push(new PiecedTensors(shape, [{ tensor: stored.tensor, keras, stored: part.at }], ['merged']));
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

function slicesOf(dims: readonly number[], parts: number): readonly Slice[] {
  return [...dims.entries()].flatMap(([axis, dim]) => {
    const size = dim / parts;
    if (!Number.isInteger(size)) return [];
    return Array.from({ length: parts }, (_, part) => slice(dims, axis, part * size, size));
  });
}

function slice(dims: readonly number[], axis: number, start: number, size: number): Slice {
  const dim = dims[axis] as number;
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const at = new Uint32Array(outer * size * inner);
  let i = 0;
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < size * inner; k++) at[i++] = (o * dim + start) * inner + k;
  }
  return { dims: dims.with(axis, size), at };
}

function select(values: Float64Array, at: Uint32Array): Float64Array {
  return Float64Array.from(at, (index) => values[index] as number);
}

/** The layout in which the tensor's elements are the values; none where there are several, or too little to tell. */
function onlyLayout(
  values: Float64Array,
  shape: readonly number[],
  stored: Float64Array,
  { tensor, dims = tensor.dims }: Pick<StoredTensor, 'tensor'> & { readonly dims?: readonly number[] },
  state: State,
): Layout | undefined {
  if (!isDistinctive(values)) return undefined;
  const tolerance = toleranceFor(values, tensor.dtype, state);
  const layouts = matchingLayouts(values, shape, stored, dims, { tolerance });
  return layouts.length === 1 ? layouts[0] : undefined;
}
