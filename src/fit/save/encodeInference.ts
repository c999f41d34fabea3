// A trained model as an ONNX model for inference: samples in, predictions out, the weights inside.
// Must not import other folders of fit but models and step.
import { checkOptions } from '../../graph/knownKeys.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import type { TrainableModel } from '../models/trainableModel.js';
import { encodeTensors } from '../step/encodeTensors.js';
import { tracePredictions } from '../step/tracedLoss.js';

export interface InferenceOptions {
  /** The size of every batch; without it, any size goes. */
  readonly batchSize?: number;
  /** The version of ONNX's default operator set, 13 to 26. Default 18. */
  readonly opset?: number;
}

/**
 * The model without its training, as an ONNX model: input `x` (of several, each by its name), output `predictions` (of
 * several, each by its name), and the weights as initializers under the variables' paths.
 *
 * @example
 * await writeFile('trained.onnx', encodeInference(model));
 */
export function encodeInference(model: TrainableModel, options: InferenceOptions = {}): Uint8Array {
  checkOptions(options, ['batchSize', 'opset']);
  const { inputs, predictions, variables } = tracePredictions(model, { ...options, training: false });
  return encodeTensors({
    name: model.name,
    inputs,
    outputs: predictions.map((tensor, i) => ({
      name: predictions.length === 1 ? 'predictions' : (model.outputNames[i] as string),
      tensor,
    })),
    values: [...variables].map(([path, tensor]) => ({
      tensor,
      value: model.weights.get(path) as TensorValue,
    })),
    opset: options.opset,
    // Whoever runs it: operators as they are.
    provider: 'none',
  });
}
