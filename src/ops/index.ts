// The keras.ops vocabulary, as users see it: `import { ops } from 'onnx-constraints'`.
export type { Axis } from './axes.js';
export {
  equal,
  greater,
  greaterEqual,
  isnan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  where,
} from './comparison.js';
export { full, identity, onesLike, zerosLike } from './creation.js';
export {
  abs,
  add,
  clip,
  divide,
  exp,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  power,
  relu,
  round,
  sign,
  sqrt,
  square,
  subtract,
} from './elementwise.js';
export {
  max,
  mean,
  min,
  type NormOrder,
  norm,
  type ReduceOptions,
  std,
  sum,
  variance as var,
} from './reduction.js';
export { cast, concatenate, expandDims, matmul, reshape, shape, squeeze, transpose } from './shaping.js';
export type { NestedNumbers, NumericTypedArray, TensorLike } from './tensorLike.js';
