// The flat parameter buffer of ONNX Runtime's on-device training: where each parameter lies in it, and projecting there.
// Must not import files or cli.
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { type ConstraintIdentifier, get } from '../constraints/get.js';
import { FormatError, ResolveError, ShapeError, UnsupportedError, UsageError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { OnnxModel } from '../onnx/model.js';
import { whyMisfit } from '../resolve/misfit.js';
import type { Rules } from '../resolve/rules.js';
import { describeNoMatch } from '../resolve/tensorNames.js';
import type { ParameterSpec } from '../runtime/parameterSpec.js';
import type { Projector } from '../runtime/projector.js';
import { flatRules } from './flatRules.js';
import type { OrtCheckpoint, OrtParameter } from './ortCheckpoint.js';

/** Constraints by the names of parameters, or the rules of a rules file. */
export type FlatConstraints = Readonly<Record<string, ConstraintIdentifier>> | Rules;

export interface FlatOptions {
  /** Whether the buffer holds the trained parameters alone: what the session's own functions are told. Default: true. */
  readonly trainableOnly?: boolean;
}

/** A parameter's slice of the flat buffer. */
export interface FlatParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** Where it starts, in elements. */
  readonly offset: number;
  /** How many elements it has. */
  readonly size: number;
  readonly constraint: Constraint | null;
}

/** What lies where in the flat buffer, and which slices are constrained. */
export interface FlatPlan {
  /** All parameters of the buffer, in its order. */
  readonly parameters: readonly FlatParameter[];
  /** The buffer's elements. */
  readonly size: number;
  readonly trainableOnly: boolean;
  /** The constrained parameters, as `Projector.create` takes them. */
  readonly specs: Readonly<Record<string, ParameterSpec>>;
  /** What in the rules may not be meant. */
  readonly warnings: readonly string[];
}

/**
 * The slices of the buffer that `getContiguousParameters` of a training session gives: its parameters one after the
 * other, in the order in which the training model has them as inputs (the checkpoint's own order may be another).
 *
 * @param trainingModel the `training_model` that the session was made from
 * @param constraints by name; axes are those of the ONNX tensor. Or rules, with globs and `axis: "units"`
 * @throws {FormatError} where checkpoint and training model do not belong together
 * @throws {ResolveError} where a name or rule means no parameter of the buffer
 * @throws {ShapeError} where a constraint does not fit
 * @throws {UnsupportedError} on parameters other than float32, which the buffer does not hold
 * @example
 * const plan = planFlatParameters(checkpoint, trainingModel, { 'fc1.weight': maxNorm({ maxValue: 2, axis: 1 }) });
 */
export function planFlatParameters(
  checkpoint: OrtCheckpoint,
  trainingModel: OnnxModel,
  constraints: FlatConstraints,
  { trainableOnly = true }: FlatOptions = {},
): FlatPlan {
  const slices = layOut(checkpoint, trainingModel, trainableOnly);
  const { found, warnings } = isRuleList(constraints)
    ? flatRules(slices, trainingModel, constraints)
    : { found: byName(slices, checkpoint, constraints), warnings: [] };
  const parameters = slices.map((slice) => ({ ...slice, constraint: found.get(slice.name) ?? null }));
  for (const parameter of parameters) checkFit(parameter);
  const specs = Object.fromEntries(
    parameters.flatMap(({ name, shape, constraint }) =>
      constraint === null ? [] : [[name, { shape, constraint }] as const],
    ),
  );
  if (Object.keys(specs).length === 0) throw new UsageError('no parameter has a constraint');
  const size = parameters.reduce((sum, parameter) => sum + parameter.size, 0);
  return { parameters, size, trainableOnly, specs, warnings };
}

/**
 * Projects the constrained slices of a flat buffer in place; all other elements stay as they are.
 *
 * @param buffer what `getContiguousParameters` gave
 * @param projector made by `Projector.create(plan.specs)`
 * @throws {ShapeError} where the buffer is of another size than the plan's; then nothing is written
 * @throws as `projector.project`
 */
export async function projectFlatParameters(
  buffer: Float32Array,
  plan: FlatPlan,
  projector: Projector,
): Promise<void> {
  if (buffer.length !== plan.size) {
    throw new ShapeError(`the buffer has ${buffer.length} elements; the parameters have ${plan.size}`);
  }
  const slices = plan.parameters
    .filter(({ constraint }) => constraint !== null)
    .map(({ name, offset, size }) => [name, buffer.subarray(offset, offset + size)] as const);
  await projector.project(Object.fromEntries(slices));
}

export type FlatSlice = Omit<FlatParameter, 'constraint'>;

function layOut(
  { parameters, file }: OrtCheckpoint,
  { inputs, file: modelFile }: OnnxModel,
  trainableOnly: boolean,
): readonly FlatSlice[] {
  const held = parameters.filter(({ trainable }) => trainable || !trainableOnly);
  const byInput = new Map(held.map((parameter) => [parameter.name, parameter]));
  let offset = 0;
  const slices = inputs.flatMap((input): FlatSlice[] => {
    const parameter = byInput.get(input.name);
    if (parameter === undefined) return [];
    byInput.delete(input.name);
    const { name, trainable } = parameter;
    const shape = shapeOf(parameter, input.shape, modelFile);
    const slice = { name, shape, trainable, offset, size: elementCount(shape) };
    offset += slice.size;
    return [slice];
  });
  const [missing] = byInput.keys();
  if (missing === undefined) return slices;
  throw new FormatError(
    `has the parameter ${JSON.stringify(missing)}, which is no input of the training model; the two belong to different models`,
    { file },
  );
}

function shapeOf(
  { name, dtype, shape }: OrtParameter,
  input: OnnxModel['inputs'][number]['shape'],
  file: string | undefined,
): readonly number[] {
  if (dtype !== 'float32') {
    throw new UnsupportedError(
      `${JSON.stringify(name)} is ${dtype}; the flat buffer of ONNX Runtime's JavaScript builds holds float32 alone`,
      { file },
    );
  }
  const fixed = input?.filter((dim) => typeof dim === 'number');
  if (input === undefined || fixed?.length !== input.length) {
    throw new FormatError(`the input ${JSON.stringify(name)} is a parameter, but its shape is not fixed`, {
      file,
    });
  }
  if (shape === undefined || shape.join() === input.join()) return fixed as readonly number[];
  throw new FormatError(
    `the input ${JSON.stringify(name)} is ${formatShape(fixed as number[])}, and ${formatShape(shape)} in the checkpoint; the two belong to different models`,
    { file },
  );
}

function isRuleList(constraints: FlatConstraints): constraints is Rules {
  return Array.isArray((constraints as Partial<Rules>).rules);
}

function byName(
  slices: readonly FlatSlice[],
  { parameters, file }: OrtCheckpoint,
  constraints: Readonly<Record<string, ConstraintIdentifier>>,
): ReadonlyMap<string, Constraint | null> {
  const names = new Set(slices.map(({ name }) => name));
  for (const name of Object.keys(constraints)) {
    if (names.has(name)) continue;
    const isFrozen = parameters.some((parameter) => parameter.name === name);
    throw new ResolveError(
      isFrozen
        ? `${JSON.stringify(name)} is frozen, so training does not change it; trainableOnly: false has frozen parameters too`
        : describeNoMatch(name, names),
      { file },
    );
  }
  return new Map(Object.entries(constraints).map(([name, constraint]) => [name, get(constraint)]));
}

function checkFit({ name, shape, constraint }: FlatParameter): void {
  if (constraint === null) return;
  const reason = whyMisfit({ dtype: 'float32', shape }, constraint);
  if (reason !== undefined) throw new ShapeError(`${name}: ${classNameOf(constraint)}: ${reason}`);
}
