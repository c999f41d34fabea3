// Weights of a `.keras` archive: its model.weights.h5 stores them by position, in groups that mirror the objects.
// Must not import fflate or h5wasm.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { H5File } from './h5File.js';
import type { ExtraVariable, StoredWeights } from './kerasVariable.js';
import type { LayerNode, VariableSlot } from './layerNode.js';
import { snakeCase } from './serializedLayer.js';
import { readSlot } from './storedValue.js';

/** Bounds on the groups visited below a layer that is not in the table: HDF5 groups may contain themselves. */
const maxDepth = 32;
const maxGroups = 10_000;

/** Reads the weights of every layer in the tree, and those of layers the table does not know. */
export function readArchiveWeights(h5: H5File, tree: LayerNode, place: ErrorPlace): StoredWeights {
  const reader = new ArchiveReader(h5, place);
  reader.layer(tree, '');
  return reader;
}

class ArchiveReader implements StoredWeights {
  readonly values: Map<VariableSlot, TensorValue> = new Map();
  readonly extras: Map<LayerNode, ExtraVariable[]> = new Map();
  private visited = 0;

  constructor(
    private readonly h5: H5File,
    private readonly place: ErrorPlace,
  ) {}

  layer(node: LayerNode, group: string): void {
    if (!node.known) {
      this.unknownLayer(node, group);
      return;
    }
    this.slots(node, join(group, 'vars'));
    const listed = this.listGroups(
      group,
      node.children.filter((child) => child.inList),
    );
    for (const child of node.children) {
      this.layer(child, listed.get(child) ?? this.memberGroup(group, child.attributes));
    }
  }

  private slots(node: LayerNode, group: string): void {
    node.slots.forEach((slot, index) => {
      this.values.set(slot, readSlot(this.h5, join(group, String(index)), node, slot, this.place));
    });
    const found = this.h5.names(group);
    if (found.length === node.slots.length) return;
    const names = node.slots.map((slot) => slot.name).join(', ');
    throw new FormatError(
      `layer ${node.name} (${node.className}) has ${node.slots.length} variables (${names}) by the config at ` +
        `${node.place}, found ${found.length}`,
      { ...this.place, path: group },
    );
  }

  /** Keras renamed some attributes, which older archives have under the old name. */
  private memberGroup(group: string, attributes: readonly string[]): string {
    const groups = attributes.map((attribute) => join(group, attribute));
    return groups.find((each) => this.h5.hasGroup(each)) ?? groups[0] ?? group;
  }

  /**
   * The group of each layer of a list, which is all a layer keeps in lists.
   *
   * Keras names the groups by class and count, in the order of its list; that is the config's order too. Newer versions
   * also store the layer's name, which is the safer way to find them.
   */
  private listGroups(parent: string, layers: readonly LayerNode[]): Map<LayerNode, string> {
    // Keras 2.13 kept layers under another name.
    const group = this.memberGroup(parent, [
      ...(layers[0]?.attributes ?? []),
      '_layer_checkpoint_dependencies',
    ]);
    const byName = layers.length === 0 ? new Map<string, string[]>() : this.groupsByLayerName(group);
    const counts = new Map<string, number>();
    const groups = new Map<LayerNode, string>();
    for (const layer of layers) {
      const base = groupName(layer.className);
      const count = counts.get(base) ?? 0;
      counts.set(base, count + 1);
      const named = byName.get(layer.name) ?? [];
      const counted = join(group, count === 0 ? base : `${base}_${count}`);
      groups.set(layer, named.length === 1 ? (named[0] ?? counted) : counted);
    }
    return groups;
  }

  private groupsByLayerName(group: string): Map<string, string[]> {
    const result = new Map<string, string[]>();
    for (const key of this.h5.names(group)) {
      const member = join(group, key);
      const name = this.layerName(member);
      if (name === undefined) continue;
      const members = result.get(name) ?? [];
      members.push(member);
      result.set(name, members);
    }
    return result;
  }

  private layerName(group: string): string | undefined {
    const vars = join(group, 'vars');
    return this.h5.hasGroup(vars) ? this.h5.text(vars, 'name') : undefined;
  }

  /** Lists everything below the group by number; layers whose config is known are read as such. */
  private unknownLayer(node: LayerNode, group: string): void {
    const pending = new Set(node.children);
    const extras: ExtraVariable[] = [];
    const taken = new Set<string>();
    const visit = (at: string, path: string, depth: number): void => {
      this.countGroup(at, depth);
      for (const name of this.variableNames(join(at, 'vars'))) {
        const value = this.h5.dataset(join(join(at, 'vars'), name));
        if (value === undefined) continue;
        const plain = join(path, name);
        // Layers of equal names lie in groups of different names.
        const unique = taken.has(plain) ? join(at, name) : plain;
        taken.add(unique);
        extras.push({ name, path: unique, value });
      }
      for (const key of this.h5.names(at)) {
        // At the root the optimizer lies beside the layers.
        if (key === 'vars' || (at === '' && key === 'optimizer')) continue;
        const member = join(at, key);
        if (!this.h5.hasGroup(member)) continue;
        const name = this.layerName(member);
        const known = [...pending].find((child) => child.name === name) ?? memberOf(pending, key, name);
        if (known === undefined) {
          visit(member, name === undefined ? path : join(path, name), depth + 1);
          continue;
        }
        pending.delete(known);
        this.layer(known, member);
      }
    };
    visit(group, node.path, 0);
    this.extras.set(node, extras);
  }

  private variableNames(group: string): string[] {
    return [...this.h5.names(group)].sort((a, b) => Number(a) - Number(b));
  }

  private countGroup(group: string, depth: number): void {
    this.visited += 1;
    if (depth <= maxDepth && this.visited <= maxGroups) return;
    throw new FormatError('its groups are nested too deep, or contain themselves', {
      ...this.place,
      path: group,
    });
  }
}

/** Without a stored name, the attribute that holds the layer tells which one it is. */
function memberOf(
  layers: ReadonlySet<LayerNode>,
  key: string,
  name: string | undefined,
): LayerNode | undefined {
  return name === undefined ? [...layers].find((layer) => layer.attributes.includes(key)) : undefined;
}

/** Keras goes by the Python class, which for one layer has another name than configs have. */
function groupName(className: string): string {
  return className === 'GroupQueryAttention' ? 'grouped_query_attention' : snakeCase(className);
}

const join = (group: string, name: string): string => (group === '' ? name : `${group}/${name}`);
