// A large weight in tiles that fit the cache: which graphs measure and scale them, and where each tile lies.
// Must not import anything above constraints.
import type { Graph } from '../graph/graph.js';
import { elementCount } from '../graph/tensorValue.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { castTo } from '../ops/tensorLike.js';
import { factorOf, needsWideSums } from './lowerings.js';
import { RunGraph } from './runGraph.js';
import { ScaledRegion, type TileOptions } from './scaledRegion.js';
import { scan } from './scan.js';
import { computeDType, fedDType, opsetFor } from './storage.js';
import { reduceSum, sumOfSquares } from './sumOfSquares.js';
import type { Tile, TileForm, UnitTile } from './tileForm.js';
import {
  BLOCK,
  isIndivisible,
  LARGEST_BLOCK,
  nearestDivisor,
  sizesOf,
  splitBlocks,
  type View,
} from './view.js';

/** The tiles of a weight in a lowering that has them: `elementwise`, `rows` or `columns`. */
export function tileForms(options: TileOptions): readonly TileForm[] {
  const { structure, view, dims } = options.lowering;
  if (structure.kind !== 'scaled') return [elementwiseForm(options, elementCount(dims))];
  return regionForms(new ScaledRegion(options, structure, view, 0));
}

function elementwiseForm({ lowering, dtype, runSize, sequence }: TileOptions, count: number): TileForm {
  const run = new RunGraph({ opset: opsetFor(dtype), sequence });
  run.output('w_out', lowering.project(run.input('w', fedDType(dtype), ['n'])));
  return { kind: 'elementwise', write: run.build('write'), tiles: tilesOf(0, count, 1, [], runSize) };
}

function regionForms(region: ScaledRegion): readonly TileForm[] {
  const { first, rest, slice, options } = region;
  if (first.reduced) {
    const fitsRun = first.size * slice <= options.runSize && !isIndivisible(first);
    return [fitsRun ? wholeForm(region) : sumsForm(region)];
  }
  const splits = slice > options.runSize || (slice > options.cacheSize && rest.some(isIndivisible));
  if (!splits) return [unitsForm(region)];
  return Array.from({ length: first.size }, (_, i) => regionForms(region.inside(i))).flat();
}

/** Steps of whole units: as many as fit the cache are done at once. */
function unitsForm(region: ScaledRegion): TileForm {
  const { structure, view, rest, first, slice, offset, options } = region;
  const inner = splitBlocks(rest);
  const dims = sizesOf(inner);
  const factorDims = region.factorDims(inner);
  const tileView = [{ size: 1, reduced: false }, ...inner];
  const factor = (w: SymbolicTensor): SymbolicTensor => {
    const wide = needsWideSums(view, w.dtype);
    return factorOf(structure, sumOfSquares(w, tileView, { wide }), w);
  };
  const block = stepsAtOnce(first.size, options.cacheSize / slice);
  const blocks = Math.max(1, Math.floor(options.runSize / slice / block));
  const tileAt = (step: number, count: number, size: number): UnitTile => ({
    offset: offset + step * slice,
    steps: count * size,
    dims: [count, size, ...dims],
    factorDims: [count, size, ...factorDims],
  });
  const tiles: UnitTile[] = [];
  for (let step = 0; step < first.size; ) {
    const left = Math.floor((first.size - step) / block);
    const tile = left > 0 ? tileAt(step, Math.min(left, blocks), block) : tileAt(step, 1, first.size - step);
    tiles.push(tile);
    step += tile.steps;
  }
  return {
    kind: 'units',
    project: region.scanned(['t', 'b', ...dims], factor, true),
    measure: region.scanned(['t', 'b', ...dims], factor, false),
    write: region.write(['n', ...dims], ['n', ...factorDims]),
    tiles,
    inner: dims,
    factorDims,
  };
}

/** About `wanted` of `count` steps: a number that leaves no rest, where there is one near it. */
function stepsAtOnce(count: number, wanted: number): number {
  const most = Math.min(count, Math.max(1, Math.floor(wanted)));
  const divisor = nearestDivisor(count, most);
  return divisor >= most / 2 && divisor <= most * 2 ? divisor : most;
}

/** Units that run through the whole region, which is one step. */
function wholeForm(region: ScaledRegion): TileForm {
  const { structure, view, offset, options } = region;
  const scanView = region.scanView();
  const inner = scanView ?? splitBlocks(view);
  const dims = sizesOf(inner);
  const factorDims = region.factorDims(inner);
  const wide = needsWideSums(view, computeDType(options.dtype));
  const factor = (w: SymbolicTensor): SymbolicTensor => {
    const sums = scanView === undefined ? sumOfSquares(w, inner, { wide }) : sumInSteps(w, scanView, wide);
    return factorOf(structure, sums, w);
  };
  return {
    kind: 'units',
    project: region.project(dims, factor),
    measure: region.measure('k', dims, factor),
    write: region.write(['n', ...dims], ['n', ...factorDims]),
    tiles: [{ offset, steps: 1, dims, factorDims }],
    inner: dims,
    factorDims,
  };
}

/** The sums of squares of a view whose first three dimensions are reduced, one step along the first after another. */
function sumInSteps(w: SymbolicTensor, view: View, wide: boolean): SymbolicTensor {
  const [, ...stepView] = view;
  const [sums = w] = scan(w, (step) => [sumOfSquares(step, stepView, { wide, partial: true })]);
  return reduceSum(sums, [0, 1]);
}

function sumsForm(region: ScaledRegion): TileForm {
  const { view, first, rest, slice, offset, options } = region;
  const { cacheSize, pieceSize, dtype } = options;
  const inner = sizesOf(rest);
  const wide = needsWideSums(view, computeDType(dtype));
  const longest = rest.length === 0 ? LARGEST_BLOCK : BLOCK;
  const block = Math.max(1, Math.min(longest, first.size, Math.floor(cacheSize / slice)));
  const blocks = Math.floor(first.size / block);
  const left = first.size - blocks * block;
  const measureOf = (rows: number): Graph =>
    region.measure('sums', ['n', rows, ...inner], (w) => {
      const tile = [{ size: 1, reduced: true }, { size: rows, reduced: true }, ...rest];
      return castTo(sumOfSquares(w, tile, { wide, partial: true }), w.dtype);
    });
  const measure = measureOf(block);
  const measures = tilesOf(offset, blocks, block * slice, [block, ...inner], pieceSize).map((tile) => ({
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
    finish: finishGraph(region, factorDims, wide),
    sumDims: [blocks + Math.sign(left), ...factorDims],
    write: region.write(['n', ...inner], factorDims),
    tiles: tilesOf(offset, first.size, slice, inner, pieceSize),
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
