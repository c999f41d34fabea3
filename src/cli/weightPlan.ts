// The plan for a model that is a file of named weights: `.keras`, `.h5`, `.safetensors`.
import type { CustomObjects } from '../constraints/deserialize.js';
import { writeFileAtomic } from '../files/atomicWrite.js';
import { readConfigFile } from '../files/configFile.js';
import type { OpenedWeightFile } from '../files/weightFile.js';
import { UsageError } from '../graph/errors.js';
import type { WeightFile } from '../graph/weightFile.js';
import type { KerasModel } from '../keras/kerasModel.js';
import { openTensors, planWeights } from '../resolve/planWeights.js';
import { resolveRules } from '../resolve/resolveRules.js';
import type { MadePlan, PlanOptions } from './planOptions.js';

const endings = { keras: /\.keras$/i, h5: /\.(h5|hdf5)$/i, safetensors: /\.safetensors$/i } as const;

/** Refuses a result whose name says another format than it will have. */
function checkFormat({ format }: WeightFile, out: string | undefined): void {
  const isNamed = out !== undefined && /\.(onnx|keras|h5|hdf5|safetensors)$/i.test(out);
  if (isNamed && !endings[format].test(out)) {
    throw new UsageError(
      `the result has the format of the input, which is ${format}; its name says another`,
      {
        file: out,
      },
    );
  }
}

/**
 * Plans the constraints on the weights of a file, by name: those of the file that --config names, a Keras file or a
 * rules file, else those of the model's own config.
 */
export async function planWeightFile(
  file: string,
  { weights, model }: OpenedWeightFile,
  options: PlanOptions,
  customObjects: CustomObjects,
): Promise<MadePlan> {
  const { config, reference, includeFrozen = false } = options;
  checkFormat(weights, options.out);
  if (reference !== undefined) {
    throw new UsageError('--reference is for ONNX models; here the weights have names', { file });
  }
  const { tensors, encode } = openTensors(weights);
  const write = async (out: string): Promise<void> => writeFileAtomic(out, await encode());
  const source = config === undefined ? undefined : await readConfigFile(config, { customObjects });
  if (source?.kind === 'rules') {
    const { entries, warnings } = resolveRules({ tensors: () => tensors }, source.rules);
    return { plan: { entries }, found: warnings, write };
  }
  const keras: KerasModel | undefined = source?.keras ?? model;
  if (keras === undefined) {
    throw new UsageError('a safetensors file carries no constraints: --config must name the file that does', {
      file,
    });
  }
  const plan = planWeights(tensors, keras.variables, { includeFrozen });
  return { plan: { ...plan, lost: keras.lost }, found: keras.warnings, write };
}
