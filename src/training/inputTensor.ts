// A graph input that is a parameter, as rules look at tensors.
// Must not import runtime, files or cli.
import type { DType } from '../graph/dtype.js';
import type { Shape } from '../graph/shape.js';
import type { Consumer, ModelTensor } from '../onnx/model.js';
import type { ModelStructure } from '../onnx/modelStructure.js';

/** An input whose dtype is known. */
export interface ParameterInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The tensor of an input. Its elements are those of a run, so they can be neither read nor written. */
export function inputTensor(
  { name, dtype, shape }: ParameterInput,
  graph: ModelStructure['graph'],
): ModelTensor {
  const none = (): never => {
    throw new TypeError(`${name} has no elements before the step runs`);
  };
  return {
    name,
    path: 'graph.input',
    dtype,
    // Rules look at the number of dimensions; a size that is open is never a reason to refuse one.
    dims: (shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 1)),
    kind: 'initializer',
    alsoInput: true,
    external: false,
    consumers: graph
      .readersOf(name)
      .flatMap(({ opType, domain, name: nodeName, inputs, outputs, attributes }) =>
        inputs.flatMap((read, inputIndex): Consumer[] =>
          read === name ? [{ opType, domain, nodeName, inputIndex, outputs, attributes }] : [],
        ),
      ),
    read: none,
    write: none,
    checkpoint: none,
  };
}
