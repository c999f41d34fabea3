// Projecting one weight, or a set of named weights in place, with one call.
// Must not import files or cli.
import { classNameOf } from '../constraints/constraint.js';
import { type ConstraintIdentifier, getRequired } from '../constraints/get.js';
import { ConstraintError, ShapeError, UsageError } from '../graph/errors.js';
import { checkOptions } from '../graph/knownKeys.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { ConstraintRunner, type RunnerOptions } from './constraintRunner.js';
import type { Executing } from './executor.js';
import type { OrtModule } from './ort.js';
import type { OutputRoute } from './outputRoute.js';
import type { ParameterSpec } from './parameterSpec.js';
import type { ProjectionPlan } from './projectionPlan.js';
import { Projector, type ProjectorOptions } from './projector.js';
import type { Platform } from './providerTable.js';
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
  readonly data: ArrayOf<T['data']>;
}

type ArrayOf<D> = D extends Float32Array
  ? Float32Array
  : D extends Float64Array
    ? Float64Array
    : D extends Uint16Array
      ? Uint16Array
      : TensorData;

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
  createProjector(
    parameters: Readonly<Record<string, ParameterSpec>>,
    options?: ProjectorOptions,
  ): Promise<Projector>;
}

/** What differs between entry points. */
export interface EntryGround {
  readonly platform: Platform;
  /** Loads the package of ONNX Runtime. */
  readonly load: () => Promise<OrtModule>;
  readonly provider: string;
  /** Whether the route without copies may be taken at all, whatever the options say. */
  readonly noCopy?: () => boolean;
  /** Carries a plan out in a worker thread, where the platform can. */
  readonly executeInWorker?: (setup: {
    readonly plan: ProjectionPlan;
    readonly route: OutputRoute;
    readonly sessionOptions: Readonly<Record<string, unknown>>;
  }) => Promise<Executing>;
}

const projectorOptions: readonly (keyof ProjectorOptions)[] = [
  'ort',
  'providers',
  'strict',
  'transactional',
  'noCopy',
  'worker',
  'sessionOptions',
];

function checkProviders(providers: unknown): void {
  if (providers === undefined || (Array.isArray(providers) && providers.length > 0)) return;
  throw new UsageError(
    `providers must be a list of names, such as ['webgpu', 'cpu'], found ${JSON.stringify(providers)}`,
  );
}

/** The functions of an entry point. */
export function runtimeEntry({
  platform,
  load,
  provider,
  noCopy,
  executeInWorker,
}: EntryGround): RuntimeEntry {
  const maySkip = ({ noCopy: wanted = true }: RunnerOptions): boolean => wanted && (noCopy?.() ?? true);
  const makeRunner = (ort: OrtModule, options: RunnerOptions): ConstraintRunner => {
    checkProviders(options.providers);
    return new ConstraintRunner(
      ort,
      { providers: [provider], ...options, noCopy: maySkip(options) },
      platform,
    );
  };
  const withRunner = async <T>(
    { runner, ort, ...options }: ProjectOptions,
    use: (runner: ConstraintRunner) => Promise<T>,
  ): Promise<T> => {
    if (runner !== undefined) return use(runner);
    const own = makeRunner(ort ?? (await load()), options);
    return use(own).finally(() => own.dispose());
  };
  return {
    createRunner: async (options = {}) => makeRunner(await load(), options),
    project: <T extends Weight>(constraint: ConstraintIdentifier, weight: T, options: ProjectOptions = {}) =>
      withRunner(
        options,
        (runner) => runner.run(getRequired(constraint), readWeight(weight)) as Promise<ProjectedWeight<T>>,
      ),
    projectInPlace: (weights, options = {}) => withRunner(options, (runner) => projectAll(runner, weights)),
    createProjector: async (parameters, options = {}) => {
      checkOptions(options, projectorOptions);
      checkProviders(options.providers);
      const ort = options.ort ?? (await load());
      const { worker = false, ...rest } = options;
      const ground = { providers: [provider], ...rest, noCopy: maySkip(rest), ort, platform };
      if (!worker) return Projector.on(ground, parameters);
      if (executeInWorker === undefined || options.ort !== undefined) {
        throw new UsageError(
          `worker: ${executeInWorker === undefined ? 'only Node has it; in a browser, make the Projector in a worker of your own' : 'a worker thread loads onnxruntime-node itself; leave out ort'}`,
        );
      }
      const { sessionOptions = {} } = options;
      const execute = (plan: ProjectionPlan, route: OutputRoute): Promise<Executing> =>
        executeInWorker({ plan, route, sessionOptions });
      return Projector.on({ ...ground, execute }, parameters);
    },
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
