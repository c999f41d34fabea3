// Writing files so that they are whole or absent: to a temporary file beside the target, synced, then renamed.
// Alone with its neighbours in touching node:fs.
import { closeSync, constants, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { access, open, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FileError, UsageError } from '../graph/errors.js';
import { releaseTemporary, removeStaleTemporaries, temporaryBeside } from './temporaryFiles.js';

/** Refuses a target that exists, unless it may be overwritten. @throws {UsageError} */
export async function checkTarget(file: string, overwrite: boolean): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw new FileError('is a folder; give a file name', { file });
  if (found !== undefined && !overwrite) {
    throw new UsageError('exists already; --force overwrites it', { file });
  }
  const folder = dirname(file);
  try {
    if (!(await stat(folder)).isDirectory())
      throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FileError(`the folder ${folder} ${describeFileFailure(cause)}`, { file, cause });
  }
}

/** The targets written before: who is killed later is found by the next process. */
const written = new Set<string>();

/** Files written beside their targets that come into place together. */
export class AtomicFiles {
  readonly #pending: { temporary: string; target: string }[] = [];

  /** Writes the pieces to a temporary file beside the target. */
  async write(target: string, pieces: Iterable<Uint8Array>): Promise<void> {
    if (!written.has(resolve(target))) removeStaleTemporaries(target);
    written.add(resolve(target));
    const temporary = temporaryBeside(target);
    this.#pending.push({ temporary, target });
    try {
      // Made at once: made in the background it could come after an interruption has removed what there is.
      closeSync(openSync(temporary, 'wx'));
      const handle = await open(temporary, 'r+');
      try {
        for (const piece of pieces) await handle.writeFile(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      await this.discard();
      throw writeError(target, cause);
    }
  }

  /**
   * Renames all into place, in the order they were written. No signal is handled in between, so that an
   * interruption finds none of them in place or all.
   */
  async commit(): Promise<void> {
    const created: string[] = [];
    for (const { temporary, target } of [...this.#pending]) {
      const isNew = !existsSync(target);
      try {
        renameSync(temporary, target);
      } catch (cause) {
        for (const file of created) rmSync(file, { force: true });
        await this.discard();
        throw writeError(target, cause);
      }
      if (isNew) created.push(target);
      releaseTemporary(temporary);
      this.#pending.shift();
    }
  }

  /** Removes what was not committed. */
  async discard(): Promise<void> {
    for (const { temporary } of this.#pending.splice(0)) {
      await unlink(temporary).catch(() => {});
      releaseTemporary(temporary);
    }
  }
}

/** Writes one file, whole or not at all. @throws {FileError} */
export async function writeFileAtomic(file: string, bytes: Uint8Array): Promise<void> {
  const files = new AtomicFiles();
  await files.write(file, [bytes]);
  await files.commit();
}

/** What went wrong with a file, in words. */
export function describeFileFailure(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'is not accessible (permission denied)',
    EPERM: 'is not accessible (operation not permitted)',
    EISDIR: 'is a folder',
    ENOTDIR: 'is not a folder',
    ENOSPC: 'has no room left (disk full)',
    EDQUOT: 'has no room left (quota used up)',
    EFBIG: 'would be larger than files may be (a limit of the file system, or of the user: ulimit -f)',
    EROFS: 'is on a read-only file system',
    ERR_FS_FILE_TOO_LARGE:
      'has 2 GiB or more, which is not read; only data files beside ONNX models may be larger',
    EMFILE: 'cannot be opened: too many open files',
  };
  return words[code ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
}

/** The error for a file that could not be written; one that came from reading stays as it is. */
export function writeError(file: string, cause: unknown): Error {
  if (cause instanceof Error && !('errno' in cause)) return cause;
  return new FileError(`could not be written: ${describeFileFailure(cause)}`, { file, cause });
}
