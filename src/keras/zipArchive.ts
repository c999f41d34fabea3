// Takes named entries out of a zip archive with sizes checked before anything is unpacked. Alone in touching fflate.
// Must not import anything of the Keras formats.
import { type ErrorPlace, FormatError } from '../graph/errors.js';

const maxEntryBytes = 4 * 1024 ** 3;
/** Deflate cannot do better. */
const maxExpansion = 1032;

/**
 * Unpacks the wanted entries of a zip archive.
 *
 * @returns the bytes of those that are there, by name
 * @throws {FormatError} on bytes that are no whole zip archive, entries of the same name, and sizes that cannot be true
 */
export async function unzipEntries(
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
  place: ErrorPlace,
): Promise<{ readonly entries: ReadonlyMap<string, Uint8Array>; readonly names: readonly string[] }> {
  const { unzipSync } = await import('fflate');
  const names = new Set<string>();
  try {
    const unpacked = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        const at = { ...place, path: name };
        if (names.has(name)) throw new FormatError('the archive has two entries of this name', at);
        names.add(name);
        if (!wanted.has(name)) return false;
        if (originalSize > maxEntryBytes || originalSize > (size + 1) * maxExpansion) {
          throw new FormatError(`declares ${originalSize} bytes, packed in ${size}: not accepted`, at);
        }
        return true;
      },
    });
    return { entries: new Map(Object.entries(unpacked)), names: [...names] };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`is no whole zip archive: ${reason}`, { ...place, cause: error });
  }
}
