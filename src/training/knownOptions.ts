// Options by name: a key that nobody reads is refused, as it would be ignored without a word.
// Must not import anything but errors.
import { UsageError } from '../graph/errors.js';

/** @throws {UsageError} on a key that is none of those accepted */
export function checkKnown(options: object, accepted: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !accepted.includes(key));
  if (unknown === undefined) return;
  throw new UsageError(`there is no option '${unknown}'; accepted are ${accepted.join(', ')}`);
}
