// Puts new values in place of datasets of an HDF5 file and leaves everything else in it as it was.
// Must not import h5wasm, nor anything of the Keras formats.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { bytesOf } from '../graph/weightFile.js';
import { H5File } from './h5File.js';

/** A value by the path of its dataset. */
export type DatasetValue = readonly [path: string, value: TensorValue];

/**
 * The bytes of the file with the datasets at these paths replaced. Each value has its dataset's dims and dtype.
 *
 * @param kept datasets that must still have these values afterwards
 * @throws {FormatError} where the file does not hold afterwards what it should, as when two datasets share their bytes
 */
export function replaceDatasets(
  bytes: Uint8Array,
  place: ErrorPlace,
  values: readonly DatasetValue[],
  kept: readonly DatasetValue[],
): Promise<Uint8Array> {
  return H5File.edit(bytes, place, (h5) => {
    for (const [path, value] of values) h5.write(path, bytesOf(value));
    for (const [path, value] of [...values, ...kept]) {
      const found = h5.dataset(path, value.dtype);
      if (found !== undefined && sameBytes(bytesOf(found), bytesOf(value))) continue;
      throw new FormatError('shares its bytes with another variable, which has other values now', {
        ...place,
        path,
      });
    }
  });
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
