// A Keras model as this package sees it: its variables with their constraints. Reads configs that hold no weights.
// Must not import file readers (fflate, h5wasm): the pure entry point uses it.
import type { CustomObjects } from '../constraints/index.js';
import { ConfigError } from '../graph/errors.js';
import { asSerialized, field, isObject, type SerializedObject, textField } from './configValue.js';
import { type KerasVariable, listVariables, noWeights, type StoredWeights } from './kerasVariable.js';
import type { LayerNode } from './layerNode.js';
import { buildLayerTree } from './layerTree.js';
import { checkDepth, parseJson } from './parseJson.js';

export type { KerasVariable } from './kerasVariable.js';

export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  /** The names of the layers around it and its own. */
  readonly path: string;
}

/** A Keras model: its layers, and its variables with their constraints. */
export interface KerasModel {
  readonly name: string;
  readonly className: string;
  /** What it was read from: a `.keras` archive, a whole-model HDF5 file, a TensorFlow.js model, or a config alone. */
  readonly format: 'keras' | 'h5' | 'tfjs' | 'json';
  /** The Keras version that wrote the file, where the file tells. */
  readonly kerasVersion?: string;
  readonly variables: readonly KerasVariable[];
  /** Every layer that has a config, nested ones included, in the config's order. */
  readonly layers: readonly KerasLayer[];
  /** Constraints of layers whose variables are not known by name, so that they cannot be placed on any. */
  readonly lost: readonly LostConstraint[];
  /** What else was found and has no effect, such as a bias constraint on a layer without a bias. */
  readonly warnings: readonly string[];
}

/** A constraint in the config that this package cannot place on a variable. */
export interface LostConstraint {
  /** Its place in the config. */
  readonly path: string;
  /** The layer's name. */
  readonly layer: string;
  readonly className: string;
  readonly reason: string;
}

export interface KerasOptions {
  /** Custom constraint classes and functions, by registered name (`package>Name`) or bare name. */
  readonly customObjects?: CustomObjects | undefined;
  /** The name of the file, for messages. */
  readonly file?: string | undefined;
}

/**
 * Reads a model config: what `model.to_json()` writes in Keras 3, 2 and 1, the `config.json` of a `.keras` archive, or
 * TensorFlow.js's `model.json` (its topology; the weights stay unread).
 *
 * Variables carry a shape where the config tells it, and no value.
 *
 * @param config JSON text, or the parsed JSON
 * @throws {FormatError} on text that is no JSON
 * @throws {ConfigError} on JSON that is no model config, and on unknown constraint classes
 * @example
 * ```ts
 * const model = parseKerasConfig(await (await fetch('config.json')).text());
 * for (const { path, constraint } of model.variables) console.log(path, constraint);
 * ```
 */
export function parseKerasConfig(config: unknown, options: KerasOptions = {}): KerasModel {
  const place = { file: options.file };
  if (typeof config !== 'string') checkDepth(config, place);
  const root = typeof config === 'string' ? parseJson(config, place) : config;
  const draft = draftModel(root, options);
  return finishModel(draft, noWeights, { format: 'json', kerasVersion: draft.kerasVersion });
}

/** A model whose config is understood and whose weights are still to be read. */
export interface ModelDraft {
  readonly tree: LayerNode;
  readonly kerasVersion: string | undefined;
  readonly warnings: readonly string[];
}

/** Understands a parsed config; the weights are up to the caller. */
export function draftModel(root: unknown, options: KerasOptions): ModelDraft {
  const warnings: string[] = [];
  const { model, place, kerasVersion } = findModel(root, options.file);
  const tree = buildLayerTree(model, place, { ...options, warn: (message) => warnings.push(message) });
  return { tree, kerasVersion, warnings };
}

/** Joins the tree of layers and the weights into the model that users see. */
export function finishModel(
  { tree, warnings }: ModelDraft,
  stored: StoredWeights,
  source: { readonly format: KerasModel['format']; readonly kerasVersion: string | undefined },
): KerasModel {
  return {
    name: tree.name,
    className: tree.className,
    format: source.format,
    ...(source.kerasVersion !== undefined && { kerasVersion: source.kerasVersion }),
    variables: listVariables(tree, stored),
    layers: tree.children.flatMap(listLayers),
    lost: lostConstraints(tree, stored),
    warnings: [...warnings, ...idleWarnings(tree)],
  };
}

interface FoundModel {
  readonly model: SerializedObject;
  readonly place: string;
  readonly kerasVersion: string | undefined;
}

/** The model inside the JSON: at the root, under `model_config`, or where TensorFlow.js puts it. */
function findModel(root: unknown, file: string | undefined): FoundModel {
  for (const keys of [[], ['model_config'], ['modelTopology'], ['modelTopology', 'model_config']]) {
    let value: unknown = root;
    let holder: unknown = root;
    for (const key of keys) {
      holder = value;
      value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }
    const model = asSerialized(value);
    if (model === undefined) continue;
    const kerasVersion = isObject(holder) ? textField(holder, 'keras_version') : undefined;
    return { model, place: keys.join('.'), kerasVersion };
  }
  throw new ConfigError(
    `is no Keras model config: ${describeJson(root)}; expected an object with class_name and config`,
    {
      file,
    },
  );
}

function describeJson(value: unknown): string {
  if (Array.isArray(value)) return 'found a list';
  if (!isObject(value)) return `found ${value === null ? 'null' : typeof value}`;
  if (isObject(field(value, 'modelTopology')))
    return 'found a TensorFlow.js graph model, which keeps no layers';
  const keys = Object.keys(value);
  return keys.length === 0 ? 'found an empty object' : `found an object with ${keys.slice(0, 5).join(', ')}`;
}

function listLayers(node: LayerNode): KerasLayer[] {
  const own = node.configured ? [{ name: node.name, className: node.className, path: node.path }] : [];
  return [...own, ...node.children.flatMap(listLayers)];
}

/** The constraints of layers that are not in the table, in the config's order. */
function lostConstraints(node: LayerNode, stored: StoredWeights): LostConstraint[] {
  const extras = stored.extras.get(node)?.map((extra) => extra.path) ?? [];
  const named = extras.length === 0 ? '' : ` (it has the variables ${extras.join(', ')})`;
  const reason = `the layer class ${node.className} is not in the table of layers${named}`;
  const own = node.known ? [] : node.loose;
  return [
    ...own.map(({ path, className }) => ({ path, layer: node.name, className, reason })),
    ...node.children.flatMap((child) => lostConstraints(child, stored)),
  ];
}

/** The constraints that Keras itself has nothing to apply to. */
function idleWarnings(node: LayerNode): string[] {
  const own = node.known ? node.loose : [];
  return [
    ...own.map(
      ({ path, className }) =>
        `${path}: ${className} on layer ${node.name} is not applied: ${node.className} has no variable for it under this config`,
    ),
    ...node.children.flatMap(idleWarnings),
  ];
}
