// Finds the constraints in a layer's config, and those that no known variable takes.
// Must not import file readers (fflate, h5wasm).
import { type Constraint, type CustomObjects, deserialize } from '../constraints/index.js';
import { asSerialized, type JsonObject, ownKey } from './configValue.js';

/** A constraint in a config that belongs to no variable this package knows. */
export interface LooseConstraint {
  /** Its place in the config. */
  readonly path: string;
  readonly className: string;
}

interface ConstraintOptions {
  readonly customObjects?: CustomObjects | undefined;
  readonly file?: string | undefined;
  readonly warn: (message: string) => void;
}

const place = (layerPlace: string, key: string): string =>
  layerPlace === '' ? `config.${key}` : `${layerPlace}.config.${key}`;

/** The constraint under `key` of a layer's config; `undefined` where there is none. */
export function constraintAt(
  config: JsonObject,
  key: string | undefined,
  layerPlace: string,
  options: ConstraintOptions,
): { readonly constraint: Constraint; readonly path: string } | undefined {
  const spelling = key === undefined ? undefined : ownKey(config, key);
  if (spelling === undefined) return undefined;
  const path = place(layerPlace, spelling);
  const value = config[spelling];
  const className = asSerialized(value)?.className ?? '';
  // tfjs writes a depthwise regularizer a second time in the constraint's place, and the constraint not at all.
  if (/^(L1|L2|L1L2)$/i.test(className)) {
    options.warn(`${path}: holds the regularizer ${className}, which is no constraint; none is applied here`);
    return undefined;
  }
  const constraint = deserialize(value, options.customObjects, { file: options.file, path });
  return constraint === null ? undefined : { constraint, path };
}

/** The constraints under keys other than the `used` ones. */
export function looseConstraints(
  config: JsonObject,
  layerPlace: string,
  used: ReadonlySet<string>,
): LooseConstraint[] {
  const usedSpellings = new Set([...used].map((key) => ownKey(config, key)));
  return Object.keys(config)
    .filter((key) => /(_c|C)onstraint$/.test(key) && !usedSpellings.has(key))
    .filter((key) => (config[key] ?? null) !== null)
    .map((key) => {
      const value = config[key];
      const className =
        asSerialized(value)?.className ?? (typeof value === 'string' ? value : 'a constraint');
      return { path: place(layerPlace, key), className };
    });
}
