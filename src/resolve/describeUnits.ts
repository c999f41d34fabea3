// Which units a constraint norms, in words and in numbers: "each of 32 filters, over 3×3×16 weights".
// Must not import runtime, files or cli.
import { NonNeg } from '../constraints/nonNeg.js';
import { elementCount } from '../graph/tensorValue.js';
import { type KerasUnits, kerasUnits, reducedAxes } from './axisAdvice.js';
import type { PlanEntry } from './plan.js';
import { unitAxes } from './units.js';

/** The units of an entry; `undefined` where the shape or the constraint does not tell them. */
export interface Units {
  readonly count: number;
  /** The sizes of the dimensions that each norm is taken over; empty where each weight is by itself. */
  readonly over: readonly number[];
  /** In words. */
  readonly text: string;
}

/** What the constraint of an entry takes as one unit. */
export function describeUnits(
  entry: Pick<PlanEntry, 'variable' | 'constraint' | 'tensors'>,
): Units | undefined {
  const { variable, constraint } = entry;
  const { shape } = variable;
  if (shape === undefined) return undefined;
  const total = elementCount(shape);
  if (constraint.constructor === NonNeg) {
    return { count: total, over: [], text: total === 1 ? 'the one weight' : `each of ${total} weights` };
  }
  const axes = safely(() => reducedAxes(constraint, shape));
  if (axes === undefined) return undefined;
  const over = axes === null ? shape : axes.map((axis) => shape[axis] as number);
  const weights = elementCount(over);
  const count = axes === null ? 1 : elementCount(shape.filter((_, axis) => !axes.includes(axis)));
  if (count === 1) return { count, over, text: total === 1 ? 'the one weight' : `all ${total} weights` };
  const sizes = over.filter((size) => size !== 1);
  const extent =
    sizes.length < 2 ? `${weights} weight${weights === 1 ? '' : 's'}` : `${sizes.join('×')} weights`;
  return { count, over, text: `each of ${count} ${nounOf(entry, axes ?? [])}s, over ${extent}` };
}

/** `filter`, `unit` or `vector` where the axes take exactly those; else `slice`. */
function nounOf(
  { variable, tensors }: Pick<PlanEntry, 'variable' | 'tensors'>,
  axes: readonly number[],
): string {
  const units = variable.layer === '' ? tensorUnits(tensors) : kerasUnits(variable);
  if (units === undefined) return 'slice';
  const wide = (list: readonly number[]): string =>
    list.filter((axis) => variable.shape?.[axis] !== 1).join();
  return wide(units.axes) === wide(axes) ? units.noun : 'slice';
}

/** Entries of rules files name tensors, which no layer is known of. */
function tensorUnits(tensors: PlanEntry['tensors']): KerasUnits | undefined {
  const [tensor] = tensors;
  const units = tensor === undefined ? undefined : unitAxes(tensor);
  return typeof units === 'string' ? undefined : units;
}

/** An axis out of range is told as the reason of the entry; here it has no units. */
function safely<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}
