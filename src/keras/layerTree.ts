// Turns a model's config into a tree of layers with the variables that the table of layers gives them.
// Must not import file readers (fflate, h5wasm).
import type { CustomObjects } from '../constraints/index.js';
import type { DType } from '../graph/dtype.js';
import { ConfigError } from '../graph/errors.js';
import {
  asList,
  asSerialized,
  field,
  isObject,
  type JsonObject,
  ownKey,
  type SerializedObject,
} from './configValue.js';
import { constraintAt, looseConstraints } from './constraintKeys.js';
import { policyName, variableDType } from './dtypePolicy.js';
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
  /** The names of the layers beside it, each with the last number that was put behind it. */
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
    const row = isForeign(serialized) ? undefined : layerRow(className);
    if (row === undefined) return this.unknownLayer(node, config);
    if (Object.hasOwn(config, 'inner_activation')) {
      return this.unknownLayer(node, config, row, 'Keras 1 stored a kernel for each gate of the layer');
    }
    if (dtype !== undefined) return this.knownLayer(node, serialized, row, dtype);
    const policy = policyName(field(config, 'dtype'));
    return this.unknownLayer(node, config, row, `the layer is quantized (${policy}): project it before that`);
  }

  /** A layer whose variables nobody knows; by the row of its class, its constraints are refused by name. */
  private unknownLayer(node: NodeStart, config: JsonObject, row?: LayerRow, refusal = ''): LayerNode {
    const children = this.embedded(config, `${at(node.place)}config`, node);
    const refused = (row === undefined ? [] : constrainedRows(row, config))
      .map((each) => ({ ...this.slot(each, node, { config, built: () => undefined }, 'float32'), refusal }))
      .filter(({ constraint }) => constraint !== null);
    const used = new Set(row === undefined ? [] : constrainedRows(row, config).map(constraintKey));
    const loose = looseConstraints(config, node.place, used);
    return { ...node, known: false, slots: [], refused, children, loose };
  }

  private knownLayer(node: NodeStart, serialized: SerializedObject, row: LayerRow, dtype: DType): LayerNode {
    const { config } = serialized;
    const exists = ({ when }: VariableRow | PartRow): boolean => when?.(config) ?? true;
    const source: ShapeSource = { config, built: (key) => builtShape(serialized, key) };
    const slots = (rows: readonly VariableRow[]): VariableSlot[] =>
      rows.filter(exists).map((each) => this.slot(each, node, source, dtype));
    const parts = (row.parts ?? []).filter(exists);
    return {
      ...node,
      known: true,
      slots: slots(row.variables ?? []),
      refused: [],
      children: [
        ...parts.map((part) => partNode(part, node, slots(part.variables))),
        ...this.nested(row, serialized, node),
      ],
      loose: looseConstraints(config, node.place, new Set(constrainedRows(row, config).map(constraintKey))),
    };
  }

  private slot(row: VariableRow, node: NodeStart, source: ShapeSource, dtype: DType): VariableSlot {
    const { config } = source;
    const rank = row.lora === true ? (field(config, 'lora_rank') ?? null) : null;
    const constrained = constraintAt(config, row.constraint, node.place, this.options);
    return {
      name: row.name,
      trainable: node.trainable && row.trainable !== false && rank === null,
      dtype: row.dtype ?? dtype,
      // Keras 1 with Theano kept other layouts under the same names.
      dims: Object.hasOwn(config, 'nb_filter') ? undefined : row.shape?.(source),
      constraint: constrained?.constraint ?? null,
      constraintPath: constrained?.path,
      ...(rank !== null &&
        constrained && {
          refusal: `the layer has low-rank factors (lora_rank ${String(rank)}), which Keras trains without the constraint`,
        }),
    };
  }

  private nested(row: LayerRow, serialized: SerializedObject, parent: NodeStart): LayerNode[] {
    const taken = new Map<string, number>();
    return (row.layers ?? []).flatMap((each) => this.nestedAt(each, serialized, parent, taken));
  }

  private nestedAt(
    row: NestedRow,
    { config, entry, className }: SerializedObject,
    parent: NodeStart,
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

  /** The layers inside the config of a class that is not in the table. */
  private embedded(
    value: unknown,
    place: string,
    parent: NodeStart,
    key = '',
    taken = new Map<string, number>(),
  ): LayerNode[] {
    const layer = asSerialized(value);
    if (layer !== undefined && isLayer(layer)) {
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

/** The rows of a layer's variables, those of its parts included, that exist under the config. */
function constrainedRows(row: LayerRow, config: JsonObject): readonly VariableRow[] {
  const exists = ({ when }: VariableRow | PartRow): boolean => when?.(config) ?? true;
  const parts = (row.parts ?? []).filter(exists);
  return [...(row.variables ?? []), ...parts.flatMap((part) => part.variables)].filter(exists);
}

const constraintKey = ({ constraint }: VariableRow): string => constraint ?? '';

/** What is known of a layer before its variables and the layers inside it are. */
type NodeStart = Omit<LayerNode, 'known' | 'slots' | 'refused' | 'children' | 'loose'>;

function partNode(part: PartRow, parent: NodeStart, slots: readonly VariableSlot[]): LayerNode {
  const { name, attributes } = part;
  const start = {
    ...parent,
    name,
    attributes,
    path: join(parent.path, name),
    inList: false,
    configured: false,
  };
  return { ...start, known: true, slots, refused: [], children: [], loose: [] };
}

/** Every layer's config says whether the layer is trainable; configs of initializers and the like do not. */
function isLayer({ className, config }: SerializedObject): boolean {
  return layerRow(className) !== undefined || ownKey(config, 'trainable') !== undefined;
}

const at = (place: string): string => (place === '' ? '' : `${place}.`);
const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/** Keras names layers uniquely in a model, but not the cells of a stack. */
function uniquePath({ taken, parentPath }: Seat, name: string): string {
  let count = taken.get(name) ?? 0;
  let unique = name;
  while (taken.has(unique)) {
    count += 1;
    unique = `${name}_${count}`;
  }
  taken.set(unique, 0).set(name, count);
  return join(parentPath, unique);
}
