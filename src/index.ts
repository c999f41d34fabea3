// onnx-constraints: the pure entry point. Keras weight constraints as ONNX graphs, Keras configs, ONNX models in memory.
// Must not reach Node, ONNX Runtime, h5wasm or fflate.
export {
  axisInLayout,
  type BuildGraphOptions,
  buildGraph,
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  type ConstraintFunction,
  type ConstraintIdentifier,
  type CustomObjects,
  classNameOf,
  constraintInLayout,
  defaultTolerance,
  deserialize,
  get,
  identityLayout,
  judge,
  type Layout,
  MaxNorm,
  type MaxNormArgs,
  MinMaxNorm,
  type MinMaxNormArgs,
  maxNorm,
  minMaxNorm,
  NonNeg,
  type NormArgs,
  nonNeg,
  type SerializedConstraint,
  serialize,
  UnitNorm,
  type UnitNormArgs,
  unitNorm,
  type Verdict,
  type Violation,
} from './constraints/index.js';
export { exportPlain as exportConstraint } from './export/exportPlain.js';
export type { DType } from './graph/dtype.js';
export {
  ConfigError,
  ConstraintError,
  type ErrorPlace,
  FileError,
  FormatError,
  ProviderError,
  ResolveError,
  ShapeError,
  UnsupportedError,
  UsageError,
} from './graph/errors.js';
export { fromFloat64, toFloat64 } from './graph/numbers.js';
export { DEFAULT_OPSET, MAX_OPSET, MIN_OPSET } from './graph/opset.js';
export type { Dim, Shape } from './graph/shape.js';
export type { TensorData, TensorValue } from './graph/tensorValue.js';
export {
  type KerasModel,
  type KerasOptions,
  type KerasVariable,
  type LostConstraint,
  parseKerasConfig,
} from './keras/kerasModel.js';
export {
  type Consumer,
  type ExternalData,
  type KeptBytes,
  type ModelTensor,
  OnnxModel,
  type Scratch,
  type ValueInfo,
} from './onnx/model.js';
export type { Axis } from './ops/axes.js';
export * as ops from './ops/index.js';
export type { SymbolicTensor } from './ops/symbolicTensor.js';
export type { How, Placement } from './resolve/placement.js';
export type { Plan, PlanEntry } from './resolve/plan.js';
export { type ResolveOptions, resolve } from './resolve/resolve.js';
