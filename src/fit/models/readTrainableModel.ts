// Reads models to train out of Keras files, with the state of their optimizers.
// Must not import other folders of fit; reaches h5wasm and fflate through keras, on demand.
import type { TensorValue } from '../../graph/tensorValue.js';
import { field, isObject, type JsonObject } from '../../keras/configValue.js';
import { H5File } from '../../keras/h5File.js';
import { readLegacyOptimizer } from '../../keras/legacyWeights.js';
import { parseJson } from '../../keras/parseJson.js';
import { type OpenedWeights, openKeras } from '../../keras/readKeras.js';
import { buildModel, type ModelOptions, type TrainableModel } from './trainableModel.js';

/**
 * Reads a model to train: a `.keras` archive, a whole-model HDF5 file, or a JSON config.
 *
 * A model that Keras has trained half goes on where it was: its optimizer's state is read as well.
 *
 * @throws {FormatError} on files of other formats, and damaged ones
 * @throws {ConfigError | UnsupportedError | ShapeError} where the model is not understood, or a layer cannot be trained
 * @example
 * const model = await readTrainableModel(await readFile('model.keras'), { file: 'model.keras' });
 */
export async function readTrainableModel(
  bytes: Uint8Array,
  options: ModelOptions = {},
): Promise<TrainableModel> {
  const opened = await openKeras(bytes, options);
  const { weights } = opened;
  const compiled = weights?.format === 'h5' ? await legacyCompileConfig(weights) : undefined;
  const config = isObject(opened.config) ? opened.config : {};
  const model = buildModel(
    compiled === undefined ? config : { ...config, compile_config: compiled },
    opened.model,
    options,
  );
  if (weights !== undefined) model.optimizerState = await readOptimizerState(weights);
  return model;
}

/** The optimizer's variables in their order. */
function readOptimizerState({ bytes, place, format }: OpenedWeights): Promise<readonly TensorValue[]> {
  return H5File.use(bytes, place, (h5) => {
    if (format === 'h5') return readLegacyOptimizer(h5, place);
    const group = 'optimizer/vars';
    const names = [...h5.names(group)].sort((a, b) => Number(a) - Number(b));
    return names.flatMap((name) => h5.dataset(`${group}/${name}`) ?? []);
  });
}

/** What HDF5 files call `training_config`, under the names of `.keras` archives. */
function legacyCompileConfig({ bytes, place }: OpenedWeights): Promise<JsonObject | undefined> {
  return H5File.use(bytes, place, (h5) => {
    const text = h5.text('', 'training_config');
    if (text === undefined) return undefined;
    const parsed = parseJson(text, { ...place, path: 'training_config' });
    if (!isObject(parsed)) return undefined;
    return {
      optimizer: field(parsed, 'optimizer_config'),
      loss: field(parsed, 'loss'),
      loss_weights: field(parsed, 'loss_weights'),
      metrics: field(parsed, 'metrics'),
      weighted_metrics: field(parsed, 'weighted_metrics'),
    };
  });
}
