// `resolve`: shows which tensors hold the constrained variables, how, and which units are normed: the dry run of `apply`.
import { axisInLayout, isIdentity } from '../constraints/layout.js';
import type { Axis } from '../ops/axes.js';
import { normAxis } from '../resolve/axisAdvice.js';
import { describeUnits } from '../resolve/describeUnits.js';
import type { Placement } from '../resolve/placement.js';
import type { PlanEntry } from '../resolve/plan.js';
import type { ConstraintRunner } from '../runtime/constraintRunner.js';
import { exitCodes } from './exitCodes.js';
import { readPlan, unresolvedFailure, withRunner } from './inputs.js';
import type { Output } from './output.js';
import type { PlanOptions } from './planOptions.js';
import { entryJson, lostJson, showPlan } from './planTable.js';

/** Runs the command and returns its exit code. */
export async function resolveCommand(
  modelFile: string,
  options: PlanOptions,
  output: Output,
): Promise<number> {
  return withRunner(options, output, (runner) => resolveWith(runner, modelFile, options, output));
}

async function resolveWith(
  runner: ConstraintRunner,
  modelFile: string,
  options: PlanOptions,
  output: Output,
): Promise<number> {
  const { plan, warnings } = await readPlan(modelFile, options, runner, output);
  showPlan(output, plan.entries, plan, ({ status }) => status, { title: 'axis and units', cell: unitsCell });
  const counts = ['resolved', 'satisfied', 'frozen', 'unresolved'].flatMap((status) => {
    const count = plan.entries.filter((entry) => entry.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  output.line(counts.join(', '));
  const entries = [...plan.entries.map(resolvedJson), ...lostJson(plan)];
  const more = { entries, ...(warnings.length > 0 && { warnings }) };
  const failure = unresolvedFailure(plan, modelFile, options);
  if (failure !== undefined) {
    output.failure(failure, more);
    return exitCodes.unresolved;
  }
  output.result({ ok: true, ...more });
  return exitCodes.done;
}

/** `axis [0, 1, 2] → [1, 2, 3]`, and below it the units in words. */
function unitsCell(entry: PlanEntry): string {
  const axis = axesOf(entry);
  const lines = [
    ...(axis === undefined
      ? []
      : [`axis ${writeAxis(axis.keras)}${entry.variable.layer === '' ? '' : writeOnnxAxes(axis.onnx)}`]),
    ...(describeUnits(entry)
      ?.text.split(', over')
      .map((part, i) => (i === 0 ? part : `over${part}`)) ?? []),
  ];
  return lines.join('\n') || '—';
}

interface Axes {
  readonly keras: Axis;
  /** For each tensor that holds the variable; `undefined` where none of its axes say the same. */
  readonly onnx: readonly (Axis | undefined)[];
}

/** The axis in Keras's layout and in each tensor's. */
function axesOf({ constraint, placements, fits }: PlanEntry): Axes | undefined {
  const keras = normAxis(constraint);
  if (keras === undefined) return undefined;
  const inLayout = ({ layout }: Placement): Axis | undefined => {
    if (layout === undefined) return undefined;
    return isIdentity(layout) ? keras : axisInLayout(constraint, layout);
  };
  return { keras, onnx: fits ? placements.map(inLayout) : [] };
}

function writeOnnxAxes(axes: Axes['onnx']): string {
  const distinct = [...new Set(axes.map((axis) => (axis === undefined ? 'by reshaping' : writeAxis(axis))))];
  return distinct.length === 0 ? '' : ` → ${distinct.join(' and ')}`;
}

function writeAxis(axis: Axis): string {
  if (axis === null) return 'all';
  if (typeof axis === 'number') return String(axis);
  return axis.length === 1 ? String(axis[0]) : `[${axis.join(', ')}]`;
}

function resolvedJson(entry: PlanEntry): object {
  const axis = axesOf(entry);
  const units = describeUnits(entry);
  return {
    ...entryJson(entry, entry.status),
    ...(axis !== undefined && {
      axis: { keras: axis.keras, onnx: axis.onnx.map((each) => (each === undefined ? 'reshaped' : each)) },
    }),
    ...(units !== undefined && { units: { count: units.count, over: units.over, text: units.text } }),
  };
}
