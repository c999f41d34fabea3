// What is given for each output of a model: a list in their order, or an object by their names.
// Must not import other folders of fit.
import { type ErrorPlace, UsageError } from '../../graph/errors.js';
import { asList, isObject } from '../../keras/configValue.js';

/** One for all outputs, a list in their order, or an object by their names; null where an output has none. */
export type ByOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>;

/**
 * An entry for each output; `undefined` where an object has none of its name.
 *
 * @param what what messages begin with, such as `y: `
 * @throws {UsageError} where a list has another length, or an object other names
 */
export function byOutput(
  given: unknown,
  names: readonly string[],
  place: ErrorPlace,
  what = '',
): readonly unknown[] {
  const list = asList(given);
  if (list?.length === names.length) return list;
  const accepted = names.length === 1 ? `the output ${names[0]}` : `the outputs ${names.join(', ')}`;
  if (list !== undefined) {
    throw new UsageError(`${what}is a list of ${list.length}, for ${accepted}; give one for each`, place);
  }
  const found = isObject(given) ? given : {};
  const odd = Object.keys(found).find((name) => !names.includes(name));
  if (odd === undefined) return names.map((name) => (Object.hasOwn(found, name) ? found[name] : undefined));
  throw new UsageError(
    `${what}there is no output '${odd}' to give it for; there ${names.length === 1 ? 'is' : 'are'} ${accepted}`,
    place,
  );
}
