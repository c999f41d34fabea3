// A Keras model that can be trained: its layers, its variables with their values, and what it was compiled with.
// Must not import other folders of fit but settings, random, initializers and layers.
import type { CustomObjects } from '../../constraints/deserialize.js';
import { ConfigError, UnsupportedError, UsageError } from '../../graph/errors.js';
import { type Dim, formatShape } from '../../graph/shape.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import { asSerialized, field, isObject, type JsonObject } from '../../keras/configValue.js';
import { type KerasModel, parseKerasConfig } from '../../keras/kerasModel.js';
import { type SymbolicTensor, symbolicInput } from '../../ops/symbolicTensor.js';
import { Random } from '../random.js';
import { type LayerEntry, type ModelGraph, readModelGraph } from './modelGraph.js';
import { initialValue, type ModelVariable, variablesOf } from './modelVariables.js';
import { traceModel } from './traceModel.js';

export interface ModelOptions {
  /** Custom constraint classes and functions, by registered name (`package>Name`) or bare name. */
  readonly customObjects?: CustomObjects | undefined;
  /** The name of the file, for messages. */
  readonly file?: string | undefined;
  /** For the initial values of variables that the file does not hold. Default 0. */
  readonly seed?: number;
  /** The shape of the input without the batch, where the config does not tell. */
  readonly inputShape?: readonly number[];
}

/** An input of a model. */
export interface TrainableInput {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
}

/** A model with its values. Made by `sequential`, `modelFromConfig` and `readTrainableModel`. */
export class TrainableModel {
  /** What variables hold now, by path. */
  readonly weights: Map<string, TensorValue>;
  /** What the optimizer keeps, as it was stored: the iteration first; empty before any training. */
  optimizerState: readonly TensorValue[] = [];

  constructor(
    readonly name: string,
    /** The model as Keras serializes it. */
    public config: JsonObject,
    readonly graph: ModelGraph,
    readonly inputs: readonly TrainableInput[],
    /** In Keras's order. */
    readonly variables: readonly ModelVariable[],
    readonly file: string | undefined,
    /** The version of Keras that wrote it, where the file tells. */
    readonly kerasVersion: string | undefined,
    seed: number,
  ) {
    const random = new Random(seed);
    this.weights = new Map(variables.map((variable) => [variable.path, initialValue(variable, random)]));
  }

  /** The names of its outputs in their order, as Keras has them: those of their layers, or those of a dict. */
  get outputNames(): readonly string[] {
    return this.graph.outputNames;
  }

  /** What `compile` was called with, as Keras serializes it. */
  get compileConfig(): JsonObject | undefined {
    const compiled = field(this.config, 'compile_config');
    return isObject(compiled) && Object.keys(compiled).length > 0 ? compiled : undefined;
  }

  /** Takes over what is given of optimizer, loss and metrics, for trainings to come and for files. */
  compile(options: object): void {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length === 0) return;
    this.config = { ...this.config, compile_config: { ...this.compileConfig, ...given } };
  }
}

/**
 * A model that can be trained, from a config alone: what `model.to_json()` gives, or the parsed JSON.
 *
 * Its variables hold what their initializers draw.
 *
 * @throws {ConfigError | UnsupportedError | ShapeError} where the model is not understood, or a layer cannot be trained
 */
export function modelFromConfig(config: unknown, options: ModelOptions = {}): TrainableModel {
  const root: unknown = typeof config === 'string' ? JSON.parse(config) : config;
  return buildModel(root, parseKerasConfig(root, options), options);
}

/** Joins a config and what was read of its variables. */
export function buildModel(root: unknown, keras: KerasModel, options: ModelOptions = {}): TrainableModel {
  const { file, seed = 0 } = options;
  const serialized = asSerialized(root);
  if (serialized === undefined || !isObject(root)) {
    throw new ConfigError('is no Keras model config: expected an object with class_name and config', {
      file,
    });
  }
  const graph = readModelGraph(serialized, file);
  const inputs = readInputs(graph, options);
  const found = findVariables(graph, inputs, keras);
  const order = new Map(keras.variables.map(({ path }, index) => [path, index]));
  const variables = [...found].sort((a, b) => (order.get(a.path) ?? 0) - (order.get(b.path) ?? 0));
  return new TrainableModel(keras.name, root, graph, inputs, variables, file, keras.kerasVersion, seed);
}

/** The symbolic inputs of a model, for batches of an open or a given size. */
export function symbolicInputs(
  inputs: readonly TrainableInput[],
  batch: Dim = 'batch',
): readonly SymbolicTensor[] {
  return inputs.map(({ name, dtype, shape }) =>
    symbolicInput(inputs.length === 1 ? 'x' : name, dtype, [batch, ...shape]),
  );
}

function readInputs({ inputs }: ModelGraph, { file, inputShape }: ModelOptions): readonly TrainableInput[] {
  return inputs.map(({ name, shape, dtype }): TrainableInput => {
    const known = inputs.length === 1 && inputShape !== undefined ? inputShape : shape;
    const sizes = known?.filter((size) => size !== null);
    if (sizes === undefined || sizes.length !== known?.length) {
      throw new UsageError(
        `input '${name}' has the shape ${known === undefined ? '(unknown)' : formatShape([null, ...known])}; all of it but the batch must be known: give inputShape`,
        { file },
      );
    }
    if (/^(u?int\d+)$/.test(dtype)) return { name, dtype: 'int32', shape: sizes };
    if (dtype === 'float32') return { name, dtype, shape: sizes };
    throw new UnsupportedError(`input '${name}' is ${dtype}; float32 and integers can be trained on`, {
      file,
    });
  });
}

/** Traces the model once, as Keras builds it, to learn what each layer's variables are. */
function findVariables(
  graph: ModelGraph,
  inputs: readonly TrainableInput[],
  keras: KerasModel,
): readonly ModelVariable[] {
  const known = new Map(keras.variables.map((variable) => [variable.path, variable]));
  const found = new Map<string, ModelVariable>();
  const variable = (layer: LayerEntry, name: string, given: readonly SymbolicTensor[]): SymbolicTensor => {
    const path = `${layer.path}/${name}`;
    if (!found.has(path)) {
      const shape = given[0]?.shape?.map((dim) => (typeof dim === 'number' ? dim : null)) ?? [];
      for (const each of variablesOf(layer, shape, known)) found.set(each.path, each);
    }
    const own = found.get(path);
    if (own === undefined) throw new UnsupportedError(`has no variable '${name}' in the table of layers`);
    return symbolicInput(path, 'float32', own.shape);
  };
  traceModel(graph, symbolicInputs(inputs), { training: true, variable });
  return [...found.values()];
}
