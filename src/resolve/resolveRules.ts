// The plan that a rules file makes for a model: each tensor a rule names, with its constraint in the tensor's layout.
// Must not import runtime, files or cli.
import type { Constraint } from '../constraints/constraint.js';
import { identityLayout } from '../constraints/layout.js';
import { type DType, dtypeKind } from '../graph/dtype.js';
import { formatShape } from '../graph/shape.js';
import { elementCount } from '../graph/tensorValue.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import type { ModelTensor, OnnxModel } from '../onnx/model.js';
import type { Axis } from '../ops/axes.js';
import { whyMisfit } from './misfit.js';
import { WholeTensor } from './placement.js';
import type { Plan, PlanEntry } from './plan.js';
import type { Rule, Rules } from './rules.js';
import { describeNoMatch, matchNames } from './tensorNames.js';
import { unitAxes } from './units.js';

/** A plan, and what in the rules may not be meant. */
export interface RulesPlan extends Plan {
  readonly warnings: readonly string[];
}

/**
 * The plan of rules for the tensors of a model.
 *
 * Of two rules that match a tensor the first wins, with a warning. A pattern that matches no tensor, and a tensor
 * whose constraint does not fit, are `unresolved` with the reason.
 */
export function resolveRules(model: Pick<OnnxModel, 'tensors'>, { rules }: Rules): RulesPlan {
  const tensors = groupByName(model.tensors());
  const names = new Set(tensors.keys());
  const weights = new Set([...names].filter((name) => tensors.get(name)?.some(isWeight)));
  const owners = new Map<string, Rule>();
  const entries: PlanEntry[] = [];
  const warnings: string[] = [];
  for (const rule of rules) {
    const excluded = new Set(rule.exclude.flatMap((pattern) => [...matchNames(pattern, names)]));
    for (const pattern of rule.exclude) {
      if (matchNames(pattern, names).size === 0)
        warnings.push(`${rule.path}.exclude: ${describeNoMatch(pattern, weights)}`);
    }
    const taken = new Set<string>();
    for (const pattern of rule.match) {
      // A name given as it is may be any tensor's; a glob means weights, not the shapes and indices beside them.
      const matched = matchNames(pattern, names.has(pattern) ? names : weights);
      const meant = [...matched].filter((name) => !excluded.has(name));
      if (matched.size === 0) entries.push(unmatched(rule, pattern, describeNoMatch(pattern, weights)));
      else if (meant.length === 0)
        entries.push(unmatched(rule, pattern, `all tensors that '${pattern}' matches are excluded`));
      for (const name of meant) taken.add(name);
    }
    for (const name of taken) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        warnings.push(
          `${name} is matched by ${owner.path} and ${rule.path}: ${owner.path}, the first, is used`,
        );
        continue;
      }
      owners.set(name, rule);
      for (const tensor of tensors.get(name) ?? []) entries.push(planTensor(tensor, rule));
    }
  }
  return { entries, warnings: [...warnings, ...entries.flatMap(adviseUnits)] };
}

function groupByName(tensors: readonly ModelTensor[]): ReadonlyMap<string, readonly ModelTensor[]> {
  const groups = new Map<string, ModelTensor[]>();
  for (const tensor of tensors) {
    const group = groups.get(tensor.name);
    if (group === undefined) groups.set(tensor.name, [tensor]);
    else group.push(tensor);
  }
  return groups;
}

function isWeight({ dtype, dims }: ModelTensor): boolean {
  return dtypeKind(dtype) === 'float' && elementCount(dims) > 0;
}

function planTensor(tensor: ModelTensor, rule: Rule): PlanEntry {
  const units = rule.units ? unitAxes(tensor) : undefined;
  const constraint = typeof units === 'object' ? rule.constraint(asAxis(units.axes)) : rule.constraint();
  const variable = asVariable(tensor, constraint, rule);
  const reason = typeof units === 'string' ? units : whyRefused(tensor, constraint);
  if (reason !== undefined) {
    return { variable, constraint, status: 'unresolved', placements: [], tensors: [], fits: false, reason };
  }
  const placements = [new WholeTensor(tensor, identityLayout(tensor.dims))];
  return { variable, constraint, status: 'resolved', placements, tensors: [tensor], fits: true };
}

function asAxis(axes: readonly number[]): Axis {
  return axes.length === 1 ? (axes[0] as number) : axes;
}

/** The tensor as a variable whose layout is its own. It has no layer, so nothing takes it for one of Keras's. */
function asVariable({ name, dims, dtype }: ModelTensor, constraint: Constraint, rule: Rule): KerasVariable {
  return namedVariable(name, constraint, rule, { shape: dims, dtype });
}

function namedVariable(
  name: string,
  constraint: Constraint,
  rule: Rule,
  more: { shape: readonly number[] | undefined; dtype: DType },
): KerasVariable {
  const constraintPath = `${rule.path}.constraint`;
  return {
    path: name,
    layer: '',
    layerClass: '',
    name,
    trainable: true,
    constraint,
    constraintPath,
    ...more,
  };
}

/** An entry for a pattern that stands for nothing, so that it is told and counted like any other failure. */
function unmatched(rule: Rule, pattern: string, reason: string): PlanEntry {
  const constraint = rule.constraint();
  const variable = namedVariable(pattern, constraint, rule, { shape: undefined, dtype: 'float32' });
  return {
    variable,
    constraint,
    status: 'unresolved',
    placements: [],
    tensors: [],
    fits: false,
    reason: `${rule.path}: ${reason}`,
  };
}

/** Why the constraint cannot be put on the tensor. */
function whyRefused(tensor: ModelTensor, constraint: Constraint): string | undefined {
  const { kind, dims, dtype } = tensor;
  if (kind === 'sparse') return 'the tensor is stored sparse, and projecting would make it dense';
  if (elementCount(dims) === 0) return `the tensor ${formatShape(dims)} has no elements`;
  return whyMisfit({ dtype, shape: dims }, constraint);
}

/** The default axis on a weight whose units lie elsewhere, as in PyTorch's (out, in). */
function adviseUnits({ variable, constraint, tensors, status }: PlanEntry): readonly string[] {
  const [tensor] = tensors;
  if (status !== 'resolved' || tensor === undefined) return [];
  const { axis } = constraint as { axis?: unknown };
  const units = unitAxes(tensor);
  const isDefault = axis === 0 || (Array.isArray(axis) && axis.length === 1 && axis[0] === 0);
  if (!isDefault || typeof units === 'string' || units.axes.join() === '0') return [];
  return [
    `${variable.path} ${formatShape(variable.shape)}: axis=0 does not take each ${units.noun} of the ${tensor.consumers[0]?.opType} that reads it; probably meant: axis=[${units.axes.join(', ')}], or "axis": "units"`,
  ];
}
