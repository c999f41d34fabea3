// Numbers that are no numbers any more: which parameter has them, and since which step.
// Must not import files or cli.
import { ConstraintError } from '../graph/errors.js';
import { toFloat64 } from '../graph/numbers.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { Carrier } from '../runtime/carried.js';
import type { CarriedValue } from './carriedValues.js';

/** A loss, parameter or optimizer state became NaN or infinite. */
export class NonFiniteError extends ConstraintError {
  override readonly code = 'NON_FINITE';

  constructor(
    message: string,
    /** The step that made it so, counted from 1. */
    readonly step: number,
    /** The parameter or state that is no number; undefined where the loss alone is none. */
    readonly parameter: string | undefined,
  ) {
    super(message);
  }
}

/** The first value that is NaN or infinite, as words; undefined where all are finite. */
export function nonFiniteIn(value: TensorValue): string | undefined {
  const numbers = toFloat64(value);
  const at = numbers.findIndex((x) => !Number.isFinite(x));
  return at < 0 ? undefined : `${numbers[at]} (element ${at} of ${numbers.length})`;
}

/**
 * Why a loss is NaN or infinite. The step reads what the one before made, so that is looked at first: a gradient that
 * was no number shows in the loss of the next step.
 */
export async function explainLoss(
  loss: number,
  step: number,
  carrier: Carrier,
  values: readonly CarriedValue[],
): Promise<NonFiniteError> {
  for (const when of ['before', 'now'] as const) {
    const found = await firstNonFinite(carrier, values, when);
    if (found === undefined) continue;
    const { name, role, text } = found;
    const made = when === 'before' ? step - 1 : step;
    const origin = made === 0 ? 'was given with' : `came out of step ${made} with`;
    return new NonFiniteError(
      `the loss of step ${step} is ${loss}: ${role} '${name}' ${origin} ${text}`,
      made,
      name,
    );
  }
  return new NonFiniteError(
    `the loss of step ${step} is ${loss}, and every parameter is finite: look at its batch`,
    step,
    undefined,
  );
}

/** Refuses values that are no numbers, before they are kept. @throws {NonFiniteError} */
export function checkFinite(
  step: number,
  values: readonly CarriedValue[],
  tensors: ReadonlyMap<string, TensorValue>,
): void {
  for (const { name, role } of values) {
    const text = nonFiniteIn(tensors.get(name) as TensorValue);
    if (text === undefined) continue;
    throw new NonFiniteError(`after step ${step} ${role} '${name}' holds ${text}`, step, name);
  }
}

async function firstNonFinite(
  carrier: Carrier,
  values: readonly CarriedValue[],
  when: 'before' | 'now',
): Promise<{ name: string; role: string; text: string } | undefined> {
  for (const { name, role } of values) {
    const text = nonFiniteIn(await carrier.read(name, when));
    if (text !== undefined) return { name, role, text };
  }
  return undefined;
}
