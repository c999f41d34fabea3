// Reading whole files, with messages that say what is wrong.
// Alone with its neighbours in touching node:fs.
import { readFile as read } from 'node:fs/promises';
import { FileError } from '../graph/errors.js';
import { describeFileFailure } from './atomicWrite.js';

/** The bytes of a file. @throws {FileError} when it cannot be read */
export async function readFile(file: string): Promise<Uint8Array> {
  try {
    const buffer = await read(file);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    throw new FileError(describeFileFailure(cause), { file, cause });
  }
}

/** The bytes of a file; undefined where it is not there. @throws {FileError} when it is there and cannot be read */
export async function readFileIfAny(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (((error as FileError).cause as { code?: string } | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  }
}
