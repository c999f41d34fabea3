// The tree of layers that a config describes: what each layer is called, where it stands, which variables it calls for.
// Types only. Must not import file readers (fflate, h5wasm).
import type { Constraint } from '../constraints/index.js';
import type { DType } from '../graph/dtype.js';
import type { LooseConstraint } from './constraintKeys.js';
import type { Dims } from './layerShapes.js';

/** A variable that a layer's config calls for. */
export interface VariableSlot {
  readonly name: string;
  readonly trainable: boolean;
  readonly dtype: DType;
  readonly dims: Dims | undefined;
  readonly constraint: Constraint | null;
  readonly constraintPath: string | undefined;
  /** Why its constraint cannot be applied, whatever the file holds. */
  readonly refusal?: string;
}

export interface LayerNode {
  readonly name: string;
  readonly className: string;
  /** Names from the outermost layer on, joined by slashes; empty for the model itself. */
  readonly path: string;
  /** The place of the layer in the config, such as `config.layers[1]`. */
  readonly place: string;
  readonly trainable: boolean;
  /** Whether the table says which variables the layer has. */
  readonly known: boolean;
  /** Whether the layer has a config of its own, or its parent makes it. */
  readonly configured: boolean;
  /** The group that holds it inside its parent's archive group, newest Keras version first. */
  readonly attributes: readonly string[];
  /** Whether that group is a list, with a group for each layer. */
  readonly inList: boolean;
  readonly slots: readonly VariableSlot[];
  /** Constrained variables that the file does not store as the table says: each has a refusal, and no value. */
  readonly refused: readonly VariableSlot[];
  readonly children: readonly LayerNode[];
  /** Constraints in the config that belong to no variable the table knows. */
  readonly loose: readonly LooseConstraint[];
}
