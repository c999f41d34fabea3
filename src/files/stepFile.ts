// Step descriptions as files: JSON, or YAML by the name's ending.
// Alone with its neighbours in touching node:fs.
import { FormatError } from '../graph/errors.js';
import { parseJson } from '../keras/parseJson.js';
import { repeatedKey } from '../keras/repeatedKeys.js';
import { parseYaml } from '../resolve/parseYaml.js';
import {
  parseStepDescription,
  type StepDescription,
  type StepDescriptionOptions,
} from '../training/stepDescription.js';
import { decodeText } from './configFile.js';
import { readFile } from './readFile.js';

/**
 * Reads a step description, JSON or YAML: see `parseStepDescription`.
 *
 * @throws {FileError} where it cannot be read
 * @throws {FormatError} on what is neither JSON nor YAML, or has a key twice
 * @throws {ConfigError} on what is no step description
 * @example
 * const step = await readStepDescription('step.json');
 */
export async function readStepDescription(
  file: string,
  options: Omit<StepDescriptionOptions, 'file'> = {},
): Promise<StepDescription> {
  const text = decodeText(await readFile(file), file);
  const config = /\.ya?ml$/i.test(file) ? await parseYaml(text, { file }) : parseUniqueJson(text, file);
  return parseStepDescription(config, { ...options, file });
}

function parseUniqueJson(text: string, file: string): unknown {
  const config = parseJson(text, { file });
  const path = repeatedKey(text);
  if (path === undefined) return config;
  throw new FormatError('is there twice; each key may be given once', { file, path });
}
