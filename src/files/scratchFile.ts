// A file for what is too much for memory while a model is changed; it is gone when the process is, however that ends.
// Alone with its neighbours in touching node:fs.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { UsageError } from '../graph/errors.js';
import type { KeptBytes, Scratch } from '../onnx/model.js';
import { writeError } from './atomicWrite.js';
import { readOpen } from './readRange.js';
import { releaseTemporary, temporaryBeside } from './temporaryFiles.js';

/** The most bytes one call of the operating system is given; Linux takes less than 2 GiB. */
const writeBytes: number = 1 << 26;

/**
 * Keeps bytes in a file that nobody else sees. Give it to `readModel` and close it when the model is written.
 *
 * @example
 * const scratch = new ScratchFile('out/model.onnx');
 * try {
 *   const model = await readModel('in/model.onnx', { scratch });
 *   await applyPlan(await planModel(model, keras, runner), runner);
 *   await writeModel(model, 'out/model.onnx');
 * } finally {
 *   scratch.close();
 * }
 */
export class ScratchFile implements Scratch {
  #handle: number | undefined;
  #file: string | undefined;
  #length = 0;
  #closed = false;

  /** @param target the file that will be written: the scratch file lies in the same folder, where there must be room */
  constructor(readonly target: string) {}

  /** @throws {FileError} when the bytes cannot be written */
  keep(bytes: Uint8Array): KeptBytes {
    const offset = this.#length;
    try {
      const handle = this.#open();
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(handle, bytes, done, Math.min(writeBytes, bytes.length - done), offset + done);
      }
    } catch (cause) {
      throw writeError(this.target, cause);
    }
    this.#length += bytes.length;
    return {
      length: bytes.length,
      read: (from, length) => readOpen(this.#open(), offset + from, length, this.target),
    };
  }

  /** Lets go of all that was kept. */
  close(): void {
    this.#closed = true;
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
    if (this.#file !== undefined) rmSync(this.#file, { force: true });
    if (this.#file !== undefined) releaseTemporary(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    if (this.#closed) throw new UsageError('the scratch file is closed', { file: this.target });
    if (this.#handle !== undefined) return this.#handle;
    const file = temporaryBeside(this.target);
    this.#handle = openSync(file, 'wx+', 0o600);
    this.#file = file;
    try {
      // Unlinked at once, so that not even a killed process leaves it.
      rmSync(file);
      releaseTemporary(file);
      this.#file = undefined;
    } catch {
      // Where open files cannot be unlinked, closing removes it.
    }
    return this.#handle;
  }
}
