// Where channels are: ONNX has them first, Keras last unless told otherwise. Permutations that undo one another vanish.
// Must not import anything above graph; the pure entry point must not import it.
import { dimsOf } from './moving.js';
import { applyOp, type SymbolicTensor } from './symbolicTensor.js';

export type DataFormat = 'channels_last' | 'channels_first';

/** The dimensions in another order, as `transpose`; after a permutation that it undoes, what was permuted. */
export function permute(x: SymbolicTensor, axes: readonly number[]): SymbolicTensor {
  const inner = permutationOf(x);
  if (inner !== undefined) return permute(inner.of, compose(inner.axes, axes));
  if (axes.every((axis, i) => axis === i)) return x;
  const shape = axes.map((axis) => dimsOf('transpose', x)[axis] ?? null);
  return applyOp(
    'Transpose',
    [x],
    { dtype: x.dtype, shape },
    { attributes: { perm: { type: 'ints', value: axes } } },
  );
}

/** What a tensor permutes, and how; `undefined` where it is no permutation. */
export function permutationOf({
  source,
}: SymbolicTensor): { readonly of: SymbolicTensor; readonly axes: readonly number[] } | undefined {
  if (source.kind !== 'op' || source.opType !== 'Transpose') return undefined;
  const [of] = source.inputs;
  const { perm } = source.attributes;
  return of !== undefined && perm?.type === 'ints' ? { of, axes: perm.value } : undefined;
}

const compose = (inner: readonly number[], outer: readonly number[]): readonly number[] =>
  outer.map((axis) => inner[axis] as number);

/** The order that brings each axis back. */
export function inverse(axes: readonly number[]): readonly number[] {
  return axes.map((_, i) => axes.indexOf(i));
}

/** The tensor with its channels behind the batch. */
export function channelsFirst(x: SymbolicTensor, format: DataFormat): SymbolicTensor {
  return format === 'channels_first' ? x : permute(x, toFirst(dimsOf('transpose', x).length));
}

/** A tensor with its channels behind the batch, in the given format. */
export function channelsLast(x: SymbolicTensor, format: DataFormat): SymbolicTensor {
  return format === 'channels_first' ? x : permute(x, inverse(toFirst(dimsOf('transpose', x).length)));
}

/**
 * `change` applied to each element before a permutation instead of after it, so that the permutation may vanish further on.
 *
 * @param change must treat all places alike
 */
export function beneathPermutation(
  x: SymbolicTensor,
  change: (x: SymbolicTensor) => SymbolicTensor,
): SymbolicTensor {
  const inner = permutationOf(x);
  return inner === undefined ? change(x) : permute(change(inner.of), inner.axes);
}

const toFirst = (rank: number): readonly number[] => [
  0,
  rank - 1,
  ...Array.from({ length: rank - 2 }, (_, i) => i + 1),
];
