// What must hold of views, blocks and tiles whatever the shape: every weight in exactly one tile and in order, every unit
// of a view the same weights as before. Shapes are drawn from seeds.
import { describe, expect, test } from 'vitest';
import { type Constraint, maxNorm, nonNeg, unitNorm } from '../../src/index.js';
import { chooseLowering } from '../../src/lowering/lowerings.js';
import { structureOf } from '../../src/lowering/structure.js';
import type { Tile, TileForm } from '../../src/lowering/tileForm.js';
import { tileForms } from '../../src/lowering/tiles.js';
import { collapse, sizesOf, splitBlocks, unitSize, type View } from '../../src/lowering/view.js';
import { elementwise, opaque, scaled } from '../support/constraintForms.js';
import { Random } from '../support/random.js';
import { reduce } from '../support/reference.js';

const seeds = Array.from({ length: 200 }, (_, i) => i + 1);

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

function drawDims(random: Random, sizes: readonly number[]): number[] {
  return Array.from({ length: random.integer(1, 5) }, () => random.pick(sizes));
}

function drawAxes(random: Random, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i).filter(() => random.next() < 0.5);
  return axes.length > 0 ? axes : [random.integer(0, rank - 1)];
}

function reducedAxes(view: View): number[] {
  return view.flatMap(({ reduced }, i) => (reduced ? [i] : []));
}

describe('a view', () => {
  test.each(seeds)('has the units of the weight, seed %i', (seed) => {
    const random = new Random(seed);
    const dims = drawDims(random, [1, 1, 2, 3, 4]);
    const axes = drawAxes(random, dims.length);
    const view = collapse(dims, axes);
    expect(sizeOf(sizesOf(view))).toBe(sizeOf(dims));
    expect(unitSize(view)).toBe(sizeOf(axes.map((axis) => dims[axis] as number)));
    expect(sizesOf(view)).not.toContain(1);
    for (const [i, { reduced }] of view.entries()) expect(reduced).not.toBe(view[i + 1]?.reduced);
    const places = Array.from({ length: sizeOf(dims) }, (_, i) => i);
    const unitsOf = (shape: readonly number[], over: readonly number[]): unknown => {
      const units: (readonly number[])[] = [];
      reduce(places, shape, over, true, (unit) => units.push(unit));
      return units;
    };
    expect(unitsOf(sizesOf(view), reducedAxes(view))).toEqual(unitsOf(dims, axes));
  });

  test.each(seeds)('in blocks has them too, seed %i', (seed) => {
    const random = new Random(seed);
    const dims = drawDims(random, [2, 3, 511, 513, 1024, 3 * 1031, 7919, 16385, 65536]);
    const view = collapse(dims, drawAxes(random, dims.length));
    const split = splitBlocks(view);
    // Put together again, neighbours that are summed are what they were.
    const joined = collapse(sizesOf(split), reducedAxes(split));
    expect(joined).toEqual(view);
    for (const { size } of split) expect(Number.isSafeInteger(size) && size > 1).toBe(true);
    const blocks = split.filter(({ reduced }, i) => reduced && split[i - 1]?.reduced === true);
    for (const { size } of blocks) expect(size).toBeLessThanOrEqual(4096);
    for (const { size } of blocks) expect(size).toBeGreaterThanOrEqual(32);
  });
});

/** Where tiles begin and end, one after the other. */
function rangesOf(tiles: readonly Tile[]): readonly (readonly [number, number])[] {
  return tiles.map(({ offset, dims }) => [offset, offset + sizeOf(dims)]);
}

/** The end, if each begins where the one before ended. */
function endOf(tiles: readonly Tile[], start: number): number {
  let end = start;
  for (const [from, to] of rangesOf(tiles)) {
    expect([from, to > from]).toEqual([end, true]);
    end = to;
  }
  return end;
}

function formsOf(dims: readonly number[], constraint: Constraint, size: number): readonly TileForm[] {
  const lowering = chooseLowering({ constraint, dims, dtype: 'float32', provider: 'cpu' });
  const cacheSize = Math.max(1, Math.floor(size / 5));
  const sizes = { runSize: size, pieceSize: Math.max(1, Math.floor(size / 2)), cacheSize };
  return tileForms({ lowering, dtype: 'float32', ...sizes, sequence: true });
}

describe('tiles', () => {
  const kinds = new Set<string>();

  test.each(seeds)('hold every weight once and in order, seed %i', (seed) => {
    const random = new Random(seed);
    // No size of 1 alone, which would leave nothing to take a norm over.
    const dims = [random.integer(2, 9), ...drawDims(random, [1, 2, 3, 5, 17, 64])].slice(0, 4);
    const axes = drawAxes(random, dims.length).filter((axis) => (dims[axis] as number) > 1);
    const constraint = axes.length === 0 ? nonNeg() : random.pick([maxNorm, unitNorm])({ axis: axes });
    const size = random.integer(1, 400);
    let end = 0;
    for (const form of formsOf(dims, constraint, size)) {
      const start = end;
      kinds.add(form.kind);
      end = endOf(form.tiles, start);
      if (form.kind !== 'sums') continue;
      // Measured too is every weight of the region, each part giving its sums.
      const measured = form.measures.map(({ tile }) => tile);
      expect(endOf(measured, start)).toBe(end);
      const parts = measured.reduce((sum, { dims: [count = 0] }) => sum + count, 0);
      expect(form.sumDims[0]).toBe(parts);
      expect(sizeOf(form.sumDims.slice(1))).toBe(sizeOf(form.factorDims));
    }
    expect(end).toBe(sizeOf(dims));
  });

  test('of these seeds are of each kind', () => {
    expect(kinds).toEqual(new Set(['elementwise', 'units', 'sums']));
  });

  test.each(seeds.slice(0, 50))('are no larger than they may be, unless a step is, seed %i', (seed) => {
    const random = new Random(seed);
    const count = random.integer(1, 100_000);
    const size = random.integer(1, 5000);
    for (const { tiles } of formsOf([count], nonNeg(), size)) {
      for (const [from, to] of rangesOf(tiles)) expect(to - from).toBeLessThanOrEqual(size);
    }
  });
});

describe('the structure', () => {
  const kinds = { scaled, elementwise, opaque };
  const named = Object.entries(kinds).flatMap(([kind, makes]) =>
    Object.entries(makes).map(([name, make]) => [name, kind, make] as const),
  );

  test.each(named)('of %s is %s, whatever the shape and axes', (_, kind, make) => {
    for (const seed of seeds.slice(0, 30)) {
      const random = new Random(seed);
      const dims = drawDims(random, [1, 2, 3, 8]);
      const axes = drawAxes(random, dims.length);
      for (const dtype of ['float32', 'float64'] as const) {
        const structure = structureOf(make(axes), dtype, dims);
        expect(structure.kind).toBe(kind);
        if (structure.kind === 'scaled') expect(structure.axes.toSorted()).toEqual(axes);
      }
    }
  });
});
