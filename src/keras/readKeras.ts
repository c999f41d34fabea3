// Reads Keras files: `.keras` archives, whole-model HDF5 files, and configs alone, told apart by their first bytes.
// Must not import fflate or h5wasm but on demand: the modules that hold them do so themselves.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { readArchiveWeights } from './archiveWeights.js';
import { isObject, textField } from './configValue.js';
import { H5File } from './h5File.js';
import {
  draftModel,
  finishModel,
  type KerasModel,
  type KerasOptions,
  parseKerasConfig,
} from './kerasModel.js';
import { readLegacyWeights } from './legacyWeights.js';
import { parseJson } from './parseJson.js';
import { groupTfjsWeights } from './tfjsStore.js';
import { hasManifest, type ReadSibling, readTfjsWeights } from './tfjsWeights.js';
import { unzipEntries } from './zipArchive.js';
import { replaceEntry } from './zipReplace.js';

const configEntry = 'config.json';
const metadataEntry = 'metadata.json';
const weightsEntry = 'model.weights.h5';

export interface ReadKerasOptions extends KerasOptions {
  /** Reads the files beside a TensorFlow.js model.json; without it, such a model comes without weights. */
  readonly readSibling?: ReadSibling | undefined;
}

/**
 * Reads a Keras model with its weights.
 *
 * Accepted are `.keras` archives, whole-model HDF5 files of Keras 1, 2 and 3 (`model.save('model.h5')`), TensorFlow.js
 * layers models (`model.json`, its shards through `readSibling`), and JSON configs as `parseKerasConfig` takes them. The
 * format is told by the content.
 *
 * @throws {FormatError} on files of other formats, damaged ones, and weights that contradict the config
 * @throws {ConfigError} on configs that are no Keras model's, and on unknown constraint classes
 * @example
 * ```ts
 * const model = await readKeras(await readFile('model.keras'), { file: 'model.keras' });
 * ```
 */
export async function readKeras(bytes: Uint8Array, options: ReadKerasOptions = {}): Promise<KerasModel> {
  return (await openKeras(bytes, options)).model;
}

/** A Keras model with the bytes it was read from, for who wants to write its weights. */
export interface OpenedKeras {
  readonly model: KerasModel;
  /** The parsed JSON of its config, as the file holds it. */
  readonly config: unknown;
  /** The HDF5 file that holds the weights; `undefined` for a config alone. */
  readonly weights?: OpenedWeights;
}

export interface OpenedWeights {
  readonly format: 'keras' | 'h5';
  readonly bytes: Uint8Array;
  /** The file, and the entry in it, for messages. */
  readonly place: ErrorPlace;
  /** The dataset that each value was read from. */
  readonly origins: ReadonlyMap<TensorValue, string>;
  /** The whole file with another HDF5 file in place of this one. */
  wrap(h5: Uint8Array): Promise<Uint8Array>;
}

/** As `readKeras`; the model comes with what is needed to write its weights. */
export async function openKeras(bytes: Uint8Array, options: ReadKerasOptions = {}): Promise<OpenedKeras> {
  const place = { file: options.file };
  if (startsWith(bytes, zipSignature)) return await openArchive(bytes, options, place);
  if (startsWith(bytes, h5Signature)) return await openWholeModel(bytes, options, place);
  if (looksLikeJson(bytes)) {
    const config = readJson(bytes, place);
    return { model: await readConfig(config, options, place), config };
  }
  throw new FormatError(
    `is no Keras file: ${describeBytes(bytes)}; accepted are .keras archives (zip), whole-model .h5 files and JSON configs`,
    place,
  );
}

async function readConfig(root: unknown, options: ReadKerasOptions, place: ErrorPlace): Promise<KerasModel> {
  const { readSibling } = options;
  if (readSibling === undefined || !hasManifest(root)) return parseKerasConfig(root, options);
  const draft = draftModel(root, options);
  const values = await readTfjsWeights(root, readSibling, place);
  const stored = readLegacyWeights(groupTfjsWeights(values, draft.tree, place), draft.tree, place);
  return finishModel(draft, stored, { format: 'tfjs', kerasVersion: draft.kerasVersion });
}

async function openArchive(
  bytes: Uint8Array,
  options: ReadKerasOptions,
  place: ErrorPlace,
): Promise<OpenedKeras> {
  const wanted = new Set([configEntry, metadataEntry, weightsEntry]);
  const { entries, names } = await unzipEntries(bytes, wanted, place);
  const need = (name: string): Uint8Array => {
    const entry = entries.get(name);
    if (entry !== undefined) return entry;
    const found = names.length === 0 ? 'nothing' : names.slice(0, 8).join(', ');
    throw new FormatError(`is no .keras archive: expected an entry ${name}, found ${found}`, place);
  };
  const config = readJson(need(configEntry), { ...place, path: configEntry });
  const metadata = entries.get(metadataEntry);
  const about = metadata && readJson(metadata, { ...place, path: metadataEntry });
  const kerasVersion = isObject(about) ? textField(about, 'keras_version') : undefined;
  const draft = draftModel(config, options);
  const weights = need(weightsEntry);
  const inside = { file: [options.file, weightsEntry].filter((part) => part !== undefined).join(': ') };
  const { stored, origins } = await H5File.use(weights, inside, (h5) => ({
    stored: readArchiveWeights(h5, draft.tree, inside),
    origins: h5.origins,
  }));
  return {
    config,
    model: finishModel(draft, stored, { format: 'keras', kerasVersion }),
    weights: {
      format: 'keras',
      bytes: weights,
      place: inside,
      origins,
      wrap: (h5) => replaceEntry(bytes, weightsEntry, h5, place),
    },
  };
}

function openWholeModel(
  bytes: Uint8Array,
  options: ReadKerasOptions,
  place: ErrorPlace,
): Promise<OpenedKeras> {
  return H5File.use(bytes, place, (h5) => {
    const text = h5.text('', 'model_config');
    if (text === undefined) throw withoutConfig(h5, place);
    const config = parseJson(text, { ...place, path: 'model_config' });
    const draft = draftModel(config, options);
    const stored = readLegacyWeights(h5, draft.tree, place);
    const kerasVersion = h5.text('', 'keras_version') ?? h5.text('model_weights', 'keras_version');
    return {
      config,
      model: finishModel(draft, stored, { format: 'h5', kerasVersion }),
      weights: { format: 'h5', bytes, place, origins: h5.origins, wrap: (edited) => Promise.resolve(edited) },
    };
  });
}

function withoutConfig(h5: H5File, place: ErrorPlace): FormatError {
  const weightsOnly =
    h5.hasGroup('layers') || h5.hasGroup('model_weights') || h5.texts('', 'layer_names') !== undefined;
  const found = weightsOnly ? 'holds weights only' : 'is an HDF5 file without a model_config';
  return new FormatError(
    `${found}: constraints are in the model's config; accepted are whole-model files (model.save), .keras archives ` +
      'and configs (model.to_json)',
    place,
  );
}

function readJson(bytes: Uint8Array, place: ErrorPlace): unknown {
  return parseJson(decodeText(bytes, place), place);
}

function decodeText(bytes: Uint8Array, place: ErrorPlace): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError('is no UTF-8 text', { ...place, cause });
  }
}

const zipSignature = [0x50, 0x4b];
const h5Signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** A byte order mark and white space may come first. */
function looksLikeJson(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  return start.startsWith('{') || start.startsWith('[');
}

function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'));
  return `it starts with the bytes ${start.join(' ')}`;
}
