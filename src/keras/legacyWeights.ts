// Weights of a whole-model HDF5 file: a group a layer, with the list of its weights' names.
// Must not import fflate or h5wasm.
import type { DType } from '../graph/dtype.js';
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { ExtraVariable, StoredWeights } from './kerasVariable.js';
import type { LayerNode, VariableSlot } from './layerNode.js';
import { readSlot } from './storedValue.js';

const root = 'model_weights';

/** Groups with the attributes of a whole-model file: its own HDF5, or what stands for it. */
export interface WeightGroups {
  hasGroup(path: string): boolean;
  texts(path: string, attribute: string): readonly string[] | undefined;
  dataset(path: string, expected?: DType): TensorValue | undefined;
}

/** Reads the weights of every layer in the tree, and those of layers the table does not know. */
export function readLegacyWeights(h5: WeightGroups, tree: LayerNode, place: ErrorPlace): StoredWeights {
  const reader = new LegacyReader(h5, place);
  reader.model(tree);
  return reader;
}

interface Place {
  readonly node: LayerNode;
  readonly slot: VariableSlot;
}

class LegacyReader implements StoredWeights {
  readonly values: Map<VariableSlot, TensorValue> = new Map();
  readonly extras: Map<LayerNode, ExtraVariable[]> = new Map();

  constructor(
    private readonly h5: WeightGroups,
    private readonly place: ErrorPlace,
  ) {}

  model(tree: LayerNode): void {
    const names = namesIn(this.h5, root, 'layer_names');
    if (names === undefined) {
      throw new FormatError('has no attribute layer_names', { ...this.place, path: root });
    }
    const layers = new Map(tree.children.map((child) => [child.name, child]));
    for (const name of names) {
      const group = `${root}/${name}`;
      const layer = layers.get(name);
      layers.delete(name);
      if (layer !== undefined) this.layer(layer, group);
      else if (tree.known) this.strangers(group, name);
      else this.addExtras(tree, group, this.weightNames(group));
    }
    for (const layer of layers.values()) this.layer(layer, `${root}/${layer.name}`);
    this.addExtras(
      tree,
      `${root}/top_level_model_weights`,
      this.weightNames(`${root}/top_level_model_weights`),
    );
  }

  private strangers(group: string, name: string): void {
    if (this.weightNames(group).length === 0) return;
    throw new FormatError(`the file stores weights of a layer ${name}, which its config does not have`, {
      ...this.place,
      path: group,
    });
  }

  /** A layer's weights, those of the layers inside it included, come trainable ones first. */
  private layer(layer: LayerNode, group: string): void {
    const all = placesIn(layer);
    const places = [
      ...all.filter(({ slot }) => slot.trainable),
      ...all.filter(({ slot }) => !slot.trainable),
    ];
    const names = this.weightNames(group);
    const inOrder =
      names.length === places.length && places.every(({ slot }, index) => mayName(names[index], slot));
    const rest = inOrder ? this.byOrder(places, group, names) : this.byName(places, group, names);
    for (const name of rest) {
      // Keras stores low-rank factors here, though they take no constraint and archives leave them out.
      const owner =
        unknownOwner(layer, bare(name).split('/')) ?? (/lora_\w+$/.test(bare(name)) ? layer : undefined);
      if (owner === undefined) throw this.contradiction(layer, group, places, names);
      this.addExtras(owner, group, [name]);
    }
  }

  private byOrder(places: readonly Place[], group: string, names: readonly string[]): readonly string[] {
    places.forEach(({ node, slot }, index) => {
      this.values.set(slot, readSlot(this.h5, `${group}/${names[index]}`, node, slot, this.place));
    });
    return [];
  }

  /** For layers beside ones that are not in the table, whose count and order nobody knows. */
  private byName(places: readonly Place[], group: string, names: readonly string[]): readonly string[] {
    const rest = new Set(names);
    for (const { node, slot } of places) {
      const name = [...rest].find(
        (each) => bare(each).split('/').at(-2) === node.name && mayName(each, slot),
      );
      const path = `${group}/${name ?? `${node.name}/${slot.name}`}`;
      if (name !== undefined) rest.delete(name);
      this.values.set(slot, readSlot(this.h5, path, node, slot, this.place));
    }
    return [...rest];
  }

  private contradiction(
    layer: LayerNode,
    group: string,
    places: readonly Place[],
    names: readonly string[],
  ): FormatError {
    const expected = places.map(({ node, slot }) => `${node.name}/${slot.name}`).join(', ');
    return new FormatError(
      `layer ${layer.name} (${layer.className}) has ${places.length} variables (${expected}) by the config at ` +
        `${layer.place}, found ${names.length} (${names.join(', ')})`,
      { ...this.place, path: group },
    );
  }

  private addExtras(owner: LayerNode, group: string, names: readonly string[]): void {
    const extras = names.map((stored) => {
      const value = listedDataset(this.h5, `${group}/${stored}`, this.place);
      const parts = bare(stored).split('/');
      const below = parts.slice(parts.lastIndexOf(owner.name) + 1);
      return { name: parts.at(-1) ?? stored, path: [owner.path, ...below].filter(Boolean).join('/'), value };
    });
    if (extras.length > 0) this.extras.set(owner, [...(this.extras.get(owner) ?? []), ...extras]);
  }

  private weightNames(group: string): readonly string[] {
    return namesIn(this.h5, group, 'weight_names') ?? [];
  }
}

/** What the optimizer keeps, in its order; nothing where the file was saved without. */
export function readLegacyOptimizer(h5: WeightGroups, place: ErrorPlace): readonly TensorValue[] {
  const group = 'optimizer_weights';
  return (namesIn(h5, group, 'weight_names') ?? []).map((name) =>
    listedDataset(h5, `${group}/${name}`, place),
  );
}

function listedDataset(h5: WeightGroups, path: string, place: ErrorPlace): TensorValue {
  const value = h5.dataset(path);
  if (value !== undefined) return value;
  throw new FormatError('weight_names lists it, found no dataset', { ...place, path });
}

/** A list of names; Keras splits lists that are too long for one attribute into numbered ones. */
function namesIn(h5: WeightGroups, group: string, attribute: string): readonly string[] | undefined {
  if (!h5.hasGroup(group)) return undefined;
  const whole = h5.texts(group, attribute);
  if (whole !== undefined) return whole;
  let parts: readonly string[] = [];
  for (let index = 0; ; index += 1) {
    const part = h5.texts(group, `${attribute}${index}`);
    if (part === undefined) return index === 0 ? undefined : parts;
    parts = parts.concat(part);
  }
}

function placesIn(node: LayerNode): Place[] {
  return [...node.slots.map((slot) => ({ node, slot })), ...node.children.flatMap(placesIn)];
}

/** The innermost layer outside the table that a weight's name names; a layer outside the table owns all its weights. */
function unknownOwner(node: LayerNode, names: readonly string[]): LayerNode | undefined {
  for (const child of node.children) {
    const found = unknownOwner(child, names);
    if (found !== undefined && names.includes(found.name)) return found;
  }
  return node.known ? undefined : node;
}

/** A weight's name without TensorFlow's output index. */
const bare = (name: string): string => name.replace(/:\d+$/, '');

/** What Keras 1 and 2 called variables. */
const oldNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['kernel', ['depthwise_kernel', 'W']],
  ['embeddings', ['W']],
  ['recurrent_kernel', ['U']],
  ['bias', ['b']],
  ['moving_mean', ['running_mean']],
  ['moving_variance', ['running_std', 'running_var']],
]);

/** Whether a stored name can be the slot's; TensorFlow numbers names that it has used before. */
function mayName(stored: string | undefined, { name }: VariableSlot): boolean {
  if (stored === undefined) return false;
  const own = bare(stored).replace(/_\d+$/, '');
  return [name, ...(oldNames.get(name) ?? [])].some((each) => new RegExp(`(^|[/_])${each}$`).test(own));
}
