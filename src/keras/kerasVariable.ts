// A Keras variable as this package shows it, and how the tree of layers and the stored weights make one.
// Must not import file readers (fflate, h5wasm).
import type { Constraint } from '../constraints/index.js';
import { type DType, dtypeKind } from '../graph/dtype.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { LayerNode, VariableSlot } from './layerNode.js';

/** A variable of a Keras model. */
export interface KerasVariable {
  /**
   * The names of its layers from the outermost on, then its own: `conv_a/kernel`, `inner/conv/kernel`,
   * `bidirectional/forward_lstm/lstm_cell/kernel`.
   *
   * Keras's own `variable.path` may leave outer names out, depending on which layer was built first.
   */
  readonly path: string;
  /** The innermost layer around it that has a config of its own. */
  readonly layer: string;
  readonly layerClass: string;
  /** Its own name, such as `kernel`; a number for variables of layers that are not in the table of layers. */
  readonly name: string;
  /** `undefined` where the file holds no weights and the config does not tell the shape. */
  readonly shape: readonly number[] | undefined;
  readonly dtype: DType;
  /** Whether training changes it: no part of the model around it is frozen, and it is no statistic or seed. */
  readonly trainable: boolean;
  readonly constraint: Constraint | null;
  /** The place of the constraint in the config, such as `config.layers[1].config.kernel_constraint`. */
  readonly constraintPath?: string;
  /** Why its constraint cannot be applied, such as that the layer is quantized. */
  readonly refusal?: string;
  /** Its value, where the file holds weights. */
  readonly value?: TensorValue;
}

/** A stored variable that no row of the table of layers describes. */
export interface ExtraVariable {
  readonly name: string;
  readonly path: string;
  readonly value: TensorValue;
}

/** What a file's weights add to the tree of layers. */
export interface StoredWeights {
  readonly values: ReadonlyMap<VariableSlot, TensorValue>;
  readonly extras: ReadonlyMap<LayerNode, readonly ExtraVariable[]>;
}

export const noWeights: StoredWeights = { values: new Map(), extras: new Map() };

/** The variables of the tree in Keras's order: a layer's own, then those of the layers inside it. */
export function listVariables(
  node: LayerNode,
  stored: StoredWeights,
  owner: LayerNode = node,
): KerasVariable[] {
  const named = node.configured ? node : owner;
  return [
    ...node.slots.map((slot) => fromSlot(node, named, slot, stored.values.get(slot))),
    ...node.refused.map((slot) => fromSlot(node, named, slot, undefined)),
    ...(stored.extras.get(node) ?? []).map((extra) => fromExtra(named, extra)),
    ...node.children.flatMap((child) => listVariables(child, stored, named)),
  ];
}

function fromSlot(
  node: LayerNode,
  owner: LayerNode,
  slot: VariableSlot,
  value: TensorValue | undefined,
): KerasVariable {
  return {
    path: node.path === '' ? slot.name : `${node.path}/${slot.name}`,
    layer: owner.name,
    layerClass: owner.className,
    name: slot.name,
    shape: value?.dims ?? wholeShape(slot),
    dtype: value?.dtype ?? slot.dtype,
    trainable: slot.trainable,
    constraint: slot.constraint,
    ...(slot.constraintPath !== undefined && { constraintPath: slot.constraintPath }),
    ...(slot.refusal !== undefined && { refusal: slot.refusal }),
    ...(value && { value }),
  };
}

function wholeShape({ dims }: VariableSlot): readonly number[] | undefined {
  return dims?.every((size) => size !== null) ? dims : undefined;
}

const statistics: ReadonlySet<string> = new Set(['moving_mean', 'moving_variance', 'seed_generator_state']);

function fromExtra(owner: LayerNode, { name, path, value }: ExtraVariable): KerasVariable {
  return {
    path,
    layer: owner.name,
    layerClass: owner.className,
    name,
    shape: value.dims,
    dtype: value.dtype,
    trainable: owner.trainable && dtypeKind(value.dtype) === 'float' && !statistics.has(name),
    constraint: null,
    value,
  };
}
