// A large weight in tiles that fit the cache: which graphs measure and scale them, and where each tile lies.
// Must not import anything above constraints.
import type { Graph } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';
import { factorOf, type Lowering, needsWideSums, scaleBy } from './lowerings.js';
import { RunGraph } from './runGraph.js';
import { computeDType, fedDType, load, opsetFor, store, type WeightDType } from './storage.js';
import type { Structure } from './structure.js';
import { reduceSum, sumOfSquares } from './sumOfSquares.js';
import { BLOCK, LARGEST_BLOCK, sizesOf, splitBlocks, type View } from './view.js';

/** Elements of a weight from `offset` on, fed with these dims. */
export interface Tile {
  readonly offset: number;
  readonly dims: readonly number[];
}

/**
 * How a region of a weight is projected in tiles. A tile is `w` and gives `w_out`; factors are `k`.
 *
 * - `elementwise`: each tile by itself, with `write`
 * - `units`: whole units in each tile: `project` does all of it and gives the factors `k` too; where they are expected to
 *   be 1, `measure` gives them alone, and `write` applies those that are not
 * - `sums`: units that run through all tiles: each `measure` gives `sums`, `finish` makes one factor a unit of them
 *
 * `factorDims` are the dims of `k`; of `units`, for one step along the first dimension.
 */
export type TileForm<G = Graph> =
  | { readonly kind: 'elementwise'; readonly write: G; readonly tiles: readonly Tile[] }
  | {
      readonly kind: 'units';
      readonly project: G;
      readonly measure: G;
      readonly write: G;
      readonly tiles: readonly Tile[];
      readonly factorDims: readonly number[];
    }
  | {
      readonly kind: 'sums';
      readonly measures: readonly { readonly measure: G; readonly tile: Tile }[];
      readonly finish: G;
      /** The dims of all sums together. */
      readonly sumDims: readonly number[];
      readonly write: G;
      readonly tiles: readonly Tile[];
      readonly factorDims: readonly number[];
    };

export interface TileOptions {
  readonly lowering: Lowering;
  readonly dtype: WeightDType;
  /** How many weights a tile has at most. */
  readonly size: number;
  /** Put the sequence in front of the outputs that are written in place. */
  readonly sequence: boolean;
}

/** A unit of more tiles than this is tiled by itself. */
const TILES_A_SLICE = 4;

/** The tiles of a weight in a lowering that has them: `elementwise`, `rows` or `columns`. */
export function tileForms(options: TileOptions): readonly TileForm[] {
  const { structure, view, dims } = options.lowering;
  if (structure.kind !== 'scaled') return [elementwiseForm(options, elementCount(dims))];
  return regionForms(new ScaledRegion(options, structure, view, 0));
}

function elementwiseForm({ lowering, dtype, size, sequence }: TileOptions, count: number): TileForm {
  const run = new RunGraph({ opset: opsetFor(dtype), sequence });
  run.output('w_out', lowering.project(run.input('w', fedDType(dtype), ['n'])));
  return { kind: 'elementwise', write: run.build('write'), tiles: tilesOf(0, count, 1, [], size) };
}

function regionForms(region: ScaledRegion): readonly TileForm[] {
  const { first, slice, options } = region;
  if (first.reduced) return [sumsForm(region)];
  if (slice <= options.size * TILES_A_SLICE) return [unitsForm(region)];
  return Array.from({ length: first.size }, (_, i) => regionForms(region.inside(i))).flat();
}

/** A part of a weight whose units are scaled, seen with its own dims. */
class ScaledRegion {
  readonly first: View[number];
  readonly rest: View;
  /** How many weights one step along the first dimension has. */
  readonly slice: number;

  constructor(
    readonly options: TileOptions,
    readonly structure: Extract<Structure, { kind: 'scaled' }>,
    readonly view: View,
    readonly offset: number,
  ) {
    const [first = { size: 1, reduced: true }, ...rest] = view;
    this.first = first;
    this.rest = rest;
    this.slice = elementCount(sizesOf(rest));
  }

  /** The region of one step along the first dimension. */
  inside(step: number): ScaledRegion {
    return new ScaledRegion(this.options, this.structure, this.rest, this.offset + step * this.slice);
  }

  /** The dims of what belongs to the units, one step along the first dimension. */
  factorDims(inner: View): readonly number[] {
    return inner.map(({ size, reduced }) => (reduced ? 1 : size));
  }

  /** A graph that measures `w` and gives `name`. */
  measure(name: string, dims: readonly Dim[], result: (w: SymbolicTensor) => SymbolicTensor): Graph {
    const { dtype } = this.options;
    const run = new RunGraph({ opset: opsetFor(dtype) });
    run.output(name, result(load(run.input('w', fedDType(dtype), dims), dtype)));
    return run.build('measure');
  }

  /** A graph that gives the projected weight and the factors. */
  project(dims: readonly Dim[], factor: (w: SymbolicTensor) => SymbolicTensor): Graph {
    const { dtype, sequence } = this.options;
    const run = new RunGraph({ opset: opsetFor(dtype), sequence });
    const w = load(run.input('w', fedDType(dtype), dims), dtype);
    const k = factor(w);
    run.output('w_out', store(scaleBy(this.structure, w, k), dtype));
    run.output('k', k);
    return run.build('project');
  }

  /** The graph that applies factors. */
  write(dims: readonly Dim[], factorDims: readonly Dim[]): Graph {
    const { dtype, sequence } = this.options;
    const run = new RunGraph({ opset: opsetFor(dtype), sequence });
    const w = load(run.input('w', fedDType(dtype), dims), dtype);
    const k = run.input('k', computeDType(dtype), factorDims);
    run.output('w_out', store(scaleBy(this.structure, w, k), dtype));
    return run.build('write');
  }
}

function unitsForm(region: ScaledRegion): TileForm {
  const { structure, view, rest, first, slice, offset, options } = region;
  const inner = splitBlocks(rest);
  const dims = sizesOf(inner);
  const factorDims = region.factorDims(inner);
  const factor = (w: SymbolicTensor): SymbolicTensor => {
    const wide = needsWideSums(view, w.dtype);
    return factorOf(structure, sumOfSquares(w, [{ size: 1, reduced: false }, ...inner], { wide }), w);
  };
  return {
    kind: 'units',
    project: region.project(['n', ...dims], factor),
    measure: region.measure('k', ['n', ...dims], factor),
    write: region.write(['n', ...dims], ['n', ...factorDims]),
    tiles: tilesOf(offset, first.size, slice, dims, options.size),
    factorDims,
  };
}

function sumsForm(region: ScaledRegion): TileForm {
  const { view, first, rest, slice, offset, options } = region;
  const inner = sizesOf(rest);
  const longest = rest.length === 0 ? LARGEST_BLOCK : BLOCK;
  const block = Math.max(1, Math.min(longest, first.size, Math.floor(options.size / slice)));
  const blocks = Math.floor(first.size / block);
  const left = first.size - blocks * block;
  const measureOf = (rows: number): Graph =>
    region.measure('sums', ['n', rows, ...inner], (w) => {
      const tile = [{ size: 1, reduced: true }, { size: rows, reduced: true }, ...rest];
      return sumOfSquares(w, tile, { wide: false, partial: true });
    });
  const measure = measureOf(block);
  const measures = tilesOf(offset, blocks, block * slice, [block, ...inner], options.size).map((tile) => ({
    measure,
    tile,
  }));
  if (left > 0) {
    const tile = { offset: offset + blocks * block * slice, dims: [1, left, ...inner] };
    measures.push({ measure: measureOf(left), tile });
  }
  const factorDims = [1, ...region.factorDims(rest)];
  return {
    kind: 'sums',
    measures,
    finish: finishGraph(region, factorDims, needsWideSums(view, computeDType(options.dtype))),
    sumDims: [blocks + Math.sign(left), ...factorDims],
    write: region.write(['n', ...inner], factorDims),
    tiles: tilesOf(offset, first.size, slice, inner, options.size),
    factorDims,
  };
}

/** From the sums of all tiles to one factor a unit. */
function finishGraph({ structure, options }: ScaledRegion, dims: readonly number[], wide: boolean): Graph {
  const run = new RunGraph({ opset: opsetFor(options.dtype) });
  const sums = run.input('sums', computeDType(options.dtype), ['n', ...dims]);
  const total = reduceSum(wide ? castTo(sums, 'float64') : sums, [0]);
  run.output('k', factorOf(structure, total, sums));
  return run.build('finish');
}

/** Tiles of whole steps: `count` steps of `slice` weights, each with the dims `inner`, at most `size` weights a tile. */
function tilesOf(
  offset: number,
  count: number,
  slice: number,
  inner: readonly number[],
  size: number,
): Tile[] {
  const most = Math.max(1, Math.floor(size / slice));
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
    offset: offset + i * most * slice,
    dims: [Math.min(most, count - i * most), ...inner],
  }));
}
