// A Keras file as a file of weights: each variable with its value, written back where it came from.
// Must not import fflate or h5wasm.
import { FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { checkSameForm, type StoredWeight, type WeightFile } from '../graph/weightFile.js';
import { type DatasetValue, replaceDatasets } from './h5Edit.js';
import type { KerasModel, KerasOptions } from './kerasModel.js';
import { type OpenedWeights, openKeras } from './readKeras.js';

export interface KerasWeights {
  readonly model: KerasModel;
  /** The model's variables that have values, named by their paths. */
  readonly weights: WeightFile;
}

/**
 * Opens a `.keras` archive or a whole-model HDF5 file, to read and replace its weights.
 *
 * What `encode` gives differs from the file in the replaced values alone.
 *
 * @throws {FormatError} as `readKeras` does, and on a config without weights
 */
export async function openKerasWeights(bytes: Uint8Array, options: KerasOptions = {}): Promise<KerasWeights> {
  const { model, weights } = await openKeras(bytes, options);
  if (weights === undefined) {
    throw new FormatError('is a config, which holds no weights', { file: options.file });
  }
  const origins = new Map<StoredWeight, string>();
  for (const { path, value } of model.variables) {
    const origin = value && weights.origins.get(value);
    if (value === undefined || origin === undefined) continue;
    origins.set({ name: path, dims: value.dims, dtype: value.dtype, read: () => value }, origin);
  }
  return {
    model,
    weights: {
      format: weights.format,
      weights: [...origins.keys()],
      encode: (changes) => encode(weights, origins, changes),
    },
  };
}

async function encode(
  { bytes, place, wrap }: OpenedWeights,
  origins: ReadonlyMap<StoredWeight, string>,
  changes: ReadonlyMap<StoredWeight, TensorValue>,
): Promise<Uint8Array> {
  const values: DatasetValue[] = [];
  for (const [weight, value] of changes) {
    const path = origins.get(weight);
    if (path === undefined) throw new FormatError(`has no variable ${weight.name}`, place);
    checkSameForm(weight, value, { ...place, path });
    values.push([path, value]);
  }
  const kept = [...origins]
    .filter(([weight]) => !changes.has(weight))
    .map(([weight, path]): DatasetValue => [path, weight.read()]);
  return await wrap(await replaceDatasets(bytes, place, values, kept));
}
