// Parameters as users describe them, checked.
// Must not touch ONNX Runtime.
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { ConstraintError, ShapeError, UsageError } from '../graph/errors.js';
import { checkKeys } from '../graph/knownKeys.js';
import { formatShape } from '../graph/shape.js';
import type { WeightDType } from '../lowering/storage.js';
import type { Parameter } from './parameters.js';

/** A parameter: the shape of its weight, its dtype and the constraint it is kept to. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  /** float32 (default), float64, float16 or bfloat16. */
  readonly dtype?: WeightDType;
  /** An instance, a function, a name or a config, as Keras takes them. */
  readonly constraint: ConstraintIdentifier;
}

/**
 * The parameters of a Projector.
 *
 * @throws {UsageError | ShapeError} when there is none, or one has no such shape, dtype or constraint
 */
export function readParameters(parameters: Readonly<Record<string, ParameterSpec>>): readonly Parameter[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length === 0) {
    throw new UsageError('a Projector needs a parameter: give { name: { shape, constraint } }, found none');
  }
  return entries.map(([name, spec]) => readParameter(name, spec));
}

function readParameter(name: string, spec: ParameterSpec): Parameter {
  checkKeys(spec, ['shape', 'dtype', 'constraint'], name);
  const { shape, dtype = 'float32', constraint } = spec;
  if (!Array.isArray(shape) || shape.some((dim) => !Number.isSafeInteger(dim) || dim < 1)) {
    const found = Array.isArray(shape) ? formatShape(shape) : String(shape);
    throw new ShapeError(`${name}: shape must be a list of positive whole numbers, found ${found}`);
  }
  if (!['float32', 'float64', 'float16', 'bfloat16'].includes(dtype)) {
    throw new ShapeError(`${name}: dtype ${dtype}; accepted are float32, float64, float16 and bfloat16`);
  }
  try {
    return { name, constraint: getRequired(constraint), dims: [...shape], dtype };
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error;
    throw new UsageError(`${name}: ${error.detail}`, { cause: error });
  }
}
