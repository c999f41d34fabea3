// Several weights in one graph, with the factors of all units of one constraint computed at once: hundreds of small
// parameters cost hundreds of operators, and each has its price.
// Must not import anything above constraints.
import type { Dim } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import { applyOp, type SymbolicTensor } from '../ops/symbolicTensor.js';
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

interface ScaledPart extends Part {
  readonly structure: Extract<Structure, { kind: 'scaled' }>;
  readonly w: SymbolicTensor;
  readonly view: View;
  readonly units: number;
}

/** The projected weights, in the order of the parts. */
export function projectTogether(parts: readonly Part[]): readonly SymbolicTensor[] {
  const results = new Map<Part, SymbolicTensor>();
  const groups = new Map<string, ScaledPart[]>();
  for (const part of parts) {
    const scaled = asScaled(part);
    if (scaled === undefined) {
      results.set(part, part.lowering.project(part.fed));
      continue;
    }
    const key = `${scaled.w.dtype} ${expressionKey(scaled.structure.factor, scaled.structure.norm)}`;
    groups.set(key, [...(groups.get(key) ?? []), scaled]);
  }
  const own = new Map(parts.map((part) => [part.fed, part]));
  for (const group of groups.values()) {
    for (const [fed, result] of projectGroup(group)) results.set(own.get(fed) as Part, result);
  }
  return parts.map((part) => results.get(part) as SymbolicTensor);
}

function asScaled(part: Part): ScaledPart | undefined {
  const { lowering, dtype, fed } = part;
  const { structure, view } = lowering;
  if (structure.kind !== 'scaled' || view.length === 0) return undefined;
  const w = load(fed, dtype);
  if (needsWideSums(view, w.dtype)) return undefined;
  const units = elementCount(sizesOf(view.filter(({ reduced }) => !reduced)));
  return { ...part, structure, w, view: splitBlocks(view), units };
}

function projectGroup(group: readonly ScaledPart[]): readonly (readonly [SymbolicTensor, SymbolicTensor])[] {
  const [first] = group as [ScaledPart];
  if (group.length === 1) return [[first.fed, first.lowering.project(first.fed)]];
  const sums = group.map(flatSums);
  const total = group.reduce((count, { units }) => count + units, 0);
  const axis = { axis: { type: 'int', value: 0 } } as const;
  const all = applyOp('Concat', sums, { dtype: first.w.dtype, shape: [total] }, { attributes: axis });
  const factors = factorOf(first.structure, all, first.w);
  let end = 0;
  return group.map((part) => {
    const start = end;
    end += part.units;
    const own = applyOp('Slice', [factors, int64(start), int64(end)], {
      dtype: part.w.dtype,
      shape: [part.units],
    });
    return [part.fed, store(scaleBy(part.structure, part.w, inPlace(part, own)), part.dtype)];
  });
}

/** The sums of squares of all units in one row. */
function flatSums({ w, view, units }: ScaledPart): SymbolicTensor {
  const sums = sumOfSquares(w, view, { wide: false, flat: true });
  return sums.shape?.length === 1 ? sums : reshape(sums, [units]);
}

/** The factors with dims that meet the units of the weight. */
function inPlace({ view }: ScaledPart, factors: SymbolicTensor): SymbolicTensor {
  const isLastAlone = view.every(({ reduced }, i) => reduced === i < view.length - 1);
  return isLastAlone
    ? factors
    : reshape(
        factors,
        view.map(({ size, reduced }) => (reduced ? 1 : size)),
      );
}

function reshape(x: SymbolicTensor, dims: readonly Dim[]): SymbolicTensor {
  const shape = constant(int64Value(dims as readonly number[]));
  return applyOp('Reshape', [x, shape], { dtype: x.dtype, shape: dims });
}

function int64(value: number): SymbolicTensor {
  return constant(int64Value([value]));
}
