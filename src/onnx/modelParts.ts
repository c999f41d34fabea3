// What an OnnxModel is made of, for the files beside it that change its graphs: apart from the class, so that programs
// that only read models go without them.
// Must not be used outside this folder.
import type { onnx } from './gen/onnx.js';

export interface ModelParts {
  readonly proto: onnx.ModelProto;
  readonly graph: onnx.GraphProto;
  /** Notes that graphs were changed: what was found in them before no longer holds. */
  changed(): void;
}

const known = new WeakMap<object, ModelParts>();

export function keepParts(model: object, parts: ModelParts): void {
  known.set(model, parts);
}

export function partsOf(model: object): ModelParts {
  return known.get(model) as ModelParts;
}
