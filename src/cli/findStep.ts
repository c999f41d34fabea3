// The parameters that are found in a train step, shown for confirmation, with the constraints that a Keras file or rules
// give them.
import type { CustomObjects } from '../constraints/deserialize.js';
import { get } from '../constraints/get.js';
import { serialize } from '../constraints/serialize.js';
import { readConfigFile } from '../files/configFile.js';
import { formatShape } from '../graph/shape.js';
import type { OnnxModel } from '../onnx/model.js';
import type { ParameterEntry } from '../resolve/matchParameters.js';
import { type DescribedStep, describeStep } from '../training/describeStep.js';
import { findPairs } from '../training/findPairs.js';
import type { StepDescription } from '../training/stepDescription.js';
import { unresolvedFailure } from './inputs.js';
import type { Output } from './output.js';
import { constraintCell, planJson, showPlan } from './planTable.js';

export interface FindStepOptions {
  /** The step, for messages. */
  readonly file: string;
  /** A Keras file or a rules file. */
  readonly config?: string | undefined;
  readonly customObjects: CustomObjects;
  /** Whether this is the command's own result, and not a step on the way. */
  readonly json: boolean;
  readonly includeFrozen: boolean;
  readonly allowUnresolved: boolean;
}

/** Finds and shows the pairs of a step; `undefined` where a constraint could not be placed, which is told. */
export async function findStep(
  model: OnnxModel,
  options: FindStepOptions,
  output: Output,
): Promise<StepDescription | undefined> {
  const { config, customObjects } = options;
  const found = config === undefined ? bare(model) : await described(model, config, options, output);
  const { plan, description, pairs, unclear } = found;
  if (config !== undefined) {
    showPlan(output, plan.entries, plan, ({ status }) => status, { title: 'told by', cell: toldBy });
  }
  showPairs(found, output);
  const entries =
    config === undefined ? {} : { entries: planJson(plan.entries, plan, ({ status }) => status) };
  const failure = config === undefined ? undefined : unresolvedFailure(plan, options.file, options);
  if (failure !== undefined) {
    output.failure(failure, entries);
    return undefined;
  }
  if (options.json) {
    output.result({ ok: true, pairs, unclear, ...entries, description: toJson(description, customObjects) });
  }
  return description;
}

type Found = Pick<DescribedStep, 'pairs' | 'unclear' | 'plan' | 'description'>;

async function described(
  model: OnnxModel,
  config: string,
  { customObjects, includeFrozen }: FindStepOptions,
  output: Output,
): Promise<Found> {
  const source = await readConfigFile(config, { customObjects });
  const own = source.kind === 'keras' ? source.keras : source.rules;
  const found = describeStep(model, own, { includeFrozen });
  for (const warning of found.warnings) output.warn(`${config}: ${warning}`);
  return { ...found, description: { ...found.description, file: config } };
}

/** Without a file that names constraints, no parameter has one. */
function bare(model: OnnxModel): Found {
  const found = findPairs(model);
  const parameters = found.pairs.filter(({ role }) => role === 'parameter');
  const entries = parameters.map(({ input, output }) => [input, { input, output, constraint: null }]);
  return { ...found, plan: { entries: [] }, description: { parameters: Object.fromEntries(entries) } };
}

function toldBy({ toldBy: how }: ParameterEntry): string {
  return how ?? '—';
}

function showPairs({ pairs, unclear, description: { parameters } }: Found, output: Output): void {
  output.table(
    ['input', 'becomes', 'shape', 'told by', 'is', 'constraint'],
    pairs.map(({ input, output: result, shape, how, role }) => {
      const constraint = get(Object.hasOwn(parameters, input) ? parameters[input]?.constraint : null);
      return [
        input,
        result,
        formatShape(shape),
        how,
        role === 'parameter' ? role : output.paint('dim', role),
        constraint === null ? '—' : output.paint('green', constraintCell(constraint)),
      ];
    }),
  );
  output.line();
  for (const { input, reason } of unclear)
    output.note(`${output.paint('yellow', 'unclear:')} ${input}: ${reason}`);
  if (pairs.length === 0)
    output.warn('no parameter was found: no output is an input of its shape, updated; is this a train step?');
}

function toJson({ parameters }: StepDescription, customObjects: CustomObjects): object {
  const entries = Object.entries(parameters).map(([name, { constraint, ...rest }]) => {
    const found = get(constraint);
    return [name, { ...rest, constraint: found === null ? null : serialize(found, customObjects) }];
  });
  return { parameters: Object.fromEntries(entries) };
}
