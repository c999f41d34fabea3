// Constraints: the four of Keras, custom ones, and their configs.
export type { NormArgs } from './arguments.js';
export {
  type BuildGraphOptions,
  buildGraph,
  INPUT_NAME,
  OUTPUT_NAME,
  traceConstraint,
} from './buildGraph.js';
export {
  Constraint,
  type ConstraintClass,
  type ConstraintConfig,
  type ConstraintFunction,
  classNameOf,
} from './constraint.js';
export { type CustomObjects, deserialize } from './deserialize.js';
export { type ConstraintIdentifier, get, getRequired } from './get.js';
export { axisInLayout, constraintInLayout, identityLayout, type Layout } from './layout.js';
export { MaxNorm, type MaxNormArgs, maxNorm } from './maxNorm.js';
export { MinMaxNorm, type MinMaxNormArgs, minMaxNorm } from './minMaxNorm.js';
export { NonNeg, nonNeg } from './nonNeg.js';
export { type SerializedConstraint, serialize } from './serialize.js';
export { UnitNorm, type UnitNormArgs, unitNorm } from './unitNorm.js';
export { defaultTolerance, judge, type Verdict, type Violation } from './violations.js';
