// Files of named weights: `.keras`, `.h5`, `.safetensors`.
// Alone with its neighbours in touching node:fs.
import { open } from 'node:fs/promises';
import { FileError } from '../graph/errors.js';
import type { WeightFile } from '../graph/weightFile.js';
import type { KerasModel, KerasOptions } from '../keras/kerasModel.js';
import { openKerasWeights } from '../keras/kerasWeights.js';
import { looksLikeSafetensors, openSafetensors } from '../safetensors/safetensorsFile.js';
import { describeFileFailure } from './atomicWrite.js';
import { readFile } from './readFile.js';

/** A file of weights, with the model that they are of where the file says it. */
export interface OpenedWeightFile {
  readonly weights: WeightFile;
  readonly model?: KerasModel;
}

/**
 * Opens a file of named weights, its format told by its first bytes; `undefined` for files of other formats and
 * those called `.onnx`, which had better be one.
 *
 * @throws {FileError} @throws {FormatError} @throws {ConfigError}
 */
export async function readWeightFile(
  file: string,
  options: Omit<KerasOptions, 'file'> = {},
): Promise<OpenedWeightFile | undefined> {
  if (/\.onnx$/i.test(file)) return undefined;
  const start = await readStart(file, 9);
  if (isKeras(start)) return openKerasWeights(await readFile(file), { ...options, file });
  if (!file.toLowerCase().endsWith('.safetensors') && !looksLikeSafetensors(start)) return undefined;
  return { weights: openSafetensors(await readFile(file), { file }) };
}

function isKeras(start: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(start);
  return text.startsWith('PK\u0003\u0004') || text.startsWith('\u0089HDF\r\n\u001a\n');
}

async function readStart(file: string, length: number): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new FileError(describeFileFailure(cause), { file, cause });
  }
}
