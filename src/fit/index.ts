// Training as users see it, apart from what runs it.
// Must not import files or cli.
export { gradients } from './autodiff/gradients.js';
export type { Callback, FitContext, Logs } from './callbacks/callback.js';
export { type CsvLoggerArgs, csvLogger } from './callbacks/csvLogger.js';
export { type EarlyStoppingArgs, earlyStopping } from './callbacks/earlyStopping.js';
export { lambdaCallback } from './callbacks/lambdaCallback.js';
export {
  learningRateScheduler,
  type ReduceLearningRateArgs,
  reduceLearningRateOnPlateau,
} from './callbacks/learningRates.js';
export { type ModelCheckpointArgs, modelCheckpoint } from './callbacks/modelCheckpoint.js';
export type { MonitorArgs } from './callbacks/monitor.js';
export { terminateOnNaN } from './callbacks/terminateOnNaN.js';
export type { Batches } from './data/batchStream.js';
export type { ClassWeight } from './data/classWeights.js';
export type { DataArray } from './data/dataArray.js';
export type { TrainingData } from './data/dataset.js';
export {
  activation,
  averagePooling2d,
  type BatchNormalizationArgs,
  batchNormalization,
  type ConvArgs,
  conv1d,
  conv2d,
  conv3d,
  type DenseArgs,
  dense,
  dropout,
  flatten,
  type Initializer,
  input,
  type KernelArgs,
  type LayerArgs,
  type LayerDefinition,
  maxPooling2d,
  type PoolingArgs,
  type Regularizer,
} from './layerFactories.js';
export { readTrainableModel } from './models/readTrainableModel.js';
export {
  type ModelOptions,
  modelFromConfig,
  type TrainableInput,
  type TrainableModel,
} from './models/trainableModel.js';
export {
  type AdagradArgs,
  type AdamArgs,
  type AdamaxArgs,
  adagrad,
  adam,
  adamax,
  adamW,
  type LionArgs,
  lion,
  nadam,
  type OptimizerArgs,
  type RmspropArgs,
  rmsprop,
  type SgdArgs,
  sgd,
} from './optimizerFactories.js';
export { l1, l1l2, l2 } from './regularizerFactories.js';
export type { FitOptions, History } from './run/fitOptions.js';
export type { EvaluateOptions, PredictionBatch, PredictionData, RunModelOptions } from './run/runOptions.js';
export { encodeInference, type InferenceOptions } from './save/encodeInference.js';
export { encodeKeras, encodeKerasWeights } from './save/encodeKeras.js';
export {
  type CosineDecayArgs,
  type CosineDecayRestartsArgs,
  cosineDecay,
  cosineDecayRestarts,
  type DecayArgs,
  exponentialDecay,
  inverseTimeDecay,
  type PiecewiseConstantDecayArgs,
  type PolynomialDecayArgs,
  piecewiseConstantDecay,
  polynomialDecay,
} from './scheduleFactories.js';
export { sequential } from './sequential.js';
export type { SerializedKeras } from './serialized.js';
export { buildTrainStep } from './step/buildTrainStep.js';
export type { CompileOptions, SerializedClass } from './step/compileOptions.js';
export type { CarriedPair, LabelSpec, MetricSpec, TrainStep, TrainStepOptions } from './step/trainStep.js';
export type { TrainingEntry } from './trainingEntry.js';
