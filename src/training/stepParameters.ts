// The parameters of a step description, tensor by tensor: each alone in its tensor, or several as parts of one.
// Must not import onnx, runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { get } from '../constraints/get.js';
import { ConfigError, UsageError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import { type ConstrainedPart, checkPart, PartsConstraint } from './parts.js';
import { parameterPath, type StepDescription, type StepParameter } from './stepDescription.js';
import { constraintOnTensor, parseStoredLayout } from './storedLayout.js';

export interface NamedParameter extends StepParameter {
  readonly name: string;
}

/** The parameters in one tensor of a step; the first gives it its name. */
export type TensorParameters = readonly [NamedParameter, ...NamedParameter[]];

/** The parameters of a description, tensor by tensor. @throws {ConfigError} where two share what they cannot share */
export function groupParameters({ parameters, file }: StepDescription): readonly TensorParameters[] {
  const groups = new Map<string, [NamedParameter, ...NamedParameter[]]>();
  for (const [name, parameter] of Object.entries(parameters)) {
    const own = { name, ...parameter };
    if (own.part !== undefined && own.layout !== undefined) {
      throw new ConfigError('a part says its shape itself; layout is for whole tensors', {
        file,
        path: parameterPath(name, 'layout'),
      });
    }
    const shared = [...groups.values()].find(
      ([first]) => first.input === own.input || first.output === own.output,
    );
    if (shared === undefined) groups.set(name, [own]);
    else {
      checkShared(shared, own, file);
      shared.push(own);
    }
  }
  if (groups.size === 0) throw new UsageError('the step description names no parameter', { file });
  return [...groups.values()];
}

function checkShared(group: TensorParameters, own: NamedParameter, file: string | undefined): void {
  const [first] = group;
  const side = first.input === own.input ? 'input' : 'output';
  const other = side === 'input' ? 'output' : 'input';
  if (first[other] !== own[other] || first.part === undefined || own.part === undefined) {
    throw new ConfigError(
      `${side} '${own[side]}' is that of ${JSON.stringify(first.name)} already; each parameter has its own, or says which part of one it is`,
      { file, path: parameterPath(own.name, side) },
    );
  }
  const { part } = own;
  if (part.axis !== first.part.axis) {
    throw new ConfigError(
      `parts of one tensor lie along one axis; ${first.name} lies along ${first.part.axis}`,
      {
        file,
        path: parameterPath(own.name, 'part'),
      },
    );
  }
  if (own.others !== first.others) {
    throw new ConfigError(
      `the readers of one tensor see one value; ${first.name} says ${first.others ?? 'nothing'}`,
      {
        file,
        path: parameterPath(own.name, 'others'),
      },
    );
  }
  const over = group.find(
    (each) =>
      each.part !== undefined &&
      part.start < each.part.start + each.part.size &&
      each.part.start < part.start + part.size,
  );
  if (over === undefined) return;
  throw new ConfigError(`lies over ${JSON.stringify(over.name)}`, {
    file,
    path: parameterPath(own.name, 'part'),
  });
}

/** The constraint of a tensor; `null` where none of its parameters has one. @throws {ShapeError} where a part does not fit */
export function constraintOf(
  group: TensorParameters,
  shape: Shape,
  { provider, file }: { readonly provider: string | undefined; readonly file: string | undefined },
): Constraint | null {
  const [first] = group;
  if (first.part === undefined) return wholeConstraint(first, shape, file);
  const parts = group.flatMap(({ name, part, constraint }): ConstrainedPart[] => {
    if (part === undefined) return [];
    checkPart(part, shape, { file, path: parameterPath(name, 'part') });
    return [{ part, constraint: get(constraint) }];
  });
  if (parts.every(({ constraint }) => constraint === null)) return null;
  return new PartsConstraint(
    parts.sort((a, b) => a.part.start - b.part.start),
    provider,
  );
}

function wholeConstraint(
  { name, constraint: identifier, layout }: NamedParameter,
  shape: Shape,
  file: string | undefined,
): Constraint | null {
  const constraint = get(identifier);
  if (constraint === null || layout === undefined) return constraint;
  const place = { file, path: parameterPath(name, 'layout') };
  return constraintOnTensor(constraint, parseStoredLayout(layout, place), shape, place);
}
