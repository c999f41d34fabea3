// Models as users write them: layers one after another.
// Must not import other folders of fit but models and layerFactories.
import { type ConstraintClass, type ConstraintFunction, classNameOf } from '../constraints/constraint.js';
import { FunctionConstraint } from '../constraints/functionConstraint.js';
import { serialize } from '../constraints/serialize.js';
import { UsageError } from '../graph/errors.js';
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
  const objects = new Map<string, ConstraintClass | ConstraintFunction>();
  const config = {
    module: 'keras',
    class_name: 'Sequential',
    config: {
      name,
      trainable: true,
      dtype: 'float32',
      layers: named(layers.map((layer) => withObjects(layer, objects))),
    },
    registered_name: null,
  };
  return modelFromConfig(config, {
    ...rest,
    customObjects: { ...Object.fromEntries(objects), ...rest.customObjects },
  });
}

/**
 * The layer with a name for each function that is a constraint, by which it is read back as classes are.
 *
 * @param objects the classes and functions of the layers before, which those of this one join
 */
function withObjects(
  { serialized, constraints }: LayerDefinition,
  objects: Map<string, ConstraintClass | ConstraintFunction>,
): SerializedKeras {
  const config: Record<string, unknown> = { ...serialized.config };
  for (const [key, constraint] of Object.entries(constraints)) {
    const isFunction = constraint instanceof FunctionConstraint;
    const object = isFunction ? constraint.fn : (constraint.constructor as ConstraintClass);
    const base = isFunction ? constraint.fn.name || key : classNameOf(constraint);
    const name = freeName(base, (taken) => objects.has(taken) && objects.get(taken) !== object);
    if (isFunction) config[key] = serialize(constraint, { [name]: object });
    else if (name !== base) {
      throw new UsageError(
        `${key}: another constraint is named '${base}'; they are read back by their names`,
      );
    }
    objects.set(name, object);
  }
  return { ...serialized, config };
}

/** Layers without a name get their class's, counted from the second on. */
function named(layers: readonly SerializedKeras[]): readonly SerializedKeras[] {
  const taken = new Set(layers.map(({ config }) => config.name));
  return layers.map((layer) => {
    if (layer.config.name !== undefined) return layer;
    const name = freeName(snakeCase(layer.class_name), (own) => taken.has(own));
    taken.add(name);
    return { ...layer, config: { name, ...layer.config } };
  });
}

/** The name, with a number behind it where it is taken. */
function freeName(base: string, isTaken: (name: string) => boolean): string {
  let name = base;
  for (let count = 1; isTaken(name); count += 1) name = `${base}_${count}`;
  return name;
}
