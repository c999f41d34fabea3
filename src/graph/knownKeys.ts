// Options that are misspelled must not be taken for options that are not given.
// Must not import anything above graph.
import { UsageError } from './errors.js';

/**
 * @param what names the object in the error
 * @throws {UsageError} when it is no object, or has a key that is not accepted
 */
export function checkKeys(object: unknown, accepted: readonly string[], what: string): void {
  if (typeof object !== 'object' || object === null) {
    throw new UsageError(`${what}: must be an object with ${accepted.join(', ')}; found ${String(object)}`);
  }
  for (const key of Object.keys(object)) {
    if (accepted.includes(key)) continue;
    throw new UsageError(`${what}: unknown key '${key}'; accepted are ${accepted.join(', ')}`);
  }
}

/** @throws {UsageError} on an option that is none of those accepted */
export function checkOptions(options: object, accepted: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !accepted.includes(key));
  if (unknown === undefined) return;
  throw new UsageError(`there is no option '${unknown}'; accepted are ${accepted.join(', ')}`);
}
