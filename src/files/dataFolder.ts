// The data files below a model's folder, and none outside it.
// Alone with its neighbours in touching node:fs.
import { realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { FileError, FormatError } from '../graph/errors.js';
import type { ExternalData } from '../onnx/model.js';
import { describeFileFailure } from './atomicWrite.js';
import { readRange } from './readRange.js';

/** Reads data files by their names relative to a folder, which links do not lead out of. */
export class DataFolder implements ExternalData {
  readonly #sizes = new Map<string, number>();

  constructor(readonly folder: string) {}

  size(location: string): number {
    const known = this.#sizes.get(location);
    if (known !== undefined) return known;
    const { path, stats } = this.#locate(location);
    // A pipe or device has no end, or none that could be waited for.
    if (!stats.isFile()) throw new FormatError('data file of the model is no plain file', { file: path });
    this.#sizes.set(location, stats.size);
    return stats.size;
  }

  read(location: string, offset: number, length: number): Uint8Array {
    this.size(location);
    return readRange(this.#locate(location).path, offset, length);
  }

  #locate(location: string): { readonly path: string; readonly stats: Stats } {
    const path = join(this.folder, location);
    try {
      const inside = relative(realpathSync(this.folder), realpathSync(path));
      if (isAbsolute(inside) || inside.split(/[\\/]/)[0] === '..') {
        throw new FormatError('lies outside the folder of the model, where external data may not be', {
          file: path,
        });
      }
      return { path, stats: statSync(path) };
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      throw new FileError(`data file of the model ${describeFileFailure(cause)}`, { file: path, cause });
    }
  }
}
