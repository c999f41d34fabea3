// Reads values out of Keras configs, which strangers write: only own keys count, nothing is assumed.
// Must not import file readers (fflate, h5wasm).
import { ConfigError, type ErrorPlace } from '../graph/errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value under a key, spelled as it is; `undefined` where it is no own key. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * @param prefix what leads to the object in its file, such as `parameters.`
 * @throws {ConfigError} at a key that is not accepted
 */
export function refuseUnknownKeys(
  object: JsonObject,
  accepted: readonly string[],
  prefix: string,
  place: ErrorPlace,
): void {
  for (const key of Object.keys(object)) {
    if (accepted.includes(key)) continue;
    throw new ConfigError(`unknown key; accepted are ${accepted.join(', ')}`, {
      ...place,
      path: `${prefix}${key}`,
    });
  }
}

function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What Keras 1 called some of today's keys. */
const keras1Keys: ReadonlyMap<string, string> = new Map([
  ['kernel_constraint', 'W_constraint'],
  ['embeddings_constraint', 'W_constraint'],
  ['recurrent_constraint', 'U_constraint'],
  ['bias_constraint', 'b_constraint'],
  ['use_bias', 'bias'],
  ['units', 'output_dim'],
]);

/** The spelling under which `object` holds `key`: today's snake_case, tfjs's camelCase or Keras 1's name. */
export function ownKey(object: JsonObject, key: string): string | undefined {
  return [key, camelCase(key), keras1Keys.get(key)].find(
    (spelling) => spelling !== undefined && Object.hasOwn(object, spelling),
  );
}

/** The value under a key in any of its spellings; `undefined` where none is an own key. */
export function field(object: JsonObject, key: string): unknown {
  const spelling = ownKey(object, key);
  return spelling === undefined ? undefined : object[spelling];
}

export function textField(object: JsonObject, key: string): string | undefined {
  const value = field(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** A list, or a tuple as Keras 3 serializes it (`{"class_name": "__tuple__", "items": [...]}`). */
export function asList(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (isObject(value) && field(value, 'class_name') === '__tuple__') return asList(field(value, 'items'));
  return undefined;
}

/** Something Keras serialized as a class with its config. */
export interface SerializedObject {
  readonly className: string;
  /** The keys of the config; empty where the config is a list. */
  readonly config: JsonObject;
  readonly entry: JsonObject;
}

/** Reads `{class_name, config}`; `undefined` where the value is something else. */
export function asSerialized(value: unknown): SerializedObject | undefined {
  if (!isObject(value)) return undefined;
  const className = textField(value, 'class_name');
  const config = field(value, 'config');
  if (className === undefined) return undefined;
  // The first Keras versions wrote a Sequential model's config as the bare list of its layers.
  if (Array.isArray(config)) return { className, config: { layers: config }, entry: value };
  return isObject(config) ? { className, config, entry: value } : undefined;
}
