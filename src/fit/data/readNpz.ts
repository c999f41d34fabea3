// Arrays out of NumPy's .npz archives: zipped .npy files.
// Must not import other folders of fit.

import type { DType } from '../../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../../graph/errors.js';
import { elementCount, type TensorData, type TensorValue } from '../../graph/tensorValue.js';
import { unzipEntries } from '../../keras/zipArchive.js';

interface Kind {
  readonly dtype: DType;
  readonly array: new (buffer: ArrayBuffer) => TensorData;
}

/** NumPy's little-endian type codes. */
const kinds: Readonly<Record<string, Kind>> = {
  '<f2': { dtype: 'float16', array: Uint16Array },
  '<f4': { dtype: 'float32', array: Float32Array },
  '<f8': { dtype: 'float64', array: Float64Array },
  '|i1': { dtype: 'int8', array: Int8Array },
  '<i2': { dtype: 'int16', array: Int16Array },
  '<i4': { dtype: 'int32', array: Int32Array },
  '<i8': { dtype: 'int64', array: BigInt64Array },
  '|u1': { dtype: 'uint8', array: Uint8Array },
  '<u2': { dtype: 'uint16', array: Uint16Array },
  '<u4': { dtype: 'uint32', array: Uint32Array },
  '<u8': { dtype: 'uint64', array: BigUint64Array },
  '|b1': { dtype: 'bool', array: Uint8Array },
};

/**
 * The arrays of these names that an archive holds.
 *
 * @throws {FormatError} where the bytes are no such archive, or an array has a type or order that is not read
 */
export async function readNpz(
  bytes: Uint8Array,
  names: readonly string[],
  place: ErrorPlace,
): Promise<ReadonlyMap<string, TensorValue>> {
  const { entries } = await unzipEntries(bytes, new Set(names.map((name) => `${name}.npy`)), place);
  return new Map(
    [...entries].map(([entry, npy]) => [
      entry.replace(/\.npy$/, ''),
      readNpy(npy, { ...place, path: entry }),
    ]),
  );
}

/** Magic, version, the length of the header, and the header: a Python dict. */
function readNpy(bytes: Uint8Array, place: ErrorPlace): TensorValue {
  const isNpy = bytes.length >= 12 && new TextDecoder('latin1').decode(bytes.subarray(1, 6)) === 'NUMPY';
  if (!isNpy) throw new FormatError('is no .npy array', place);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = (bytes[6] as number) >= 2;
  const start = (isLong ? 12 : 10) + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(isLong ? 12 : 10, start));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const kind = Object.hasOwn(kinds, descr) ? kinds[descr] : undefined;
  if (kind === undefined || shape === undefined || !/'fortran_order':\s*False/.test(header)) {
    throw new FormatError(
      `has the header ${header.trim().slice(0, 120)}; read are C-ordered arrays of ${Object.keys(kinds).join(', ')}`,
      place,
    );
  }
  const dims = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const data = new kind.array(wholeBytes(bytes, start, elementCount(dims) * Number(descr.slice(2)), place));
  return { dtype: kind.dtype, dims, data };
}

function wholeBytes(bytes: Uint8Array, start: number, length: number, place: ErrorPlace): ArrayBuffer {
  if (bytes.length - start === length) return bytes.slice(start).buffer as ArrayBuffer;
  throw new FormatError(`declares ${length} bytes of numbers, found ${bytes.length - start}`, place);
}
