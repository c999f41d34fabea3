// Writes new HDF5 files through h5wasm: groups with a name, datasets of numbers.
// Must not import anything of the Keras formats.
import type { Group } from 'h5wasm';
import type { DType } from '../graph/dtype.js';
import { UnsupportedError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';

/** A group: what it is called by an attribute, and its datasets by name. */
export interface H5Group {
  readonly path: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly datasets?: Readonly<Record<string, TensorValue>>;
}

const formats: Readonly<Partial<Record<DType, string>>> = {
  float32: '<f',
  float64: '<d',
  int32: '<i',
  uint32: '<I',
  int64: '<q',
};

let written = 0;

/**
 * The bytes of an HDF5 file with these groups; those around them are made too. The same groups give the same bytes.
 *
 * @throws {UnsupportedError} for a dtype that is not written
 */
export async function encodeH5(groups: readonly H5Group[]): Promise<Uint8Array<ArrayBuffer>> {
  const h5wasm = await import('h5wasm');
  const module = await h5wasm.ready;
  written += 1;
  const name = `written-${written}.h5`;
  return withoutTime(() => {
    const file = new h5wasm.File(name, 'w');
    try {
      try {
        for (const group of groups) writeGroup(file, group);
      } finally {
        file.close();
      }
      return module.FS.readFile(name).slice() as Uint8Array<ArrayBuffer>;
    } finally {
      module.FS.unlink(name);
    }
  });
}

function writeGroup(file: Group, { path, attributes = {}, datasets = {} }: H5Group): void {
  const group = path === '' ? file : openGroup(file, path.split('/'));
  for (const [key, text] of Object.entries(attributes)) group.create_attribute(key, text);
  for (const [key, { dtype, dims, data }] of Object.entries(datasets)) {
    const format = formats[dtype];
    if (format === undefined) throw new UnsupportedError(`${dtype} is not written to HDF5 files`, { path });
    group.create_dataset({ name: key, data: data as Float32Array, shape: [...dims], dtype: format });
  }
}

function openGroup(root: Group, [first, ...rest]: readonly string[]): Group {
  if (first === undefined) return root;
  const known = root.keys().includes(first) ? (root.get(first) as Group) : root.create_group(first);
  return openGroup(known, rest);
}

/** HDF5 writes the time beside each dataset, which would make other bytes each second. Nothing else runs meanwhile. */
function withoutTime<T>(write: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return write();
  } finally {
    Date.now = now;
  }
}
