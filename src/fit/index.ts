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
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  type NormalArgs,
  ones,
  randomNormal,
  randomUniform,
  truncatedNormal,
  type VarianceScalingArgs,
  varianceScaling,
  zeros,
} from './initializerFactories.js';
export {
  type ActivationArgs,
  activation,
  type EluArgs,
  elu,
  type LeakyReluArgs,
  leakyRelu,
  type PreluArgs,
  prelu,
  type ReluArgs,
  relu,
  type SoftmaxArgs,
  softmax,
} from './layerFactories/activationFactories.js';
export {
  type ConvArgs,
  type ConvTransposeArgs,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  conv3d,
  conv3dTranspose,
  type DepthwiseConvArgs,
  depthwiseConv1d,
  depthwiseConv2d,
  type SeparableConvArgs,
  separableConv1d,
  separableConv2d,
  type WindowArgs,
} from './layerFactories/convolutionFactories.js';
export {
  type DenseArgs,
  dense,
  type EmbeddingArgs,
  embedding,
  input,
} from './layerFactories/coreFactories.js';
export type {
  BiasArgs,
  DataFormat,
  Initializer,
  KernelArgs,
  LayerArgs,
  LayerDefinition,
  PerDimension,
  Regularizer,
} from './layerFactories/layerDefinition.js';
export {
  add,
  average,
  type ConcatenateArgs,
  concatenate,
  type DotArgs,
  dot,
  maximum,
  minimum,
  multiply,
  subtract,
} from './layerFactories/mergingFactories.js';
export {
  type BatchNormalizationArgs,
  batchNormalization,
  type GroupNormalizationArgs,
  groupNormalization,
  type LayerNormalizationArgs,
  layerNormalization,
  type RmsNormalizationArgs,
  rmsNormalization,
  type ScaleArgs,
  type UnitNormalizationArgs,
  unitNormalization,
} from './layerFactories/normalizationFactories.js';
export {
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  type GlobalPoolingArgs,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalAveragePooling3d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  globalMaxPooling3d,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
  type PoolingArgs,
} from './layerFactories/poolingFactories.js';
export {
  alphaDropout,
  type DropoutArgs,
  dropout,
  type SpatialDropout1DArgs,
  type SpatialDropoutArgs,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from './layerFactories/regularizationFactories.js';
export {
  type FlattenArgs,
  flatten,
  identity,
  type PermuteArgs,
  permute,
  type RepeatVectorArgs,
  type ReshapeArgs,
  repeatVector,
  reshape,
} from './layerFactories/reshapingFactories.js';
export {
  type Cropping1DArgs,
  type CroppingArgs,
  cropping1d,
  cropping2d,
  cropping3d,
  type Ends,
  type UpSampling1DArgs,
  type UpSampling2DArgs,
  type UpSamplingArgs,
  upSampling1d,
  upSampling2d,
  upSampling3d,
  type ZeroPaddingArgs,
  zeroPadding1d,
  zeroPadding2d,
  zeroPadding3d,
} from './layerFactories/resizingFactories.js';
export type { ByOutput } from './models/byOutput.js';
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
export type {
  EvaluateOptions,
  PredictionBatch,
  PredictionData,
  Predictions,
  RunModelOptions,
} from './run/runOptions.js';
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
export type { CompileOptions, MetricsOption, SerializedClass } from './step/compileOptions.js';
export type { CarriedPair, LabelSpec, MetricSpec, TrainStep, TrainStepOptions } from './step/trainStep.js';
export type { TrainingEntry } from './trainingEntry.js';
