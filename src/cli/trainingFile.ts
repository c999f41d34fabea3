// What commands that train read: the model, and the samples with their labels.
// Must not import commander.
import { readFile } from '../files/readFile.js';
import type { DataArray } from '../fit/data/dataArray.js';
import type { TrainingData } from '../fit/data/dataset.js';
import { readNpz } from '../fit/data/readNpz.js';
import { readTrainableModel } from '../fit/models/readTrainableModel.js';
import type { TrainableModel } from '../fit/models/trainableModel.js';
import { UsageError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { looksLikeSafetensors, openSafetensors } from '../safetensors/safetensorsFile.js';
import { loadPlugins } from './plugin.js';

/** The model of a Keras file, ready to be trained. */
export async function readModelToTrain(
  file: string,
  {
    plugin = [],
    seed,
  }: { readonly plugin?: readonly string[] | undefined; readonly seed?: number | undefined },
): Promise<TrainableModel> {
  const customObjects = await loadPlugins(plugin);
  const bytes = await readFile(file);
  return readTrainableModel(bytes, { file, customObjects, ...(seed !== undefined && { seed }) });
}

/**
 * The samples `x` and labels `y` of a safetensors or npz file, and `sample_weight` where it has them; of a model with
 * several inputs, those of each by its name.
 *
 * @throws {UsageError} where one is missing
 */
export async function readTrainingData(file: string, model: TrainableModel): Promise<TrainingData> {
  const [only, ...more] = model.inputs;
  const inputs = only !== undefined && more.length === 0 ? ['x'] : model.inputs.map(({ name }) => name);
  const arrays = await readArrays(file, [...inputs, 'y', 'sample_weight']);
  const need = (name: string): DataArray => {
    const found = arrays.get(name);
    if (found !== undefined) return found as DataArray;
    throw new UsageError(
      `has no array '${name}'; found ${[...arrays.keys()].join(', ') || 'none that is looked for'}`,
      { file },
    );
  };
  const [first, ...others] = inputs.map((name) => [name, need(name)] as const);
  const weights = arrays.get('sample_weight') as DataArray | undefined;
  return {
    x:
      first !== undefined && others.length === 0
        ? first[1]
        : Object.fromEntries([first, ...others].filter((each) => each !== undefined)),
    y: need('y'),
    file,
    ...(weights !== undefined && { sampleWeight: weights }),
  };
}

async function readArrays(file: string, names: readonly string[]): Promise<ReadonlyMap<string, TensorValue>> {
  const bytes = await readFile(file);
  if (!looksLikeSafetensors(bytes)) return readNpz(bytes, names, { file });
  const { weights } = openSafetensors(bytes, { file });
  return new Map(
    weights.filter(({ name }) => names.includes(name)).map((weight) => [weight.name, weight.read()]),
  );
}
