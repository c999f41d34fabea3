// Keras models as files.
// Alone with its neighbours in touching node:fs.
import type { KerasModel, KerasOptions } from '../keras/kerasModel.js';
import { readKeras } from '../keras/readKeras.js';
import { readFile } from './readFile.js';

/** Reads a `.keras`, `.h5` or `.json` file. @throws {FileError} @throws {FormatError} @throws {ConfigError} */
export async function readKerasFile(
  file: string,
  options: Omit<KerasOptions, 'file'> = {},
): Promise<KerasModel> {
  return readKeras(await readFile(file), { ...options, file });
}
