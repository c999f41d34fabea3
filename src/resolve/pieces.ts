// Finds variables that an exporter cut into several tensors, and variables that are a part of a larger tensor.
// Must not import runtime, files or cli.
import { type Layout, toTensorOrder } from '../constraints/layout.js';
import { defaultTolerance } from '../constraints/violations.js';
import { elementCount } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { Catalog, State, StoredTensor } from './catalog.js';
import { isDistinctive, matchingLayouts } from './match.js';
import { type Piece, PiecedTensors, type Placement } from './placement.js';
import { indices } from './wholeTensors.js';

/** Into how many equal parts exporters cut or join: gates, queries with keys and values. */
const PARTS = [2, 3, 4, 6, 8] as const;

/** The elements of one of several equal slices along an axis, by their index in the whole. */
interface Slice {
  readonly dims: readonly number[];
  readonly at: Uint32Array;
}

/** The tensors that each hold an equal slice of the variable, along one of its axes. */
export function findSlices(catalog: Catalog, variable: KerasVariable, state: State): Placement | undefined {
  const { shape = [] } = variable;
  for (const axis of shape.keys()) {
    for (const parts of PARTS) {
      if (shape[axis] === 0 || (shape[axis] as number) % parts !== 0) continue;
      const slices = Array.from({ length: parts }, (_, part) => slice(shape, axis, parts, part));
      const pieces = slices.map((part) => findPiece(catalog, variable, state, part));
      if (pieces.every((piece) => piece !== undefined)) return new PiecedTensors(shape, pieces, ['split']);
    }
  }
  return undefined;
}

function findPiece(
  catalog: Catalog,
  variable: KerasVariable,
  state: State,
  { dims, at }: Slice,
): Piece | undefined {
  const found = catalog.tensors.flatMap((stored) => {
    if (stored.count !== at.length) return [];
    const values = catalog.numbersOf(variable, state, stored.tensor.dtype);
    const layout = values && onlyLayout(select(values, at), dims, stored.values, stored, state);
    return layout === undefined ? [] : [{ stored, layout }];
  });
  const [only, other] = found;
  if (only === undefined || other !== undefined) return undefined;
  return { tensor: only.stored.tensor, keras: toTensorOrder(at, only.layout), stored: indices(at.length) };
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
  return [...dims.entries()].flatMap(([axis, dim]) =>
    dim % parts === 0 ? Array.from({ length: parts }, (_, part) => slice(dims, axis, parts, part)) : [],
  );
}

function slice(dims: readonly number[], axis: number, parts: number, part: number): Slice {
  const size = (dims[axis] as number) / parts;
  const inner = elementCount(dims.slice(axis + 1));
  const outer = elementCount(dims.slice(0, axis));
  const at = new Uint32Array(outer * size * inner);
  let i = 0;
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < size * inner; k++) at[i++] = (o * parts + part) * size * inner + k;
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
  const largest = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const tolerance = state === 'stored' ? 0 : defaultTolerance(tensor.dtype) * largest;
  const layouts = matchingLayouts(values, shape, stored, dims, { tolerance });
  return layouts.length === 1 ? layouts[0] : undefined;
}
