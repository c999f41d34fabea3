// JSON as Python reads it: a whole number of a setting that Python wants as a float is written `1.0`, and NaN and infinities
// are bare words.
// Must not import anything but config readers.
import { isObject } from './configValue.js';

/** @param isFloat tells by its key whether a number, or those of a list, are floats */
export function writeJson(value: unknown, isFloat: (key: string) => boolean = () => false): string {
  return written(value, isFloat, '');
}

function written(value: unknown, isFloat: (key: string) => boolean, key: string): string {
  if (Array.isArray(value)) return `[${value.map((item) => written(item, isFloat, key)).join()}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${written(each, isFloat, name)}`).join()}}`;
  }
  if (typeof value !== 'number') return JSON.stringify(value ?? null);
  const text = String(value);
  return isFloat(key) && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
