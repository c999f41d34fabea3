// What `--config` may name: a Keras file or a rules file, told apart by the content.
// Alone with its neighbours in touching node:fs.
import { FormatError } from '../graph/errors.js';
import type { KerasModel, KerasOptions } from '../keras/kerasModel.js';
import { parseJson } from '../keras/parseJson.js';
import { readKeras } from '../keras/readKeras.js';
import { parseYaml } from '../resolve/parseYaml.js';
import { isRules, parseRules, type Rules } from '../resolve/rules.js';
import { readFile } from './readFile.js';
import { siblingReader } from './sibling.js';

/** What a config file holds. */
export type Config =
  | { readonly kind: 'keras'; readonly keras: KerasModel }
  | { readonly kind: 'rules'; readonly rules: Rules };

/**
 * Reads a Keras file or a rules file. JSON with `constraints` at its top is a rules file; YAML always is.
 *
 * @throws {FileError} @throws {FormatError} @throws {ConfigError}
 */
export async function readConfigFile(
  file: string,
  options: Omit<KerasOptions, 'file'> = {},
): Promise<Config> {
  const bytes = await readFile(file);
  const rules = await rulesIn(bytes, file, options);
  if (rules !== undefined) return { kind: 'rules', rules };
  return {
    kind: 'keras',
    keras: await readKeras(bytes, { readSibling: siblingReader(file), ...options, file }),
  };
}

/** Reads a rules file, JSON or YAML. @throws {FileError} @throws {FormatError} @throws {ConfigError} */
export async function readRulesFile(file: string, options: Omit<KerasOptions, 'file'> = {}): Promise<Rules> {
  const bytes = await readFile(file);
  return (await rulesIn(bytes, file, options)) ?? parseRules(decodeText(bytes, file), { ...options, file });
}

/** The rules in a file's bytes; `undefined` where they are something else. */
export async function rulesIn(
  bytes: Uint8Array,
  file: string,
  options: Omit<KerasOptions, 'file'> = {},
): Promise<Rules | undefined> {
  if (/\.ya?ml$/i.test(file)) {
    return parseRules(await parseYaml(decodeText(bytes, file), { file }), { ...options, file });
  }
  // Keras configs can be large: only those that may be rules are parsed here.
  const start = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  if (!start.startsWith('{')) return undefined;
  const text = decodeText(bytes, file);
  if (!text.includes('"constraints"')) return undefined;
  const root = parseJson(text, { file });
  return isRules(root) ? parseRules(root, { ...options, file }) : undefined;
}

/** The text of a file that must be UTF-8. @throws {FormatError} */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError('is no UTF-8 text', { file, cause });
  }
}
