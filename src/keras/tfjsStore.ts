// Shows the weights of a TensorFlow.js model as a whole-model HDF5 file would hold them: a group a layer.
// Must not import fflate or h5wasm.
import { type ErrorPlace, FormatError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { LayerNode } from './layerNode.js';
import type { WeightGroups } from './legacyWeights.js';

/**
 * Groups weights by the layer of the model that their names lead to.
 *
 * The converter writes the names that Keras 2 gives weights, with those of all layers around them; TensorFlow.js itself
 * puts only the innermost layer's in front.
 *
 * @throws {FormatError} where a name leads to no layer, or to several
 */
export function groupTfjsWeights(
  values: ReadonlyMap<string, TensorValue>,
  tree: LayerNode,
  place: ErrorPlace,
): WeightGroups {
  const groups = new Map<string, string[]>(tree.children.map(({ name }) => [name, []]));
  const innermost = namesInside(tree);
  for (const name of values.keys()) {
    const parts = name.split('/').slice(0, -1);
    const outer = parts.find((part) => groups.has(part));
    const owners = outer === undefined ? ownersOf(parts, innermost) : new Set([outer]);
    const [owner] = owners;
    if (owner === undefined || owners.size > 1) {
      const found =
        owner === undefined ? 'no layer of the config' : `one of several layers: ${[...owners].join(', ')}`;
      throw new FormatError(`the weight ${name} belongs to ${found}`, { ...place, path: 'weightsManifest' });
    }
    groups.get(owner)?.push(name);
  }
  return new TfjsGroups(values, groups);
}

/** For each name of a layer, the outermost layers that have one of that name inside. */
function namesInside(tree: LayerNode): ReadonlyMap<string, ReadonlySet<string>> {
  const owners = new Map<string, Set<string>>();
  const visit = (node: LayerNode, outer: string): void => {
    const found = owners.get(node.name) ?? new Set();
    owners.set(node.name, found.add(outer));
    for (const child of node.children) visit(child, outer);
  };
  for (const child of tree.children) visit(child, child.name);
  return owners;
}

function ownersOf(
  parts: readonly string[],
  innermost: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const last = parts.findLast((part) => innermost.has(part));
  return (last === undefined ? undefined : innermost.get(last)) ?? new Set();
}

const root = 'model_weights';

class TfjsGroups implements WeightGroups {
  readonly #values = new Map<string, TensorValue>();

  constructor(
    values: ReadonlyMap<string, TensorValue>,
    readonly groups: ReadonlyMap<string, readonly string[]>,
  ) {
    for (const [layer, names] of groups) {
      for (const name of names) {
        const value = values.get(name);
        if (value !== undefined) this.#values.set(`${root}/${layer}/${name}`, value);
      }
    }
  }

  hasGroup(path: string): boolean {
    return path === root || this.groups.has(path.slice(root.length + 1));
  }

  texts(path: string, attribute: string): readonly string[] | undefined {
    if (attribute === 'layer_names' && path === root) return [...this.groups.keys()];
    return attribute === 'weight_names' ? this.groups.get(path.slice(root.length + 1)) : undefined;
  }

  dataset(path: string): TensorValue | undefined {
    return this.#values.get(path);
  }
}
