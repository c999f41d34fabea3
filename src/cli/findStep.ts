// The parameters that are found in a train step, shown for confirmation, with the constraints that rules give them.
import type { CustomObjects } from '../constraints/deserialize.js';
import { get } from '../constraints/get.js';
import { serialize } from '../constraints/serialize.js';
import { readConfigFile } from '../files/configFile.js';
import { ResolveError, UsageError } from '../graph/errors.js';
import { formatShape } from '../graph/shape.js';
import type { OnnxModel } from '../onnx/model.js';
import { type FoundPairs, findPairs } from '../training/findPairs.js';
import { describeByRules } from '../training/rulesForStep.js';
import type { StepDescription } from '../training/stepDescription.js';
import type { Output } from './output.js';
import { constraintCell } from './planTable.js';

export interface FindStepOptions {
  /** A rules file. */
  readonly config: string | undefined;
  readonly customObjects: CustomObjects;
  /** Whether this is the command's own result, and not a step on the way. */
  readonly json: boolean;
}

/** Finds and shows the pairs of a step. @throws {ResolveError} where a rule cannot be followed */
export async function findStep(
  model: OnnxModel,
  { config, customObjects, json }: FindStepOptions,
  output: Output,
): Promise<StepDescription> {
  const found = findPairs(model);
  const description = await describeStep(model, found, { config, customObjects, output });
  show(found, description, output);
  if (json) output.result({ ok: true, ...found, description: toJson(description, customObjects) });
  return description;
}

async function describeStep(
  model: OnnxModel,
  { pairs }: FoundPairs,
  { config, customObjects, output }: Pick<FindStepOptions, 'config' | 'customObjects'> & { output: Output },
): Promise<StepDescription> {
  if (config === undefined) {
    const parameters = pairs.filter(({ role }) => role === 'parameter');
    const entries = parameters.map(({ input, output: result }) => [
      input,
      { input, output: result, constraint: null },
    ]);
    return { parameters: Object.fromEntries(entries) };
  }
  const source = await readConfigFile(config, { customObjects });
  if (source.kind === 'keras') {
    throw new UsageError(
      "is a Keras file, whose variables a step does not name; give a rules file, with the axes of the step's own layout",
      { file: config },
    );
  }
  const { description, unresolved, warnings } = describeByRules(model, pairs, source.rules);
  for (const warning of warnings) output.warn(`${config}: ${warning}`);
  const [first] = unresolved;
  if (first === undefined) return description;
  throw new ResolveError(`${first.name}: ${first.reason}`, { file: config });
}

function show({ pairs, unclear }: FoundPairs, { parameters }: StepDescription, output: Output): void {
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
  const entries = Object.entries(parameters).map(([name, { input, output, constraint }]) => {
    const found = get(constraint);
    return [name, { input, output, constraint: found === null ? null : serialize(found, customObjects) }];
  });
  return { parameters: Object.fromEntries(entries) };
}
