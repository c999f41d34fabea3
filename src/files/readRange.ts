// Reading parts of files, however large the files are.
// Alone with its neighbours in touching node:fs.
import { closeSync, openSync, readSync } from 'node:fs';
import { FileError, FormatError, UnsupportedError } from '../graph/errors.js';
import { describeFileFailure } from './atomicWrite.js';

/** The most bytes one call of the operating system is asked for; Linux gives less than 2 GiB. */
const readBytes: number = 1 << 26;

/** `length` bytes of a file from `offset`. @throws {FileError} @throws {FormatError} when the file ends before */
export function readRange(file: string, offset: number, length: number): Uint8Array {
  try {
    const handle = openSync(file, 'r');
    try {
      return readOpen(handle, offset, length, file);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    if (!(cause instanceof Error) || !('errno' in cause)) throw cause;
    throw new FileError(`could not be read: ${describeFileFailure(cause)}`, { file, cause });
  }
}

/** As `readRange`, of an open file. */
export function readOpen(handle: number, offset: number, length: number, file: string): Uint8Array {
  const bytes = allocate(length, file);
  for (let done = 0; done < length; ) {
    const count = readSync(handle, bytes, done, Math.min(readBytes, length - done), offset + done);
    if (count === 0) throw new FormatError(`ends before byte ${offset + length}`, { file });
    done += count;
  }
  return bytes;
}

function allocate(length: number, file: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new UnsupportedError(`a tensor of ${length} bytes, more than can be in memory at once`, {
      file,
      cause,
    });
  }
}
