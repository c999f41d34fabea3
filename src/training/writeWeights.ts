// Trained weights back into a model for inference, by the names of its initializers.
// Must not import runtime, files or cli.
import { ConfigError, ResolveError, ShapeError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import { describeNoMatch } from '../resolve/tensorNames.js';

/**
 * Writes weights into the initializers of a model that have their names. None is written unless all fit.
 *
 * @param weights by name, as `StepLoop.weights` gives them
 * @param names the initializer of each weight whose name differs: `{ kernel: 'dense/MatMul_w' }`
 * @throws {ConfigError} where `names` has what is no weight
 * @throws {ResolveError} where the model has no such initializer, or several
 * @throws {ShapeError} where one has another dtype or shape
 * @example
 * const model = await readModel('classifier.onnx');
 * writeWeights(model, await loop.weights());
 * await writeModel(model, 'trained.onnx');
 */
export function writeWeights(
  model: OnnxModel,
  weights: Readonly<Record<string, TensorValue>>,
  names: Readonly<Record<string, string>> = {},
): void {
  const unknown = Object.keys(names).find((name) => !Object.hasOwn(weights, name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `names has '${unknown}', which is no weight; those are ${Object.keys(weights).join(', ')}`,
    );
  }
  const tensors = model.tensors();
  const places = Object.entries(weights).map(([name, value]) => {
    const tensor = findTensor(
      tensors,
      Object.hasOwn(names, name) ? (names[name] as string) : name,
      model.file,
    );
    checkFits(name, value, tensor, model.file);
    return { tensor, value };
  });
  for (const { tensor, value } of places) tensor.write(value);
}

function findTensor(tensors: readonly ModelTensor[], name: string, file: string | undefined): ModelTensor {
  const found = tensors.filter((tensor) => tensor.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined) {
    throw new ResolveError(
      `'${name}' is the name of ${found.length} tensors: ${found.map(({ path }) => path).join(', ')}`,
      { file },
    );
  }
  throw new ResolveError(describeNoMatch(name, new Set(tensors.map((tensor) => tensor.name))), { file });
}

function checkFits(name: string, value: TensorValue, tensor: ModelTensor, file: string | undefined): void {
  const { dtype, dims, path } = tensor;
  if (value.dtype === dtype && value.dims.join() === dims.join()) return;
  throw new ShapeError(
    `${name} is ${value.dtype} ${formatShape(value.dims)}; the model's '${tensor.name}' is ${dtype} ${formatShape(dims)}`,
    { file, path },
  );
}
