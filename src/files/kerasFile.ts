// Keras models as files.
// Alone with its neighbours in touching node:fs.
import type { KerasModel } from '../keras/kerasModel.js';
import { type ReadKerasOptions, readKeras } from '../keras/readKeras.js';
import { readFile } from './readFile.js';
import { siblingReader } from './sibling.js';

/** Reads a `.keras`, `.h5` or `.json` file, and the shards beside a TensorFlow.js `model.json`. @throws {FileError} @throws {FormatError} @throws {ConfigError} */
export async function readKerasFile(
  file: string,
  options: Omit<ReadKerasOptions, 'file'> = {},
): Promise<KerasModel> {
  return readKeras(await readFile(file), { readSibling: siblingReader(file), ...options, file });
}
