// A part of a weight whose units are scaled: its view, and the graphs that measure and scale it.
// Must not import anything above constraints.
import type { Graph } from '../graph/graph.js';
import type { Dim } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { type Lowering, scaleBy } from './lowerings.js';
import { RunGraph } from './runGraph.js';
import { scan } from './scan.js';
import { computeDType, fedDType, load, opsetFor, store, type WeightDType } from './storage.js';
import type { Structure } from './structure.js';
import { BLOCK, LARGEST_BLOCK, nearestDivisor, sizesOf, type View } from './view.js';

/** How many times the cache a region of columns must be for steps to be worth their price. */
const WORTH_STEPS = 16;

/** Steps that fill less than this part of the cache are not worth their price. */
const FAR = 16;

export interface TileOptions {
  readonly lowering: Lowering;
  readonly dtype: WeightDType;
  /** How many weights a run takes at most. */
  readonly runSize: number;
  /** How many weights a run takes that measures or scales them and no more. */
  readonly pieceSize: number;
  /** How many weights fit the cache beside what is made of them. */
  readonly cacheSize: number;
  /** Put the sequence in front of the outputs that are written in place. */
  readonly sequence: boolean;
}

/** A part of a weight whose units are scaled, seen with its own dims. */
export class ScaledRegion {
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
    const [projected, k] = this.#projected(run.input('w', fedDType(dtype), dims), factor);
    run.output('w_out', projected);
    run.output('k', k);
    return run.build('project');
  }

  /** A graph that does one step along the first dimension after another; it gives the projected weight, if `writes`. */
  scanned(dims: readonly Dim[], factor: (w: SymbolicTensor) => SymbolicTensor, writes: boolean): Graph {
    const { dtype, sequence } = this.options;
    const run = new RunGraph({ opset: opsetFor(dtype), sequence: sequence && writes });
    const results = scan(run.input('w', fedDType(dtype), dims), (fed) =>
      writes ? this.#projected(fed, factor) : [factor(load(fed, dtype))],
    );
    for (const [i, name] of (writes ? ['w_out', 'k'] : ['k']).entries()) {
      run.output(name, results[i] as SymbolicTensor);
    }
    return run.build(writes ? 'project' : 'measure');
  }

  #projected(
    fed: SymbolicTensor,
    factor: (w: SymbolicTensor) => SymbolicTensor,
  ): readonly [SymbolicTensor, SymbolicTensor] {
    const { dtype } = this.options;
    const w = load(fed, dtype);
    const k = factor(w);
    return [store(scaleBy(this.structure, w, k), dtype), k];
  }

  /**
   * The view with its first dimension in steps of a few blocks that fit the cache, where it is larger than that and can be
   * divided so.
   */
  scanView(): View | undefined {
    const { first, rest, slice, options } = this;
    if (first.size * slice < options.cacheSize * WORTH_STEPS) return undefined;
    const block = nearestDivisor(first.size, Math.min(BLOCK, options.cacheSize / slice));
    const several = nearestDivisor(first.size / block, options.cacheSize / slice / block);
    const steps = first.size / block / several;
    const isFar = block * several * slice * FAR < options.cacheSize || block > LARGEST_BLOCK;
    if (isFar || steps < 2) return undefined;
    return [...[steps, several, block].map((size) => ({ size, reduced: true })), ...rest];
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
