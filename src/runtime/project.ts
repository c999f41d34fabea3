// Projecting one weight, or a set of named weights in place, with one call.
// Must not import files or cli.
import { classNameOf } from '../constraints/constraint.js';
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { ConstraintError, ShapeError } from '../graph/errors.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { ConstraintRunner, type RunnerOptions } from './constraintRunner.js';
import type { OrtModule } from './ort.js';
import { readWeight, type Weight } from './weight.js';

export interface ProjectOptions extends RunnerOptions {
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
  /** A runner to use again and again, which compiles each graph once. Default: one for this call alone. */
  readonly runner?: ConstraintRunner;
}

/** A weight with its constraint: an instance, a function, a name or a config. */
export interface ConstrainedWeight extends Weight {
  readonly constraint: ConstraintIdentifier;
}

/** A projected weight, in an array of the kind the weight was in. */
export interface ProjectedWeight<T extends Weight> extends TensorValue {
  readonly data: Extract<TensorData, T['data']>;
}

/** What an entry point offers on its ONNX Runtime. */
export interface RuntimeEntry {
  createRunner(options?: RunnerOptions): Promise<ConstraintRunner>;
  project<T extends Weight>(
    constraint: ConstraintIdentifier,
    weight: T,
    options?: ProjectOptions,
  ): Promise<ProjectedWeight<T>>;
  projectInPlace(
    weights: Readonly<Record<string, ConstrainedWeight>>,
    options?: ProjectOptions,
  ): Promise<void>;
}

/** The functions of an entry point whose ONNX Runtime is loaded by `load`. */
export function runtimeEntry(load: () => Promise<OrtModule>, defaults: RunnerOptions): RuntimeEntry {
  const withRunner = async <T>(
    { runner, ort, ...options }: ProjectOptions,
    use: (runner: ConstraintRunner) => Promise<T>,
  ): Promise<T> => {
    if (runner !== undefined) return use(runner);
    const own = new ConstraintRunner(ort ?? (await load()), { ...defaults, ...options });
    return use(own).finally(() => own.dispose());
  };
  return {
    createRunner: async (options = {}) => new ConstraintRunner(await load(), { ...defaults, ...options }),
    project: <T extends Weight>(constraint: ConstraintIdentifier, weight: T, options: ProjectOptions = {}) =>
      withRunner(
        options,
        (runner) => runner.run(getRequired(constraint), readWeight(weight)) as Promise<ProjectedWeight<T>>,
      ),
    projectInPlace: (weights, options = {}) => withRunner(options, (runner) => projectAll(runner, weights)),
  };
}

async function projectAll(
  runner: ConstraintRunner,
  weights: Readonly<Record<string, ConstrainedWeight>>,
): Promise<void> {
  const jobs = Object.entries(weights).map(([name, weight]) => ({
    name,
    constraint: getRequired(weight.constraint),
    value: readWeight(weight, name),
  }));
  refuseShared(jobs);
  const results: { target: TensorData; source: TensorData }[] = [];
  for (const { name, constraint, value } of jobs) {
    try {
      results.push({ target: value.data, source: (await runner.run(constraint, value)).data });
    } catch (error) {
      if (!(error instanceof ConstraintError)) throw error;
      throw new ShapeError(`${name} (${classNameOf(constraint)}): ${error.detail}`, { cause: error });
    }
  }
  // Nothing is written until everything has run, so that a failure leaves all weights as they were.
  for (const { target, source } of results) (target as Float32Array).set(source as Float32Array);
}

function refuseShared(jobs: readonly { name: string; value: TensorValue }[]): void {
  const owners = new Map<TensorData, string>();
  for (const { name, value } of jobs) {
    const owner = owners.get(value.data);
    if (owner !== undefined) {
      throw new ShapeError(`${owner} and ${name} are the same array; give each weight once`);
    }
    owners.set(value.data, name);
  }
}
