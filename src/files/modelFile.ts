// ONNX models as files, with the data files beside them.
// Alone with its neighbours in touching node:fs.
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { FileError, FormatError } from '../graph/errors.js';
import { type ExternalData, OnnxModel } from '../onnx/model.js';
import { AtomicFiles, describeFileFailure } from './atomicWrite.js';
import { readFile } from './readFile.js';

/** Reads a model. Its data files are read when its tensors are. @throws {FileError} @throws {FormatError} */
export async function readModel(file: string): Promise<OnnxModel> {
  return OnnxModel.decode(await readFile(file), { file, externalData: new DataFolder(dirname(file)) });
}

/**
 * Writes a model, whole or not at all. Where tensors lie in data files, those that were changed and, for a model
 * that was read from another folder, all others go into a new data file `<name>.data`; no data file that was read
 * is changed.
 *
 * @throws {FileError} when it cannot be written
 */
export async function writeModel(model: OnnxModel, file: string): Promise<void> {
  const files = new AtomicFiles();
  const moves = model.file === undefined || resolve(dirname(file)) !== resolve(dirname(model.file));
  if (model.needsDataFile || (moves && model.dataFiles().length > 0)) {
    const location = freeDataFile(file);
    const encoded = model.encodeWithData({ location, move: moves ? 'all' : 'written' });
    if (encoded.dataLength > 0) await files.write(join(dirname(file), location), encoded.data);
    await files.write(file, [encoded.bytes]);
  } else {
    await files.write(file, [model.encode()]);
  }
  await files.commit();
}

/** A name that no file has: replacing one in use would break its model if the program ended between two renames. */
function freeDataFile(file: string): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? `${basename(file)}.data` : `${basename(file)}.${n}.data`;
    if (!existsSync(join(dirname(file), name))) return name;
  }
}

/** The data files below a model's folder, and none outside it. */
class DataFolder implements ExternalData {
  readonly #sizes = new Map<string, number>();

  constructor(readonly folder: string) {}

  size(location: string): number {
    const known = this.#sizes.get(location);
    if (known !== undefined) return known;
    const path = this.#locate(location);
    const size = statSync(path).size;
    this.#sizes.set(location, size);
    return size;
  }

  read(location: string, offset: number, length: number): Uint8Array {
    const path = this.#locate(location);
    const bytes = new Uint8Array(length);
    const handle = openSync(path, 'r');
    try {
      for (let done = 0; done < length; ) {
        const count = readSync(handle, bytes, done, length - done, offset + done);
        if (count === 0) throw new FormatError(`ends before byte ${offset + length}`, { file: path });
        done += count;
      }
    } finally {
      closeSync(handle);
    }
    return bytes;
  }

  #locate(location: string): string {
    const path = join(this.folder, location);
    try {
      const inside = relative(realpathSync(this.folder), realpathSync(path));
      if (isAbsolute(inside) || inside.split(/[\\/]/)[0] === '..') {
        throw new FormatError('lies outside the folder of the model, where external data may not be', {
          file: path,
        });
      }
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      throw new FileError(`data file of the model ${describeFileFailure(cause)}`, { file: path, cause });
    }
    return path;
  }
}
