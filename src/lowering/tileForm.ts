// A large weight in tiles: what the graphs that measure and scale them are for, and where each tile lies.
// Must not import anything above graph.
import type { Graph } from '../graph/graph.js';

/** Elements of a weight from `offset` on, fed with these dims. */
export interface Tile {
  readonly offset: number;
  readonly dims: readonly number[];
}

/** A tile of whole units, with the dims of its factors. */
export interface UnitTile extends Tile {
  /** How many steps along the region's first dimension it has, each of which can be written by itself. */
  readonly steps: number;
  readonly factorDims: readonly number[];
}

/**
 * How a region of a weight is projected in tiles. A tile is `w` and gives `w_out`; factors are `k`.
 *
 * - `elementwise`: each tile by itself, with `write`
 * - `units`: whole units in each tile: `project` does all of it and gives the factors `k` too; where they are expected to
 *   be 1, `measure` gives them alone, and `write` applies those that are not to steps of `inner`
 * - `sums`: units that run through all tiles: each `measure` gives `sums`, `finish` makes one factor a unit of them
 *
 * `factorDims` are the dims of `k`; of `units`, for one step.
 */
export type TileForm<G = Graph> =
  | { readonly kind: 'elementwise'; readonly write: G; readonly tiles: readonly Tile[] }
  | {
      readonly kind: 'units';
      readonly project: G;
      readonly measure: G;
      readonly write: G;
      readonly tiles: readonly UnitTile[];
      readonly inner: readonly number[];
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
