// The layers of a Keras model and how they are joined: Sequential and Functional configs, nested ones, shared layers.
// Must not import other folders of fit but settings.
import { ConfigError, type ErrorPlace, UnsupportedError } from '../../graph/errors.js';
import { asList, asSerialized, field, isObject, type SerializedObject } from '../../keras/configValue.js';
import { bareClass, builtShape, layerName } from '../../keras/serializedLayer.js';
import { Settings } from '../settings.js';
import { inputsOfNode, type TensorRef, tensorRefs } from './inboundNodes.js';
import { type ModelOutputs, readOutputs } from './modelOutputs.js';

/** A layer of a model, or a model inside of one. */
export interface LayerEntry {
  readonly name: string;
  readonly className: string;
  /** The names of the models around it, without the outermost, and its own. */
  readonly path: string;
  readonly settings: Settings;
  readonly trainable: boolean;
  /** What it consists of, where it is a model. */
  readonly graph?: ModelGraph;
}

/** One call of a layer. */
export interface LayerUse {
  readonly layer: LayerEntry;
  /** Its number among the calls of that layer. */
  readonly node: number;
  readonly inputs: readonly TensorRef[];
}

/** What a model takes. */
export interface ModelInput {
  readonly name: string;
  /** Without the batch; `undefined` where the config does not tell. */
  readonly shape: readonly (number | null)[] | undefined;
  readonly dtype: string;
}

export interface ModelGraph extends ModelOutputs {
  readonly inputs: readonly ModelInput[];
  /** Each after those whose results it takes. */
  readonly uses: readonly LayerUse[];
}

interface Around {
  readonly file: string | undefined;
  readonly path: string;
  readonly place: string;
  readonly trainable: boolean;
}

/** Reads the config of a model. @throws {ConfigError | UnsupportedError} where it is no such model, or not joined up */
export function readModelGraph(model: SerializedObject, file: string | undefined, place = ''): ModelGraph {
  return readGraph(model, { file, path: '', place, trainable: field(model.config, 'trainable') !== false });
}

function readGraph(model: SerializedObject, around: Around): ModelGraph {
  const className = bareClass(model.className);
  const place = {
    file: around.file,
    path: around.place === '' ? 'class_name' : `${around.place}.class_name`,
  };
  if (className === 'Sequential') return readSequential(model, around);
  if (className === 'Functional' || className === 'Model') return readFunctional(model, around);
  throw new UnsupportedError(
    `a ${className} model cannot be trained here; Sequential and Functional can`,
    place,
  );
}

function readSequential(model: SerializedObject, around: Around): ModelGraph {
  const entries = layersOf(model, around);
  const first = entries[0];
  const isInput = first?.className === 'InputLayer';
  const declared = first === undefined ? undefined : inputShape(first.serialized);
  const shape =
    declared ?? asShape(field(model.config, 'build_input_shape')) ?? builtShape(model, 'input_shape');
  const input: ModelInput = {
    name: isInput ? first.name : 'x',
    shape: shape?.slice(1),
    dtype: isInput ? inputDType(first.serialized) : 'float32',
  };
  let last: TensorRef = [input.name, 0, 0];
  const uses = (isInput ? entries.slice(1) : entries).map(({ serialized: _, ...layer }): LayerUse => {
    const use = { layer, node: 0, inputs: [last] };
    last = [layer.name, 0, 0];
    return use;
  });
  return { inputs: [input], uses, outputs: [last], outputNames: [last[0]], outputsAre: 'unnamed' };
}

function readFunctional(model: SerializedObject, around: Around): ModelGraph {
  const place: ErrorPlace = { file: around.file, path: `${prefix(around.place)}config` };
  const entries = layersOf(model, around);
  const inputs = tensorRefs(field(model.config, 'input_layers'), {
    ...place,
    path: `${place.path}.input_layers`,
  });
  const outputs = readOutputs(field(model.config, 'output_layers'), {
    ...place,
    path: `${place.path}.output_layers`,
  });
  const numbers = new CallNumbers(entries);
  const calls = entries.flatMap(({ serialized, ...layer }) => {
    const nodes = asList(field(serialized.entry, 'inbound_nodes')) ?? [];
    const at = `${layer.settings.place.path?.replace(/\.config$/, '')}.inbound_nodes`;
    return layer.className === 'InputLayer'
      ? []
      : nodes.map(
          (node, index): LayerUse => ({
            layer,
            node: index,
            inputs: numbers.ofInputs(
              node,
              inputsOfNode(node, layer.settings.owner, { file: around.file, path: `${at}[${index}]` }),
            ),
          }),
        );
  });
  const named = inputs.map(([name]): ModelInput => {
    const entry = entries.find((each) => each.name === name);
    if (entry === undefined)
      throw new ConfigError(`there is no layer '${name}' that input_layers names`, place);
    return { name, shape: inputShape(entry.serialized)?.slice(1), dtype: inputDType(entry.serialized) };
  });
  return {
    inputs: named,
    uses: inOrder(calls, inputs, place),
    ...outputs,
    outputs: numbers.ofOutputs(outputs.outputs),
  };
}

/**
 * Numbers the calls of models inside of a model from 0, as those of layers are.
 *
 * Keras 2 counts a model's own making as its first call. So does Keras 3 where it names outputs, of Functional models alone;
 * what its calls take is counted from 0.
 */
class CallNumbers {
  readonly #models: ReadonlyMap<string, string>;
  readonly #isLegacy: boolean;

  constructor(entries: readonly (LayerEntry & { readonly serialized: SerializedObject })[]) {
    const models = entries.filter(({ graph }) => graph !== undefined);
    this.#models = new Map(models.map(({ name, className }) => [name, className]));
    const nodes = entries.flatMap(({ serialized }) => asList(field(serialized.entry, 'inbound_nodes')) ?? []);
    this.#isLegacy = nodes.some((node) => !isObject(node));
  }

  ofInputs(node: unknown, refs: readonly TensorRef[]): readonly TensorRef[] {
    return isObject(node) ? refs : refs.map((ref) => this.#less(ref, this.#models.has(ref[0])));
  }

  ofOutputs(refs: readonly TensorRef[]): readonly TensorRef[] {
    return refs.map((ref) => {
      const className = this.#models.get(ref[0]);
      return this.#less(ref, className !== undefined && (this.#isLegacy || className !== 'Sequential'));
    });
  }

  #less([layer, node, tensor]: TensorRef, isCounted: boolean): TensorRef {
    return [layer, isCounted ? node - 1 : node, tensor];
  }
}

/** The calls, each after those whose results it takes. @throws {ConfigError} where some never come to their inputs */
function inOrder(
  calls: readonly LayerUse[],
  inputs: readonly TensorRef[],
  place: ErrorPlace,
): readonly LayerUse[] {
  const known = new Set(inputs.map(([name, node]) => `${name}:${node}`));
  const order: LayerUse[] = [];
  let open = [...calls];
  while (open.length > 0) {
    const rest: LayerUse[] = [];
    for (const use of open) {
      if (!use.inputs.every(([name, node]) => known.has(`${name}:${node}`))) {
        rest.push(use);
        continue;
      }
      known.add(`${use.layer.name}:${use.node}`);
      order.push(use);
    }
    if (rest.length === open.length) {
      const names = rest
        .slice(0, 5)
        .map(({ layer }) => layer.name)
        .join(', ');
      throw new ConfigError(`the layers ${names} wait for inputs that no layer gives`, place);
    }
    open = rest;
  }
  return order;
}

function layersOf(
  model: SerializedObject,
  around: Around,
): readonly (LayerEntry & { readonly serialized: SerializedObject })[] {
  const list = asList(field(model.config, 'layers'));
  const base = `${prefix(around.place)}config.layers`;
  if (list === undefined) {
    throw new ConfigError('a model keeps a list of layers here', { file: around.file, path: base });
  }
  const taken = new Set<string>();
  return list.map((item, index) => {
    const place = `${base}[${index}]`;
    const serialized = asSerialized(item);
    if (serialized === undefined) {
      throw new ConfigError('expected a layer, an object with class_name and config', {
        file: around.file,
        path: place,
      });
    }
    const entry = readLayer(serialized, { ...around, place });
    if (taken.has(entry.name)) {
      throw new ConfigError(`two layers are called '${entry.name}'`, { file: around.file, path: place });
    }
    taken.add(entry.name);
    return { ...entry, serialized };
  });
}

function readLayer(serialized: SerializedObject, around: Around): LayerEntry {
  const name = layerName(serialized, '');
  const className = bareClass(serialized.className);
  const path = around.path === '' ? name : `${around.path}/${name}`;
  const trainable = around.trainable && field(serialized.config, 'trainable') !== false;
  const place = { file: around.file, path: `${around.place}.config` };
  const settings = new Settings(`${className} ${name}`, serialized.config, place);
  const entry = { name, className, path, settings, trainable };
  return ['Sequential', 'Functional', 'Model'].includes(className)
    ? { ...entry, graph: readGraph(serialized, { ...around, path, trainable }) }
    : entry;
}

function inputShape({ config }: SerializedObject): readonly (number | null)[] | undefined {
  return asShape(field(config, 'batch_shape')) ?? asShape(field(config, 'batch_input_shape'));
}

function asShape(value: unknown): readonly (number | null)[] | undefined {
  return asList(value)?.map((size) => (typeof size === 'number' ? size : null));
}

function inputDType({ config }: SerializedObject): string {
  const dtype = field(config, 'dtype');
  if (typeof dtype === 'string') return dtype;
  const name =
    isObject(dtype) && isObject(field(dtype, 'config'))
      ? field(field(dtype, 'config') as never, 'name')
      : undefined;
  return typeof name === 'string' ? name : 'float32';
}

const prefix = (place: string): string => (place === '' ? '' : `${place}.`);
