// Checkpoints of a step loop: a safetensors file with each parameter and state under its name, and the number of the step.
// Must not import files or cli.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { checkSameForm } from '../graph/weightFile.js';
import { encodeSafetensors } from '../safetensors/encodeSafetensors.js';
import { readMetadata } from '../safetensors/header.js';
import { openSafetensors } from '../safetensors/safetensorsFile.js';
import type { CarriedValue } from './carriedValues.js';

export interface Checkpoint {
  /** How many steps were done. */
  readonly step: number;
  readonly values: ReadonlyMap<string, TensorValue>;
}

export function encodeCheckpoint({ step, values }: Checkpoint): Uint8Array {
  return encodeSafetensors(values, { step: String(step) });
}

/**
 * Reads a checkpoint for a step with these values.
 *
 * @throws {FormatError} where it is no whole checkpoint, or one of another step
 * @throws {ShapeError} where a value has another dtype or shape than the step's
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  carried: readonly CarriedValue[],
  place: ErrorPlace,
): Checkpoint {
  const { weights } = openSafetensors(bytes, place);
  const text = readMetadata(bytes, place).get('step');
  const step = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(step)) {
    throw new FormatError(
      `is no checkpoint of a step loop: its metadata tells no step, found ${text === undefined ? 'none' : JSON.stringify(text)}`,
      place,
    );
  }
  const found = new Map(weights.map((weight) => [weight.name, weight]));
  const values = carried.map((own) => {
    const weight = found.get(own.name);
    if (weight === undefined) {
      throw new FormatError(`has no ${own.role} '${own.name}', which the step carries`, place);
    }
    const value = weight.read();
    checkSameForm({ ...own, read: () => value }, value, place);
    return [own.name, value] as const;
  });
  const more = weights.find(({ name }) => carried.every((own) => own.name !== name));
  if (more !== undefined) {
    throw new FormatError(`has '${more.name}', which the step does not carry: it is of another step`, place);
  }
  return { step, values: new Map(values) };
}
