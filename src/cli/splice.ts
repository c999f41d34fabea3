// `splice`: puts constraints into a train step; without a step description, shows the parameters that it finds there.
import { resolve as absolute } from 'node:path';
import type { CustomObjects } from '../constraints/deserialize.js';
import { checkTarget } from '../files/atomicWrite.js';
import { readModel, writeModel } from '../files/modelFile.js';
import { readStepDescription } from '../files/stepFile.js';
import { UsageError } from '../graph/errors.js';
import type { OnnxModel } from '../onnx/model.js';
import { upgradeOpset } from '../onnx/upgradeOpset.js';
import type { Schedule } from '../training/schedule.js';
import { type SplicedParameter, splice } from '../training/splice.js';
import { countSplicedNodes } from '../training/splicedNodes.js';
import type { Others, StepDescription } from '../training/stepDescription.js';
import { exitCodes } from './exitCodes.js';
import { findStep } from './findStep.js';
import type { Output } from './output.js';
import { constraintCell, describeConstraint } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface SpliceCommandOptions {
  readonly params?: string;
  readonly config?: string;
  readonly yes?: boolean;
  readonly includeFrozen?: boolean;
  readonly allowUnresolved?: boolean;
  readonly out?: string;
  readonly provider?: string;
  readonly others: Others;
  readonly functions?: boolean;
  readonly upgradeOpset?: boolean;
  readonly plugin?: readonly string[];
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function spliceCommand(
  stepFile: string,
  options: SpliceCommandOptions,
  output: Output,
): Promise<number> {
  const { out, provider, others, functions } = options;
  await checkOut(stepFile, options);
  const customObjects = await loadPlugins(options.plugin ?? []);
  const model = await readModel(stepFile);
  if (options.upgradeOpset === true) {
    const before = upgradeOpset(model);
    if (before !== model.opset()) output.note(`upgraded from opset ${before} to ${model.opset()}`);
  }
  const description = await readDescription(model, { ...options, stepFile }, customObjects, output);
  if (description === undefined) return exitCodes.unresolved;
  if (out === undefined) return exitCodes.done;
  const before = countSplicedNodes(model);
  const spliced = splice(model, description, { provider, others, functions });
  const nodes = countSplicedNodes(model) - before;
  for (const { name, constraint } of spliced) {
    for (const warning of constraint?.warnings() ?? []) output.warn(`${name}: ${warning}`);
  }
  await writeModel(model, out);
  report(spliced, { out, others, nodes, schedule: description.schedule }, output);
  return exitCodes.done;
}

async function checkOut(
  stepFile: string,
  { params, config, yes, out, force, includeFrozen, allowUnresolved }: SpliceCommandOptions,
): Promise<void> {
  if (config === undefined && (includeFrozen === true || allowUnresolved === true)) {
    throw new UsageError('--include-frozen and --allow-unresolved are for the constraints of --config');
  }
  if (params !== undefined && config !== undefined) {
    throw new UsageError('--params says which constraint each parameter has; --config goes without it');
  }
  if (out === undefined) {
    if (params === undefined && yes !== true) return;
    throw new UsageError('--out must say where the result goes');
  }
  if ([params, config].some((file) => file !== undefined && absolute(file) === absolute(out))) {
    throw new UsageError('is the file of the constraints; it would be overwritten', { file: out });
  }
  await checkTarget(out, force === true || absolute(out) === absolute(stepFile));
}

/** The description that --params names, or the confirmed one that was found; none where a constraint was not placed. */
async function readDescription(
  model: OnnxModel,
  options: SpliceCommandOptions & { readonly stepFile: string },
  customObjects: CustomObjects,
  output: Output,
): Promise<StepDescription | undefined> {
  const { params, config, out, yes = false, stepFile: file } = options;
  if (params !== undefined) return readStepDescription(params, { customObjects });
  if (out !== undefined && config === undefined) {
    throw new UsageError(
      'the constraints are missing: give --params, or --config with a Keras file or a rules file',
    );
  }
  const isShownOnly = out === undefined;
  const { includeFrozen = false, allowUnresolved = false } = options;
  const more = { file, config, customObjects, json: isShownOnly, includeFrozen, allowUnresolved };
  const description = await findStep(model, more, output);
  if (description === undefined) return undefined;
  if (isShownOnly)
    output.note('nothing was written; to go on, give --out with --params, or with --config and --yes');
  if (isShownOnly || yes) return description;
  throw new UsageError(
    'these pairs were found, not given: look at them, then go on with --yes; or leave --out away, save .description of --json, and give that as --params',
  );
}

interface Spliced {
  readonly out: string;
  readonly others: Others;
  /** How many nodes were put in, all in all. */
  readonly nodes: number;
  readonly schedule: Schedule | undefined;
}

/** When constraints are applied, and what counts the steps. */
function describeSchedule({ counter, step, ...rest }: Schedule): readonly [string, string] {
  const { every, warmUp, initial, when } = rest;
  const parts = [
    every === undefined ? [] : [`every=${every}`],
    warmUp === undefined ? [] : [`warm_up=${warmUp}`],
    when === undefined ? [] : [`when=${when}`],
    initial === true ? ['initial'] : [],
  ];
  const counted = counter === undefined ? (step ?? '—') : `${counter}\n→ ${counter}_new`;
  return [parts.flat().join('\n') || 'each step', counted];
}

function report(
  spliced: readonly SplicedParameter[],
  { out, others, nodes, schedule }: Spliced,
  output: Output,
): void {
  const scheduleNodes = spliced.reduce((rest, each) => rest - each.nodes, nodes);
  const rows = spliced.map(({ name, input, output: result, constraint, form = '—', ...counts }) => [
    name,
    constraint === null ? '—' : output.paint('green', constraintCell(constraint)),
    `${input}\n→ ${result}`,
    form,
    String(counts.nodes),
    counts.otherReaders === 0 ? '—' : String(counts.otherReaders),
  ]);
  if (schedule !== undefined)
    rows.push(['schedule', ...describeSchedule(schedule), '—', String(scheduleNodes), '—']);
  output.table(['parameter', 'constraint', 'between', 'form', 'nodes', 'other readers'], rows);
  output.line();
  const constrained = spliced.filter(({ constraint }) => constraint !== null);
  if (constrained.some(({ otherReaders }) => otherReaders > 0)) {
    const other = others === 'constrained' ? 'unconstrained' : 'constrained';
    output.note(`other readers of the updated values see the ${others} ones; --others ${other} changes that`);
  }
  if (constrained.length === 0) output.warn('no parameter has a constraint: the step is as it was');
  const count = constrained.length === 1 ? '1 constraint' : `${constrained.length} constraints`;
  output.line(`${count} put in, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}; wrote ${out}`);
  output.result({
    ok: true,
    out,
    nodes,
    scheduleNodes,
    parameters: spliced.map(({ constraint, ...rest }) => ({
      ...rest,
      constraint: constraint === null ? null : describeConstraint(constraint),
    })),
  });
}
