// ONNX models as files, with the data files beside them.
// Alone with its neighbours in touching node:fs.
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OnnxModel, type Scratch } from '../onnx/model.js';
import { AtomicFiles } from './atomicWrite.js';
import { DataFolder } from './dataFolder.js';
import { readFile } from './readFile.js';

export interface ReadModelOptions {
  /**
   * Where tensors in data files stay once they are written, until the model is: a `ScratchFile` for a model larger
   * than memory. Default: in memory.
   */
  readonly scratch?: Scratch | undefined;
}

/** Reads a model. Its data files are read when its tensors are. @throws {FileError} @throws {FormatError} */
export async function readModel(file: string, { scratch }: ReadModelOptions = {}): Promise<OnnxModel> {
  const externalData = new DataFolder(dirname(file));
  return OnnxModel.decode(await readFile(file), { file, externalData, scratch });
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
