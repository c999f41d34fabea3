// Modules that users name with --plugin: ESM files that export customObjects.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CustomObjects } from '../constraints/deserialize.js';
import { UsageError } from '../graph/errors.js';

/** The custom objects of all plugins; a later one wins over an earlier. @throws {UsageError} */
export async function loadPlugins(files: readonly string[]): Promise<CustomObjects> {
  const all: CustomObjects[] = [];
  for (const file of files) all.push(await loadPlugin(file));
  return Object.assign({}, ...all);
}

async function loadPlugin(file: string): Promise<CustomObjects> {
  let module: { customObjects?: unknown };
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`the plugin could not be loaded: ${reason}`, { file, cause });
  }
  const { customObjects } = module;
  if (typeof customObjects !== 'object' || customObjects === null) {
    throw new UsageError(
      "the plugin exports no customObjects; write: export const customObjects = { 'package>Name': Name }",
      { file },
    );
  }
  return customObjects as CustomObjects;
}
