// How many dimensions a weight has where nobody says so.
// Must not import lowering, nor touch ONNX Runtime or files: the pure entry point carries it.
import type { BuildGraphOptions } from '../constraints/buildGraph.js';
import type { Constraint } from '../constraints/constraint.js';

/** The options with a rank, where they have neither shape nor rank. */
export function withRank<T extends Pick<BuildGraphOptions, 'shape' | 'rank'>>(
  constraint: Constraint,
  options: T,
): T {
  const isOpen = options.shape === undefined && options.rank === undefined;
  return isOpen ? { ...options, rank: rankFor(constraint) } : options;
}

/** The rank of the kernel whose units the constraint's axis takes: one dimension more than those that are reduced. */
function rankFor(constraint: Constraint): number {
  const { axis } = constraint as { axis?: unknown };
  const axes = (Array.isArray(axis) ? axis : [axis]).filter((item) => typeof item === 'number');
  return Math.max(2, ...axes.map((item) => (item < 0 ? -item : item + 2)));
}
