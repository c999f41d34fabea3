// What trainings are asked for, as the command line has it: messages name the flags, and not the options of functions.
// Must not import commander.
import type { TrainableModel } from '../fit/models/trainableModel.js';
import { ConfigError, ConstraintError, ShapeError, UsageError } from '../graph/errors.js';
import { field } from '../keras/configValue.js';

const flags: Readonly<Record<string, string>> = {
  batchSize: '--batch-size',
  epochs: '--epochs',
  loss: '--loss',
  optimizer: '--optimizer',
  validationSplit: '--validation-split',
};

const articles = { optimizer: 'an optimizer', loss: 'a loss' } as const;
const examples = { optimizer: 'adam', loss: 'sparse_categorical_crossentropy' } as const;

/** @throws {UsageError} where neither the model nor a flag says with which optimizer and loss it is trained */
export function checkCompiled(
  { compileConfig, file }: TrainableModel,
  given: { readonly optimizer?: string | undefined; readonly loss?: string | undefined },
): void {
  const missing = (['optimizer', 'loss'] as const).filter(
    (key) => given[key] === undefined && (field(compileConfig ?? {}, key) ?? null) === null,
  );
  if (missing.length === 0) return;
  const [what, how] = [
    missing.map((key) => articles[key]).join(' and '),
    missing.map((key) => `${flags[key]}, such as ${flags[key]} ${examples[key]}`).join(', and '),
  ];
  throw new UsageError(`was not compiled with ${what}; give ${how}`, { file });
}

/**
 * Does the work; where it refuses an option, the error names its flag.
 *
 * @param data the file of the samples: shapes in it that do not fit are wrong input, and no constraint without a place
 */
export async function withFlags<T>(work: () => T | Promise<T>, data?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShapeError && data !== undefined && error.file === data) {
      throw new UsageError(error.detail, error);
    }
    throw error instanceof ConstraintError ? named(error) : error;
  }
}

function named(error: ConstraintError): ConstraintError {
  const { path, file, detail, cause } = error;
  const flag = file === undefined && Object.hasOwn(flags, path ?? '') ? flags[path ?? ''] : undefined;
  if (flag !== undefined && error instanceof ConfigError)
    return new ConfigError(detail, { path: flag, cause });
  const [word = ''] = detail.split(' ', 1);
  if (!(error instanceof UsageError) || !Object.hasOwn(flags, word)) return error;
  return new UsageError(detail.replace(word, flags[word] ?? word), { file, path, cause });
}
