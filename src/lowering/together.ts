// Several weights in one graph, with the factors of all units of one constraint computed at once: hundreds of small
// parameters cost hundreds of operators, and each has its price.
// Must not import anything above constraints.
import type { Dim } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import { applyOp, applyOpWithResults, type SymbolicTensor } from '../ops/symbolicTensor.js';
import { constant, int64Value } from '../ops/tensorLike.js';
import { expressionKey } from './expressionKey.js';
import { factorOf, type Lowering, needsWideSums, scaleBy } from './lowerings.js';
import { load, store, type WeightDType } from './storage.js';
import type { Structure } from './structure.js';
import { sumOfSquares } from './sumOfSquares.js';
import { sizesOf, splitBlocks, type View } from './view.js';

/** A weight with its form, and the tensor that is fed. */
export interface Part {
  readonly lowering: Lowering;
  readonly dtype: WeightDType;
  readonly fed: SymbolicTensor;
}

/**
 * How the factors of a part's units lie: `row` in the last dimension alone, `column` in the one before it, `flat` where
 * they must be brought into dims of their own.
 */
type Layout = 'row' | 'column' | 'flat';

interface ScaledPart extends Part {
  readonly structure: Extract<Structure, { kind: 'scaled' }>;
  readonly w: SymbolicTensor;
  readonly view: View;
  readonly units: number;
  readonly layout: Layout;
}

/** The projected weights, in the order of the parts. */
export function projectTogether(parts: readonly Part[]): readonly SymbolicTensor[] {
  const results = new Map<SymbolicTensor, SymbolicTensor>();
  const groups = new Map<string, ScaledPart[]>();
  for (const part of parts) {
    const scaled = asScaled(part);
    if (scaled === undefined) {
      results.set(part.fed, part.lowering.project(part.fed));
      continue;
    }
    const { w, structure, layout } = scaled;
    const key = `${layout === 'column'} ${w.dtype} ${expressionKey(structure.factor, structure.norm)}`;
    groups.set(key, [...(groups.get(key) ?? []), scaled]);
  }
  for (const group of groups.values()) {
    for (const [fed, result] of projectGroup(group)) results.set(fed, result);
  }
  return parts.map(({ fed }) => results.get(fed) as SymbolicTensor);
}

function asScaled(part: Part): ScaledPart | undefined {
  const { lowering, dtype, fed } = part;
  const { structure, view } = lowering;
  if (structure.kind !== 'scaled' || view.length === 0) return undefined;
  const w = load(fed, dtype);
  if (needsWideSums(view, w.dtype)) return undefined;
  const units = elementCount(sizesOf(view.filter(({ reduced }) => !reduced)));
  const split = splitBlocks(view);
  return { ...part, structure, w, view: split, units, layout: layoutOf(split) };
}

function layoutOf(view: View): Layout {
  if (view.every(({ reduced }, i) => reduced === i < view.length - 1)) return 'row';
  return view.length === 2 && view[1]?.reduced === true ? 'column' : 'flat';
}

function projectGroup(group: readonly ScaledPart[]): readonly (readonly [SymbolicTensor, SymbolicTensor])[] {
  const [first] = group as [ScaledPart];
  if (group.length === 1) return [[first.fed, first.lowering.project(first.fed)]];
  const { dtype } = first.w;
  const dims = (units: number): readonly number[] => (first.layout === 'column' ? [units, 1] : [units]);
  const counts = group.map(({ units }) => units);
  const total = counts.reduce((sum, units) => sum + units, 0);
  const attributes = { axis: { type: 'int', value: 0 } } as const;
  const all = applyOp('Concat', group.map(sumsOf), { dtype, shape: dims(total) }, { attributes });
  const factors = applyOpWithResults(
    'Split',
    [factorOf(first.structure, all, first.w), constant(int64Value(counts))],
    counts.map((units) => ({ dtype, shape: dims(units) })),
    { attributes },
  );
  return group.map((part, i) => {
    const own = inPlace(part, factors[i] as SymbolicTensor);
    return [part.fed, store(scaleBy(part.structure, part.w, own), part.dtype)];
  });
}

/** The sums of squares of all units, as they are put one after another. */
function sumsOf({ w, view, units, layout }: ScaledPart): SymbolicTensor {
  if (layout === 'column') return sumOfSquares(w, view, { wide: false });
  const sums = sumOfSquares(w, view, { wide: false, flat: true });
  return sums.shape?.length === 1 ? sums : reshape(sums, [units]);
}

/** The factors with dims that meet the units of the weight. */
function inPlace({ view, layout }: ScaledPart, factors: SymbolicTensor): SymbolicTensor {
  if (layout !== 'flat') return factors;
  return reshape(
    factors,
    view.map(({ size, reduced }) => (reduced ? 1 : size)),
  );
}

function reshape(x: SymbolicTensor, dims: readonly Dim[]): SymbolicTensor {
  const shape = constant(int64Value(dims as readonly number[]));
  return applyOp('Reshape', [x, shape], { dtype: x.dtype, shape: dims });
}
