// Files beside a model that the model names: inside its folder, and nowhere else.
// Alone with its neighbours in touching node:fs.
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { FileError, FormatError } from '../graph/errors.js';
import { describeFileFailure } from './atomicWrite.js';
import { readFile } from './readFile.js';

/** Reads files below the folder of `file`; links that lead out of it are refused. */
export function siblingReader(file: string): (path: string) => Promise<Uint8Array> {
  return async (path) => {
    const sibling = join(dirname(file), path);
    await checkInside(dirname(file), sibling);
    return await readFile(sibling);
  };
}

async function checkInside(folder: string, file: string): Promise<void> {
  const inside = await relativePath(folder, file);
  if (isAbsolute(inside) || inside.split(/[\\/]/)[0] === '..') {
    throw new FormatError('lies outside the folder of the model that names it, where its files may not be', {
      file,
    });
  }
}

async function relativePath(folder: string, file: string): Promise<string> {
  try {
    const inside = relative(await realpath(folder), await realpath(file));
    // A pipe or a device would keep the reader waiting, or never end.
    if ((await stat(file)).isFile()) return inside;
  } catch (cause) {
    throw new FileError(`is named by the model and ${describeFileFailure(cause)}`, { file, cause });
  }
  throw new FileError('is named by the model and is no ordinary file', { file });
}
