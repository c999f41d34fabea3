// What a call of a layer takes and a model gives, in the form of Keras 3 (args with keras_history) and of Keras 2 (lists of names).
// Must not import other folders of fit.
import { ConfigError, type ErrorPlace, UnsupportedError } from '../../graph/errors.js';
import { asList, field, isObject } from '../../keras/configValue.js';

/** A result of a layer: the layer's name, the number of the call, the number of the result. */
export type TensorRef = readonly [layer: string, node: number, tensor: number];

/**
 * The inputs of one inbound node.
 *
 * @param layer what is called, for messages
 * @throws {UnsupportedError} where it is called with more than tensors
 */
export function inputsOfNode(node: unknown, layer: string, place: ErrorPlace): readonly TensorRef[] {
  if (!isObject(node)) return (asList(node) ?? []).map((item) => legacyRef(item, layer, place));
  refuseArguments(field(node, 'kwargs'), layer, place, isTrainingFlag);
  const refs = (asList(field(node, 'args')) ?? []).flatMap((item) => kerasTensors(item, layer, place));
  if (refs.length > 0) return refs;
  throw new ConfigError(`${layer} is called without inputs`, place);
}

function kerasTensors(value: unknown, layer: string, place: ErrorPlace): readonly TensorRef[] {
  const list = asList(value);
  if (list !== undefined) return list.flatMap((item) => kerasTensors(item, layer, place));
  const config =
    isObject(value) && field(value, 'class_name') === '__keras_tensor__' ? field(value, 'config') : undefined;
  const history = isObject(config) ? asList(field(config, 'keras_history')) : undefined;
  const [name, node, tensor] = history ?? [];
  if (typeof name === 'string' && typeof node === 'number' && typeof tensor === 'number')
    return [[name, node, tensor]];
  throw new UnsupportedError(
    `${layer} is called with ${JSON.stringify(value)?.slice(0, 80)}; known are results of other layers`,
    place,
  );
}

/** `["dense", 0, 0, {}]` */
function legacyRef(item: unknown, layer: string, place: ErrorPlace): TensorRef {
  const [name, node = 0, tensor = 0, kwargs] = asList(item) ?? [];
  refuseArguments(kwargs, layer, place);
  if (typeof name === 'string' && typeof node === 'number' && typeof tensor === 'number')
    return [name, node, tensor];
  throw new ConfigError('expected layer, node and tensor, such as ["dense", 0, 0]', place);
}

/** One reference, a list of them, or an object with one under each name, as models name their inputs and outputs. @throws {ConfigError} where it is none */
export function tensorRefs(value: unknown, place: ErrorPlace): readonly TensorRef[] {
  const list = asList(value) ?? (isObject(value) ? Object.values(value) : []);
  const refs = typeof list[0] === 'string' ? [list] : list.map((item) => asList(item) ?? []);
  return refs.map((ref): TensorRef => {
    const [name, node = 0, tensor = 0] = ref;
    if (typeof name === 'string' && typeof node === 'number' && typeof tensor === 'number')
      return [name, node, tensor];
    throw new ConfigError('expected layer, node and tensor, such as ["dense", 0, 0]', place);
  });
}

/** @param isKnown tells arguments that change nothing */
function refuseArguments(
  kwargs: unknown,
  layer: string,
  place: ErrorPlace,
  isKnown: (name: string, value: unknown) => boolean = () => false,
): void {
  if (!isObject(kwargs)) return;
  const given = Object.entries(kwargs).find(([name, value]) => !isEmpty(value) && !isKnown(name, value));
  if (given === undefined) return;
  throw new UnsupportedError(`${layer} is called with the argument ${given[0]}, which is not known`, place);
}

/**
 * Keras 3 writes it with each call of a Dropout, and whatever a call was given; where the model runs, `fit`, `evaluate` and
 * `predict` say instead whether it is trained. Keras 2 went by the call.
 */
const isTrainingFlag = (name: string, value: unknown): boolean =>
  name === 'training' && typeof value === 'boolean';

/** Nothing, or as many nothings as there are inputs: Keras writes the masks of models with several so. */
function isEmpty(value: unknown): boolean {
  return (value ?? null) === null || asList(value)?.every(isEmpty) === true;
}
