// Writes HDF5 and `.keras` files for tests, among them ones that no Keras version would write.
// Must not import anything from src.
import { strFromU8, unzipSync, type Zippable, zipSync } from 'fflate';
import * as h5wasm from 'h5wasm';

let made = 0;

async function withFile<T>(
  mode: 'r' | 'w',
  bytes: Uint8Array | undefined,
  use: (file: h5wasm.File, name: string) => T | Promise<T>,
): Promise<T> {
  const { FS } = await h5wasm.ready;
  made += 1;
  const name = `built-${made}.h5`;
  if (bytes) FS.writeFile(name, bytes);
  try {
    return await use(new h5wasm.File(name, mode), name);
  } finally {
    FS.unlink(name);
  }
}

/** The bytes of an HDF5 file that `fill` wrote. */
export async function buildH5(fill: (file: h5wasm.File) => void): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  return withFile('w', undefined, (file, name) => {
    fill(file);
    file.close();
    return FS.readFile(name).slice();
  });
}

/** Copies an HDF5 file of text attributes and float32 datasets, but for what `drop` names, and lets `fill` write more. */
export function editH5(
  bytes: Uint8Array,
  drop: readonly string[],
  fill: (file: h5wasm.File) => void,
): Promise<Uint8Array> {
  return withFile('r', bytes, async (source) => {
    const copy = await buildH5((target) => {
      copyGroup(source, target, '', drop);
      fill(target);
    });
    source.close();
    return copy;
  });
}

/** `drop` names datasets and groups by path, attributes as `path@name`. */
function copyGroup(source: h5wasm.File, target: h5wasm.File, path: string, drop: readonly string[]): void {
  const from = groupAt(source, path);
  for (const [name, attribute] of Object.entries(from.attrs)) {
    const { value } = attribute;
    if (drop.includes(`${path}@${name}`) || attribute.shape?.[0] === 0) continue;
    groupAt(target, path).create_attribute(name, value as string | string[]);
  }
  for (const key of from.keys()) {
    const below = path === '' ? key : `${path}/${key}`;
    if (drop.includes(below)) continue;
    const item = source.get(below);
    if (item instanceof h5wasm.Dataset) {
      target.create_dataset({ name: below, data: item.value as Float32Array, shape: item.shape });
    } else {
      target.create_group(below);
      copyGroup(source, target, below, drop);
    }
  }
}

export function groupAt(file: h5wasm.File, path: string): h5wasm.Group {
  const group = path === '' ? file : file.get(path);
  if (!(group instanceof h5wasm.Group)) throw new Error(`no group ${path}`);
  return group;
}

/** Changes the entries of a zip archive; `undefined` takes an entry out. */
export function editArchive(
  archive: Uint8Array,
  changes: Readonly<Record<string, Uint8Array | undefined>>,
): Uint8Array {
  const entries: Zippable = { ...unzipSync(archive) };
  for (const [name, bytes] of Object.entries(changes)) {
    if (bytes === undefined) delete entries[name];
    else entries[name] = bytes;
  }
  return zipSync(entries);
}

/** An archive's entry. */
export function entryOf(archive: Uint8Array, name: string): Uint8Array {
  const entry = unzipSync(archive)[name];
  if (entry === undefined) throw new Error(`no entry ${name}`);
  return entry;
}

/** Changes an archive's config as text. */
export function editConfig(archive: Uint8Array, edit: (config: string) => string): Uint8Array {
  const config = edit(strFromU8(entryOf(archive, 'config.json')));
  return editArchive(archive, { 'config.json': new TextEncoder().encode(config) });
}

/** Changes an archive's weights. */
export async function editWeights(
  archive: Uint8Array,
  drop: readonly string[],
  fill: (file: h5wasm.File) => void = () => {},
): Promise<Uint8Array> {
  const weights = await editH5(entryOf(archive, 'model.weights.h5'), drop, fill);
  return editArchive(archive, { 'model.weights.h5': weights });
}
