// Whether a tensor's name, or that of a node reading it, points to a Keras variable.
// Must not import runtime, files or cli.
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor } from '../onnx/model.js';

/** Whether every layer on the variable's path is a part of one of the tensor's names, in that order. */
export function namesAgree(variable: KerasVariable, tensor: ModelTensor): boolean {
  const layers = variable.path.split('/').slice(0, -1);
  const names = [tensor.name, ...tensor.consumers.flatMap(({ nodeName, outputs }) => [nodeName, ...outputs])];
  return names.some((name) => pathIn(name, layers));
}

/** Whether every layer is a part of the name, in that order. */
export function pathIn(name: string, layers: readonly string[]): boolean {
  let next = 0;
  for (const part of name.split(/[/.:]/)) {
    const layer = layers[next];
    // tf2onnx counts the calls of a layer: `dense` becomes `dense_1`.
    if (layer !== undefined && (part === layer || part.replace(/_\d+$/, '') === layer)) next++;
  }
  return layers.length > 0 && next === layers.length;
}
