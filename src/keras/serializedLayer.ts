// Facts about one serialized layer: its name, its class, the shapes it was built with.
// Must not import file readers (fflate, h5wasm).
import { asList, field, isObject, type SerializedObject, textField } from './configValue.js';
import type { Dims } from './layerShapes.js';

/** The class without the package that it is registered under; the HDF5 format writes `package>Name` for the class. */
export function bareClass(className: string): string {
  return className.slice(className.lastIndexOf('>') + 1);
}

/** The name of a layer, as its config, its entry or Keras itself gives it, behind the prefix. */
export function layerName({ className, config, entry }: SerializedObject, prefix: string): string {
  const name = textField(config, 'name') ?? textField(entry, 'name') ?? snakeCase(bareClass(className));
  return name.startsWith(prefix) ? name : prefix + name;
}

/** Keras's own conversion, which names archive groups and unnamed layers. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** Whether someone registered a class of their own under the name, so that the table's row does not hold for it. */
export function isForeign({ className, entry }: SerializedObject): boolean {
  const registered = textField(entry, 'registered_name') ?? className;
  return registered.includes('>') && !/^keras>/i.test(registered);
}

/** A shape that the layer was built with, by the name that `build_config` gives it. */
export function builtShape({ config, entry }: SerializedObject, key: string): Dims | undefined {
  const build = field(entry, 'build_config');
  const shapes = isObject(build) ? field(build, 'shapes_dict') : undefined;
  const found =
    (isObject(shapes) ? field(shapes, key) : undefined) ??
    (isObject(build) ? field(build, key) : undefined) ??
    (key === 'key_shape' && isObject(shapes) ? field(shapes, 'value_shape') : undefined) ??
    (key === 'input_shape'
      ? (field(config, 'batch_input_shape') ?? field(config, 'batch_shape'))
      : undefined);
  return asList(found)?.map((size) => (typeof size === 'number' ? size : null));
}
