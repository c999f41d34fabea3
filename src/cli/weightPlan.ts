// The plan for a model that is a file of named weights: `.keras`, `.h5`, `.safetensors`.
import type { CustomObjects } from '../constraints/deserialize.js';
import { writeFileAtomic } from '../files/atomicWrite.js';
import { readKerasFile } from '../files/kerasFile.js';
import type { OpenedWeightFile } from '../files/weightFile.js';
import { UsageError } from '../graph/errors.js';
import type { KerasVariable } from '../keras/kerasModel.js';
import { planWeights } from '../resolve/planWeights.js';
import type { Output } from './output.js';
import type { PlannedModel, PlanOptions } from './planOptions.js';

/** Plans the constraints on the weights of a file, by name. */
export async function planWeightFile(
  file: string,
  opened: OpenedWeightFile,
  options: PlanOptions,
  customObjects: CustomObjects,
  output: Output,
): Promise<PlannedModel> {
  const variables = await constrainedVariables(file, opened, options, customObjects, output);
  const { includeFrozen = false } = options;
  const { plan, encode } = planWeights(opened.weights, variables, { includeFrozen });
  return { plan, write: async (out) => writeFileAtomic(out, await encode()) };
}

/** What has which constraint: by the file that --config names, else by the model's own config. */
async function constrainedVariables(
  file: string,
  { model }: OpenedWeightFile,
  { config }: PlanOptions,
  customObjects: CustomObjects,
  output: Output,
): Promise<readonly KerasVariable[]> {
  const source = config === undefined ? model : await readKerasFile(config, { customObjects });
  if (source === undefined) {
    throw new UsageError('a safetensors file carries no constraints: --config must name the file that does', {
      file,
    });
  }
  for (const warning of source.warnings) output.warn(`${config ?? file}: ${warning}`);
  return source.variables;
}
