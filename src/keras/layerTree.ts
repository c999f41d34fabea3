// Turns a model's config into a tree of layers with the variables that the table of layers gives them.
// Must not import file readers (fflate, h5wasm).
import type { CustomObjects } from '../constraints/index.js';
import type { DType } from '../graph/dtype.js';
import { ConfigError } from '../graph/errors.js';
import { asList, asSerialized, field, isObject, type SerializedObject } from './configValue.js';
import { constraintAt, looseConstraints } from './constraintKeys.js';
import { variableDType } from './dtypePolicy.js';
import type { LayerNode, VariableSlot } from './layerNode.js';
import type { ShapeSource } from './layerShapes.js';
import { type LayerRow, layerRow, type NestedRow, type PartRow, type VariableRow } from './layerTable.js';
import { bareClass, builtShape, isForeign, layerName } from './serializedLayer.js';

/** Where the config comes from and which classes the caller knows. */
export interface TreeOptions {
  readonly customObjects?: CustomObjects | undefined;
  readonly file?: string | undefined;
  readonly warn: (message: string) => void;
}

interface Seat {
  readonly parentPath: string;
  readonly place: string;
  readonly trainable: boolean;
  readonly attributes: readonly string[];
  readonly inList: boolean;
  readonly prefix: string;
  /** The names of the layers beside it, each with the number to try next for a second one. */
  readonly taken: Map<string, number>;
}

/** Builds the tree below a serialized model. */
export function buildLayerTree(model: SerializedObject, place: string, options: TreeOptions): LayerNode {
  const seat = { parentPath: '', place, trainable: true, attributes: [], inList: false, prefix: '' };
  return new TreeBuilder(options).layer(model, { ...seat, taken: new Map() }, true);
}

class TreeBuilder {
  constructor(private readonly options: TreeOptions) {}

  layer(serialized: SerializedObject, seat: Seat, isRoot = false): LayerNode {
    const { config } = serialized;
    const className = bareClass(serialized.className);
    const name = layerName(serialized, seat.prefix);
    const node = {
      name,
      className,
      path: isRoot ? '' : uniquePath(seat, name),
      place: seat.place,
      trainable: seat.trainable && field(config, 'trainable') !== false,
      attributes: seat.attributes,
      inList: seat.inList,
      configured: true,
    };
    const dtype = variableDType(field(config, 'dtype'));
    const row = dtype && !isForeign(serialized) ? layerRow(className) : undefined;
    if (row === undefined || dtype === undefined) {
      const children = this.embedded(config, `${at(seat.place)}config`, node);
      return {
        ...node,
        known: false,
        slots: [],
        children,
        loose: looseConstraints(config, seat.place, new Set()),
      };
    }
    const source: ShapeSource = { config, built: (key) => builtShape(serialized, key) };
    const slots = (variables: readonly VariableRow[], trainable: boolean): VariableSlot[] =>
      this.slots(variables, { source, dtype, place: seat.place, trainable });
    const parts = (row.parts ?? []).filter((part) => part.when?.(config) ?? true);
    const used = new Set([...(row.variables ?? []), ...parts.flatMap((part) => part.variables)]);
    return {
      ...node,
      known: true,
      slots: slots(row.variables ?? [], node.trainable),
      children: [
        ...parts.map((part) => partNode(part, node, slots(part.variables, node.trainable))),
        ...this.nested(row, serialized, node),
      ],
      loose: looseConstraints(config, seat.place, existing(used, config)),
    };
  }

  private slots(
    rows: readonly VariableRow[],
    layer: { source: ShapeSource; dtype: DType; place: string; trainable: boolean },
  ): VariableSlot[] {
    const { config } = layer.source;
    const lowRank = (field(config, 'lora_rank') ?? null) !== null;
    return rows
      .filter((row) => row.when?.(config) ?? true)
      .map((row) => {
        const constrained = constraintAt(config, row.constraint, layer.place, this.options);
        return {
          name: row.name,
          trainable: layer.trainable && row.trainable !== false && !(row.lora && lowRank),
          dtype: row.dtype ?? layer.dtype,
          // Keras 1 with Theano kept other layouts under the same names.
          dims: Object.hasOwn(config, 'nb_filter') ? undefined : row.shape?.(layer.source),
          constraint: constrained?.constraint ?? null,
          constraintPath: constrained?.path,
        };
      });
  }

  private nested(row: LayerRow, serialized: SerializedObject, parent: ParentNode): LayerNode[] {
    const taken = new Map<string, number>();
    return (row.layers ?? []).flatMap((each) => this.nestedAt(each, serialized, parent, taken));
  }

  private nestedAt(
    row: NestedRow,
    { config, entry, className }: SerializedObject,
    parent: ParentNode,
    taken: Map<string, number>,
  ): LayerNode[] {
    const copied = row.copyOf !== undefined && (field(config, row.key) ?? null) === null;
    const key = copied ? (row.copyOf ?? row.key) : row.key;
    const value = field(config, key);
    const list = asList(value);
    const base = `${at(parent.place)}config`;
    const place = Array.isArray(field(entry, 'config')) ? base : `${base}.${key}`;
    return (list ?? [value]).map((item, index) => {
      const itemPlace = list === undefined ? place : `${place}[${index}]`;
      const layer = asSerialized(item);
      if (layer === undefined) {
        const found = item === undefined ? 'nothing' : (JSON.stringify(item)?.slice(0, 80) ?? String(item));
        throw new ConfigError(
          `a ${className} keeps a layer here, as an object with class_name and config; found ${found}`,
          { file: this.options.file, path: itemPlace },
        );
      }
      return this.layer(layer, {
        parentPath: parent.path,
        place: itemPlace,
        trainable: parent.trainable,
        attributes: [row.attribute],
        inList: list !== undefined,
        prefix: row.copyOf === undefined || copied ? (row.prefix ?? '') : '',
        taken,
      });
    });
  }

  /** The layers of the table inside the config of a class that is not in it. */
  private embedded(
    value: unknown,
    place: string,
    parent: ParentNode,
    key = '',
    taken = new Map<string, number>(),
  ): LayerNode[] {
    const layer = asSerialized(value);
    if (layer !== undefined && layerRow(layer.className) !== undefined) {
      const seat = { parentPath: parent.path, place, trainable: parent.trainable, prefix: '', taken };
      return [this.layer(layer, { ...seat, attributes: [key], inList: false })];
    }
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => this.embedded(item, `${place}[${index}]`, parent, key, taken));
    }
    if (!isObject(value)) return [];
    return Object.keys(value).flatMap((each) => {
      return this.embedded(value[each], `${place}.${each}`, parent, each, taken);
    });
  }
}

type ParentNode = Pick<LayerNode, 'path' | 'place' | 'trainable' | 'className' | 'name'>;

function partNode(part: PartRow, parent: ParentNode, slots: readonly VariableSlot[]): LayerNode {
  return {
    name: part.name,
    className: parent.className,
    path: join(parent.path, part.name),
    place: parent.place,
    trainable: parent.trainable,
    known: true,
    configured: false,
    attributes: part.attributes,
    inList: false,
    slots,
    children: [],
    loose: [],
  };
}

function existing(rows: ReadonlySet<VariableRow>, config: SerializedObject['config']): Set<string> {
  const keys = new Set<string>();
  for (const row of rows) {
    if (row.constraint !== undefined && (row.when?.(config) ?? true)) keys.add(row.constraint);
  }
  return keys;
}

const at = (place: string): string => (place === '' ? '' : `${place}.`);
const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/** Keras names layers uniquely in a model, but not the cells of a stack. */
function uniquePath(seat: Seat, name: string): string {
  let count = seat.taken.get(name) ?? 0;
  let unique = count === 0 ? name : `${name}_${count}`;
  for (; count > 0 && seat.taken.has(unique); unique = `${name}_${count}`) count += 1;
  seat.taken.set(name, count + 1).set(unique, seat.taken.get(unique) ?? 1);
  return join(seat.parentPath, unique);
}
