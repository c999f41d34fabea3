// What the train entry points share: everything but the package of ONNX Runtime that runs it.
// Must not import files or cli.
import type { TensorValue } from '../graph/tensorValue.js';
import type { Batches } from './data/batchStream.js';
import type { TrainingData } from './data/dataset.js';
import type { TrainableModel } from './models/trainableModel.js';
import { evaluateModel, predictModel } from './run/evaluate.js';
import { fitModel } from './run/fit.js';
import type { FitOptions, History } from './run/fitOptions.js';
import type {
  EvaluateOptions,
  PredictionBatch,
  PredictionData,
  Predictions,
  RunModelOptions,
} from './run/runOptions.js';
import type { TrainingPlatform } from './run/trainingPlatform.js';

/** Data are samples in memory, or batches one after another: of a generator, an iterable, or a function that makes one. */
export interface TrainingEntry {
  fit(
    model: TrainableModel,
    data: TrainingData | Batches<TrainingData>,
    options?: FitOptions,
  ): Promise<History>;
  evaluate(
    model: TrainableModel,
    data: TrainingData | Batches<TrainingData>,
    options?: EvaluateOptions,
  ): Promise<Record<string, number>>;
  /** Of a model with several outputs, what each gives by its name: `predict<Record<string, TensorValue>>(model, x)`. */
  predict<P extends Predictions = TensorValue>(
    model: TrainableModel,
    x: PredictionData | Batches<PredictionBatch>,
    options?: RunModelOptions,
  ): Promise<P>;
}

export function trainingEntry(on: TrainingPlatform): TrainingEntry {
  return {
    fit: (model, data, options) => fitModel(on, model, data, options),
    evaluate: (model, data, options) => evaluateModel(on, model, data, options),
    predict: <P extends Predictions>(...[model, x, options]: Parameters<TrainingEntry['predict']>) =>
      predictModel(on, model, x, options) as Promise<P>,
  };
}
