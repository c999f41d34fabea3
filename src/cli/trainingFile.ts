// What commands that train read: the model, and the samples with their labels.
// Must not import commander.
import { readFile } from '../files/readFile.js';
import type { DataArray } from '../fit/data/dataArray.js';
import type { TrainingData } from '../fit/data/dataset.js';
import { readNpz } from '../fit/data/readNpz.js';
import { readTrainableModel } from '../fit/models/readTrainableModel.js';
import type { TrainableModel } from '../fit/models/trainableModel.js';
import type { LabelSpec } from '../fit/step/trainStep.js';
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
 * several inputs, those of each by its name; of one with several outputs, `y_<output>` for each that takes labels, and
 * `sample_weight` for all of them or `sample_weight_<output>`.
 *
 * @throws {UsageError} where one is missing
 */
export async function readTrainingData(
  file: string,
  model: TrainableModel,
  labels: readonly LabelSpec[],
): Promise<TrainingData> {
  const isOne = model.inputs.length === 1;
  const inputs = isOne ? ['x'] : model.inputs.map(({ name }) => name);
  const ofLabels = labels.flatMap(({ input, weights }) => [input, weights]);
  const arrays = await readArrays(file, [...inputs, ...ofLabels, FOR_ALL]);
  const need = (name: string): DataArray => {
    const found = arrays.get(name);
    if (found !== undefined) return found as DataArray;
    throw new UsageError(
      `has no array '${name}'; found ${[...arrays.keys()].join(', ') || 'none that is looked for'}`,
      { file },
    );
  };
  const x = Object.fromEntries(inputs.map((name) => [name, need(name)]));
  const y = Object.fromEntries(labels.map(({ output, input }) => [output, need(input)]));
  const weights = weightsIn(arrays, labels, file);
  return {
    x: isOne ? need('x') : x,
    y: model.outputNames.length === 1 ? need('y') : y,
    file,
    ...(weights !== undefined && { sampleWeight: weights }),
  };
}

/** The array of weights that holds for every output. */
const FOR_ALL = 'sample_weight';

function weightsIn(
  arrays: ReadonlyMap<string, TensorValue>,
  labels: readonly LabelSpec[],
  file: string,
): TrainingData['sampleWeight'] {
  const forAll = arrays.get(FOR_ALL) as DataArray | undefined;
  const own = labels.flatMap(({ output, weights }) => {
    const found = weights === FOR_ALL ? undefined : arrays.get(weights);
    return found === undefined ? [] : [[output, found as DataArray] as const];
  });
  if (own.length === 0) return forAll;
  if (forAll === undefined) return Object.fromEntries(own);
  throw new UsageError(`has ${FOR_ALL} for all outputs, and also ${FOR_ALL}_${own[0]?.[0]}`, { file });
}

async function readArrays(file: string, names: readonly string[]): Promise<ReadonlyMap<string, TensorValue>> {
  const bytes = await readFile(file);
  if (!looksLikeSafetensors(bytes)) return readNpz(bytes, names, { file });
  const { weights } = openSafetensors(bytes, { file });
  return new Map(
    weights.filter(({ name }) => names.includes(name)).map((weight) => [weight.name, weight.read()]),
  );
}
