// `splice`: puts constraints into a train step.
import { resolve as absolute } from 'node:path';
import { checkTarget } from '../files/atomicWrite.js';
import { readModel, writeModel } from '../files/modelFile.js';
import { readStepDescription } from '../files/stepFile.js';
import { UsageError } from '../graph/errors.js';
import { type SplicedParameter, splice } from '../training/splice.js';
import type { Others } from '../training/stepDescription.js';
import { exitCodes } from './exitCodes.js';
import type { Output } from './output.js';
import { constraintCell, describeConstraint } from './planTable.js';
import { loadPlugins } from './plugin.js';

export interface SpliceCommandOptions {
  readonly params: string;
  readonly out: string;
  readonly provider?: string;
  readonly others: Others;
  readonly plugin?: readonly string[];
  readonly force?: boolean;
}

/** Runs the command and returns its exit code. */
export async function spliceCommand(
  stepFile: string,
  options: SpliceCommandOptions,
  output: Output,
): Promise<number> {
  const { params, out, force = false, provider, others } = options;
  if (absolute(out) === absolute(params)) {
    throw new UsageError('is the step description; it would be overwritten', { file: out });
  }
  await checkTarget(out, force || absolute(out) === absolute(stepFile));
  const customObjects = await loadPlugins(options.plugin ?? []);
  const description = await readStepDescription(params, { customObjects });
  const model = await readModel(stepFile);
  const spliced = splice(model, description, { provider, others });
  for (const { name, constraint } of spliced) {
    for (const warning of constraint?.warnings() ?? []) output.warn(`${name}: ${warning}`);
  }
  await writeModel(model, out);
  report(spliced, options, output);
  return exitCodes.done;
}

function report(
  spliced: readonly SplicedParameter[],
  { out, others }: SpliceCommandOptions,
  output: Output,
): void {
  output.table(
    ['parameter', 'constraint', 'between', 'form', 'nodes', 'other readers'],
    spliced.map(({ name, input, output: result, constraint, form = '—', nodes, otherReaders }) => [
      name,
      constraint === null ? '—' : output.paint('green', constraintCell(constraint)),
      `${input}\n→ ${result}`,
      form,
      String(nodes),
      otherReaders === 0 ? '—' : String(otherReaders),
    ]),
  );
  output.line();
  const constrained = spliced.filter(({ constraint }) => constraint !== null);
  if (constrained.some(({ otherReaders }) => otherReaders > 0)) {
    const other = others === 'constrained' ? 'unconstrained' : 'constrained';
    output.note(`other readers of the updated values see the ${others} ones; --others ${other} changes that`);
  }
  const count = constrained.length === 1 ? '1 constraint' : `${constrained.length} constraints`;
  const nodes = spliced.reduce((sum, each) => sum + each.nodes, 0);
  output.line(`${count} put in, ${nodes} nodes; wrote ${out}`);
  output.result({
    ok: true,
    out,
    parameters: spliced.map(({ constraint, ...rest }) => ({
      ...rest,
      constraint: constraint === null ? null : describeConstraint(constraint),
    })),
  });
}
