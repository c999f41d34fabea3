// The variables of a model: what the table of Keras layers says of each, its constraint, and its initial value.
// Must not import other folders of fit but settings, random and initializers.
import type { Constraint } from '../../constraints/constraint.js';
import { UnsupportedError } from '../../graph/errors.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import type { KerasVariable } from '../../keras/kerasVariable.js';
import type { Dims } from '../../keras/layerShapes.js';
import { layerRow, type VariableRow } from '../../keras/layerTable.js';
import { initialize } from '../initializers/initializerTable.js';
import type { Random } from '../random.js';
import type { LayerEntry } from './modelGraph.js';

/** A variable of a model that is trained. */
export interface ModelVariable {
  /** The names of its layers, and its own: `inner/conv/kernel`. */
  readonly path: string;
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether the optimizer changes it. */
  readonly trainable: boolean;
  readonly constraint: Constraint | null;
  readonly layer: LayerEntry;
  /** What it holds in the file; `undefined` where there is none. */
  readonly stored: TensorValue | undefined;
  /** The key of its initializer, without which it has `initializer`. */
  readonly initializerKey: string;
  readonly initializer: string;
}

/** The variables of a layer under its input's shape. @throws {UnsupportedError} where a shape stays open */
export function variablesOf(
  layer: LayerEntry,
  inputShape: Dims,
  known: ReadonlyMap<string, KerasVariable>,
): readonly ModelVariable[] {
  const { config } = layer.settings;
  const rows = (layerRow(layer.className)?.variables ?? []).filter((row) => row.when?.(config) ?? true);
  return rows.map((row): ModelVariable => {
    const path = `${layer.path}/${row.name}`;
    const keras = known.get(path);
    const built = row.shape?.({ config, built: (key) => (key === 'input_shape' ? inputShape : undefined) });
    const shape = keras?.shape ?? built?.filter((size) => size !== null);
    if (shape === undefined || (built !== undefined && shape.length !== built.length)) {
      throw new UnsupportedError(
        `the shape of ${path} is open; the shape of the model's input must be known`,
        layer.settings.place,
      );
    }
    if ((keras?.dtype ?? 'float32') !== 'float32' || keras?.refusal !== undefined) {
      throw new UnsupportedError(
        `${path}: ${keras?.refusal ?? `${keras?.dtype} cannot be trained here; float32 can`}`,
        layer.settings.place,
      );
    }
    return {
      path,
      name: row.name,
      shape,
      trainable: layer.trainable && row.trainable !== false && keras?.trainable !== false,
      constraint: keras?.constraint ?? null,
      layer,
      stored: keras?.value,
      initializerKey: `${(row.constraint ?? row.name).replace(/_constraint$/, '')}_initializer`,
      initializer: defaultInitializer(row),
    };
  });
}

function defaultInitializer({ name }: VariableRow): string {
  if (['gamma', 'scale', 'moving_variance'].includes(name)) return 'ones';
  if (name === 'embeddings') return 'uniform';
  return name.endsWith('kernel') ? 'glorot_uniform' : 'zeros';
}

/** What a variable holds before the first step: its value in the file, or what its initializer draws. */
export function initialValue(variable: ModelVariable, random: Random): TensorValue {
  const { stored, shape, layer, initializerKey, initializer } = variable;
  if (stored !== undefined) return stored;
  const { settings } = layer;
  const chosen = settings.serialized(initializerKey) ?? { name: initializer, config: {} };
  const place = { ...settings.place, path: settings.pathOf(initializerKey) };
  return { dtype: 'float32', dims: shape, data: initialize(chosen, shape, random, place) };
}
