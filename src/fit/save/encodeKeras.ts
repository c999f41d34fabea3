// A trained model as a `.keras` archive that Keras loads and goes on with: config, weights, optimizer state.
// Must not import other folders of fit but models.
import type { TensorValue } from '../../graph/tensorValue.js';
import {
  asList,
  asSerialized,
  field,
  isObject,
  type JsonObject,
  type SerializedObject,
} from '../../keras/configValue.js';
import { encodeArchive } from '../../keras/encodeArchive.js';
import { encodeH5, type H5Group } from '../../keras/h5Writer.js';
import { bareClass, layerName, snakeCase } from '../../keras/serializedLayer.js';
import type { TrainableModel } from '../models/trainableModel.js';

/**
 * The bytes of a `.keras` archive. The same model gives the same bytes.
 *
 * @example
 * await writeFile('trained.keras', await encodeKeras(model));
 */
export function encodeKeras(model: TrainableModel): Promise<Uint8Array> {
  return encodeArchive({
    config: builtConfig(model),
    kerasVersion: model.kerasVersion ?? '3.0.0',
    weights: groupsOf(model),
  });
}

/**
 * The bytes of a `.weights.h5` file, as Keras's `save_weights` writes it and `load_weights` reads it: variables and
 * optimizer state without the config. The same model gives the same bytes.
 *
 * @example
 * await writeFile('trained.weights.h5', await encodeKerasWeights(model));
 */
export function encodeKerasWeights(model: TrainableModel): Promise<Uint8Array> {
  return encodeH5(groupsOf(model));
}

/** The config with the shape that the model was built with, without which Keras would not make its variables. */
function builtConfig({ config: given, inputs, compileConfig }: TrainableModel): object {
  const root = placed(given, moduleOfModel(given)) as JsonObject;
  const config = compileConfig === undefined ? root : { ...root, compile_config: compiled(compileConfig) };
  const known = field(config, 'build_config');
  if (isObject(known)) return config;
  const shapes = inputs.map(({ shape }) => [null, ...shape]);
  return { ...config, build_config: { input_shape: shapes.length === 1 ? shapes[0] : shapes } };
}

const moduleOfModel = (config: JsonObject): string =>
  field(config, 'class_name') === 'Functional' ? 'keras.src.models.functional' : 'keras';

/** Tells where each class is: whole-model HDF5 files and Keras 2 do not, and Keras would not find them in an archive. */
function compiled(config: JsonObject): JsonObject {
  const { optimizer, loss, metrics, weighted_metrics: weighted } = config;
  const rate = isObject(optimizer) && isObject(optimizer.config) ? optimizer.config.learning_rate : undefined;
  const scheduled = isObject(rate)
    ? {
        ...(optimizer as JsonObject),
        config: {
          ...((optimizer as JsonObject).config as JsonObject),
          learning_rate: placed(rate, 'keras.optimizers.schedules'),
        },
      }
    : optimizer;
  return {
    ...config,
    optimizer: placed(scheduled, 'keras.optimizers'),
    loss: placed(loss, 'keras.losses'),
    metrics: placed(metrics, 'keras.metrics'),
    weighted_metrics: placed(weighted, 'keras.metrics'),
  };
}

/** Serialized classes, alone or in lists and by name, with the module that they are in; anything else as it is. */
function placed(value: unknown, module: string): unknown {
  if (Array.isArray(value)) return value.map((each) => placed(each, module));
  if (!isObject(value)) return value;
  if (asSerialized(value) !== undefined) {
    return field(value, 'module') === undefined ? { module, registered_name: null, ...value } : value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, placed(each, module)]));
}

function groupsOf(model: TrainableModel): readonly H5Group[] {
  const root = asSerialized(model.config) as SerializedObject;
  const optimizer = model.optimizerState;
  return [
    { path: 'vars', attributes: { name: model.name } },
    ...layerGroups(model, root, '', 'layers'),
    ...(optimizer.length === 0 ? [] : [{ path: 'optimizer/vars', datasets: byNumber(optimizer) }]),
  ];
}

/** The group of each layer: by its class, with a number behind from the second on. */
function layerGroups(
  model: TrainableModel,
  { config }: SerializedObject,
  path: string,
  group: string,
): readonly H5Group[] {
  const counts = new Map<string, number>();
  return (asList(field(config, 'layers')) ?? []).flatMap((item): readonly H5Group[] => {
    const layer = asSerialized(item) as SerializedObject;
    const name = layerName(layer, '');
    const base = snakeCase(bareClass(layer.className));
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    const own = `${group}/${count === 0 ? base : `${base}_${count}`}`;
    const inner = path === '' ? name : `${path}/${name}`;
    return [
      { path: `${own}/vars`, attributes: { name }, datasets: byNumber(valuesOf(model, inner)) },
      ...(bareClass(layer.className) === 'Dropout' ? [seedOf(own)] : []),
      ...(field(layer.config, 'layers') === undefined
        ? []
        : layerGroups(model, layer, inner, `${own}/layers`)),
    ];
  });
}

function valuesOf({ variables, weights }: TrainableModel, path: string): readonly TensorValue[] {
  return variables
    .filter(({ layer }) => layer.path === path)
    .map((variable) => weights.get(variable.path) as TensorValue);
}

/** What Keras draws random numbers from, which here come from elsewhere. */
function seedOf(group: string): H5Group {
  const state: TensorValue = { dtype: 'uint32', dims: [2], data: Uint32Array.of(0, 0) };
  return {
    path: `${group}/seed_generator/vars`,
    attributes: { name: 'seed_generator' },
    datasets: { 0: state },
  };
}

const byNumber = (values: readonly TensorValue[]): Readonly<Record<string, TensorValue>> =>
  Object.fromEntries(values.map((value, i) => [String(i), value]));
