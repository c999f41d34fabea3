// Reads the settings of layers, losses, optimizers and initializers out of their Keras configs.
// Must not import other folders of fit.
import { ConfigError, type ErrorPlace, UnsupportedError } from '../graph/errors.js';
import { asList, asSerialized, field, isObject, type JsonObject, ownKey } from '../keras/configValue.js';

/** The config of one object, with its place for messages. */
export class Settings {
  /**
   * @param owner the class, as messages name it
   * @param place the file, and the path of the config in it
   */
  constructor(
    readonly owner: string,
    readonly config: JsonObject,
    readonly place: ErrorPlace = {},
  ) {}

  /** The value as it is; `undefined` where there is none or it is null. */
  raw(key: string): unknown {
    return field(this.config, key) ?? undefined;
  }

  number(key: string, missing: number): number {
    return this.optionalNumber(key) ?? missing;
  }

  optionalNumber(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.refuse(key, 'a number');
  }

  /** A whole number from 1. */
  count(key: string, missing?: number): number {
    const value = this.raw(key) ?? missing;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
    throw this.refuse(key, 'a whole number from 1');
  }

  integer(key: string, missing: number): number {
    const value = this.raw(key) ?? missing;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw this.refuse(key, 'a whole number');
  }

  boolean(key: string, missing: boolean): boolean {
    const value = this.raw(key) ?? missing;
    if (typeof value === 'boolean') return value;
    throw this.refuse(key, 'true or false');
  }

  /** One of several words. */
  choice<T extends string>(key: string, accepted: readonly T[], missing: T): T {
    const value = this.raw(key) ?? missing;
    const found = accepted.find((word) => word === value);
    if (found !== undefined) return found;
    throw this.refuse(key, accepted.join(' or '));
  }

  /** A whole number from 1 for each of `length` dimensions; a single one holds for all. */
  counts(key: string, length: number, missing?: readonly number[]): readonly number[] {
    const value = this.raw(key) ?? missing;
    const list = asList(value) ?? Array<unknown>(length).fill(value);
    if (list.length === length && list.every(isCount)) return list as readonly number[];
    throw this.refuse(key, `a whole number from 1, or ${length} of them`);
  }

  /** Whole numbers, one or a list. */
  integers(key: string, missing: readonly number[]): readonly number[] {
    const value = this.raw(key) ?? missing;
    const list = asList(value) ?? [value];
    if (list.every((item) => Number.isSafeInteger(item))) return list as readonly number[];
    throw this.refuse(key, 'a whole number or a list of them');
  }

  /** A list of numbers. */
  numbers(key: string): readonly number[] {
    const list = asList(this.raw(key));
    if (list?.every((item) => typeof item === 'number' && Number.isFinite(item)) === true) {
      return list as readonly number[];
    }
    throw this.refuse(key, 'a list of numbers');
  }

  /** A class with its config, or its bare name; `undefined` where there is none. */
  serialized(
    key: string,
  ): { readonly name: string; readonly config: JsonObject; readonly path: string } | undefined {
    const value = this.raw(key);
    const path = this.pathOf(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return { name: value, config: {}, path };
    const found = asSerialized(value);
    if (found !== undefined) return { name: found.className, config: found.config, path: `${path}.config` };
    const config = isObject(value) ? field(value, 'config') : undefined;
    if (isObject(value) && typeof config === 'string') return { name: config, config: {}, path };
    throw this.refuse(key, 'a name, or an object with class_name and config');
  }

  /** Keys that are neither accepted nor empty would change what is computed. @throws {UnsupportedError} at one */
  refuseOthers(accepted: readonly string[]): void {
    const spelled = new Set(accepted.map((key) => ownKey(this.config, key) ?? key));
    for (const [key, value] of Object.entries(this.config)) {
      if (spelled.has(key) || value === null || value === false) continue;
      throw new UnsupportedError(
        `${this.owner} has the setting ${JSON.stringify(value)?.slice(0, 80)} here, which is not known; known are ${accepted.join(', ')}`,
        { ...this.place, path: this.pathOf(key) },
      );
    }
  }

  /** The error that says what a setting must be. */
  refuse(key: string, wanted: string): ConfigError {
    const value = this.raw(key);
    const found = value === undefined ? 'nothing' : JSON.stringify(value)?.slice(0, 80);
    return new ConfigError(`${this.owner}: must be ${wanted}, found ${found}`, {
      ...this.place,
      path: this.pathOf(key),
    });
  }

  /** The place of a setting. */
  pathOf(key: string): string {
    return this.place.path === undefined ? key : `${this.place.path}.${key}`;
  }
}

const isCount = (item: unknown): boolean =>
  typeof item === 'number' && Number.isSafeInteger(item) && item >= 1;
