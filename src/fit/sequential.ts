// Models as users write them: layers one after another.
// Must not import other folders of fit but models and layerFactories.
import { type ConstraintClass, classNameOf } from '../constraints/constraint.js';
import { snakeCase } from '../keras/serializedLayer.js';
import type { LayerDefinition } from './layerFactories/layerDefinition.js';
import { type ModelOptions, modelFromConfig, type TrainableModel } from './models/trainableModel.js';
import type { SerializedKeras } from './serialized.js';

/**
 * A model of layers one after another, as `keras.Sequential`.
 *
 * The first layer is `input`, or the shape of the data is given as `inputShape`. Initial values are drawn from `seed`.
 *
 * @throws {UsageError} where the input's shape is missing
 * @throws {ConfigError | UnsupportedError | ShapeError} where a layer does not fit
 * @example
 * const model = sequential([
 *   input({ shape: [784] }),
 *   dense({ units: 64, activation: 'relu', kernelConstraint: maxNorm({ maxValue: 2 }) }),
 *   dense({ units: 10 }),
 * ]);
 */
export function sequential(
  layers: readonly LayerDefinition[],
  options: ModelOptions & { readonly name?: string } = {},
): TrainableModel {
  const { name = 'sequential', ...rest } = options;
  const config = {
    module: 'keras',
    class_name: 'Sequential',
    config: {
      name,
      trainable: true,
      dtype: 'float32',
      layers: named(layers.map(({ serialized }) => serialized)),
    },
    registered_name: null,
  };
  const constraints = layers.flatMap((layer) => layer.constraints);
  const own = constraints.map(
    (constraint) => [classNameOf(constraint), constraint.constructor as ConstraintClass] as const,
  );
  return modelFromConfig(config, {
    ...rest,
    customObjects: { ...Object.fromEntries(own), ...rest.customObjects },
  });
}

/** Layers without a name get their class's, counted from the second on. */
function named(layers: readonly SerializedKeras[]): readonly SerializedKeras[] {
  const taken = new Set(layers.map(({ config }) => config.name));
  return layers.map((layer) => {
    if (layer.config.name !== undefined) return layer;
    const base = snakeCase(layer.class_name);
    let name = base;
    for (let count = 1; taken.has(name); count += 1) name = `${base}_${count}`;
    taken.add(name);
    return { ...layer, config: { name, ...layer.config } };
  });
}
