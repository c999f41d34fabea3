// The Projector: named parameters with their constraints, planned and compiled once, projected in place many times.
// Must not import files or cli.
import { ProviderError, ShapeError, UsageError } from '../graph/errors.js';
import { elementCount } from '../graph/tensorValue.js';
import { hostProviders } from '../lowering/lowerings.js';
import { fedDType, type WeightDType } from '../lowering/storage.js';
import { inTurn } from './bufferQueue.js';
import { DeviceMemory } from './deviceMemory.js';
import { type Executing, Executor, type Progress } from './executor.js';
import { bufferOf, checkOnDevice, deviceOf, type GpuBuffer } from './gpuDevice.js';
import {
  checkAttached,
  type InPlaceWeight,
  type ReadTargets,
  type Target,
  TargetReader,
} from './inPlaceWeights.js';
import { type OrtModule, type OrtTensor, tensorOver } from './ort.js';
import { findRoute, type NumberArray, type OutputRoute } from './outputRoute.js';
import { type ParameterSpec, readParameters } from './parameterSpec.js';
import { placeParameters } from './placeParameters.js';
import { planProjection } from './planProjection.js';
import { ProjectionError } from './projectionError.js';
import type { ParameterReport, ProjectionPlan } from './projectionPlan.js';
import { type Platform, type ProviderEntry, providerName } from './providerTable.js';
import { checkSessionOptions } from './sessionOptionsCheck.js';
import { Snapshot } from './snapshot.js';

export interface ProjectorOptions {
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
  /**
   * Execution providers, by name or as `{ name, ...options }`; each parameter runs on the first that takes all of its
   * graph. Default `['cpu']`, in browsers `['wasm']`. All but `webgpu` are given arrays, which ONNX Runtime sends to
   * their device and fetches from there in each run.
   */
  readonly providers?: readonly ProviderEntry[];
  /** Refuse whatever the first provider does not run by itself. Default false. */
  readonly strict?: boolean;
  /** Copy the weights before each projection, each where it is, and bring them back when it fails. Default false. */
  readonly transactional?: boolean;
  /** Skip the copy that onnxruntime-node makes of each output, where a probe shows that it can be. Default true. */
  readonly noCopy?: boolean;
  /**
   * Run in a worker thread, so that this one goes on; weights are copied there and back. Node only, and not with your
   * own `ort`. Default false.
   */
  readonly worker?: boolean;
  /** More options of `InferenceSession.create`; they win over those set here. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

/** What a Projector stands on. */
export interface ProjectorGround extends Omit<ProjectorOptions, 'ort' | 'providers' | 'worker'> {
  readonly ort: OrtModule;
  readonly platform: Platform;
  readonly providers: readonly ProviderEntry[];
  /** Makes what carries the plan out. Default: sessions in this thread. */
  readonly execute?: (plan: ProjectionPlan, route: OutputRoute) => Promise<Executing>;
}

type Targets = ReadonlyMap<string, Target>;

/** Projects the weights of a model in place, again and again. */
export class Projector {
  readonly #plan: ProjectionPlan;
  readonly #ort: OrtModule;
  readonly #memory: DeviceMemory;
  readonly #executor: Executing;
  readonly #reader: TargetReader;
  readonly #transactional: boolean;
  readonly #calls = new Set<Promise<void>>();
  #disposal: Promise<void> | undefined;

  private constructor(ground: ProjectorGround, plan: ProjectionPlan, executor: Executing) {
    const { ort, transactional = false, sessionOptions = {} } = ground;
    this.#ort = ort;
    this.#memory = new DeviceMemory(ort, { provider: 'webgpu', sessionOptions });
    this.#plan = plan;
    this.#reader = new TargetReader(plan.parameters);
    this.#executor = executor;
    this.#transactional = transactional;
  }

  /** @internal Entry points offer `create` on their own ONNX Runtime. */
  static async on(
    ground: ProjectorGround,
    parameters: Readonly<Record<string, ParameterSpec>>,
  ): Promise<Projector> {
    const { noCopy = true, strict = false, sessionOptions = {} } = ground;
    checkSessionOptions(sessionOptions);
    const read = readParameters(parameters);
    const placed = await placeParameters(read, { ...ground, strict, noCopy, sessionOptions });
    const host = placed.find(({ provider }) => hostProviders.includes(providerName(provider)));
    const route =
      host === undefined
        ? 'returned'
        : await findRoute(ground.ort, noCopy, { provider: host.provider, sessionOptions });
    const plan = withRoute(planProjection(placed, route), route);
    const execute = ground.execute ?? (() => Executor.create(ground.ort, plan, route, { sessionOptions }));
    return new Projector(ground, plan, await execute(plan, route));
  }

  /** What was decided for each parameter: its provider, lowering, schedule and route, the bytes moved, each refusal. */
  report(): readonly ParameterReport[] {
    return this.#plan.parameters;
  }

  /**
   * Projects each weight in place. Calls on the same memory run in call order; calls on other memory may overlap.
   *
   * @param weights one for each parameter: a typed array, `{ data, dims }`, or a tensor of ONNX Runtime
   * @throws {UsageError | ShapeError} when a weight is missing, unknown, of another size or dtype, or cannot be
   *   written; then nothing is
   * @throws {ProjectionError} when ONNX Runtime fails in the middle: `written` and `partlyWritten` name the parameters
   *   that have changed; with `transactional` none has
   */
  async project(weights: Readonly<Record<string, InPlaceWeight>>): Promise<void> {
    const { targets, queues } = this.#read(weights);
    const call = inTurn(queues, () => this.#run(targets));
    this.#calls.add(call);
    try {
      await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /**
   * Sends weights to the device of their provider, so that they stay there from step to step. Of parameters that run on
   * `webgpu` these are tensors on GPU buffers, which you dispose of; of all others copies in the processor's memory.
   *
   * @throws as `project`
   */
  async upload(weights: Readonly<Record<string, InPlaceWeight>>): Promise<Record<string, OrtTensor>> {
    const { targets } = this.#read(weights);
    const tensors: Record<string, OrtTensor> = {};
    for (const { name, provider, dtype, shape } of this.#plan.parameters) {
      const target = targets.get(name) as Target;
      if (target.kind === 'device') tensors[name] = target.tensor;
      else if (provider === 'webgpu') tensors[name] = await this.#memory.upload(dtype, target.array, shape);
      else tensors[name] = tensorOver(this.#ort, fedDType(dtype), target.array.slice(), shape);
    }
    return tensors;
  }

  /** Fetches what `upload` gave, as new typed arrays. */
  async download(tensors: Readonly<Record<string, OrtTensor>>): Promise<Record<string, NumberArray>> {
    const { targets } = this.#read(tensors);
    await this.#checkOnDevice(targets);
    const arrays: Record<string, NumberArray> = {};
    for (const { name, dtype, shape } of this.#plan.parameters) {
      const target = targets.get(name) as Target;
      const array = target.kind === 'array' ? target.array.slice() : arrayOfDType(dtype, elementCount(shape));
      if (target.kind === 'device') await this.#memory.download(target.tensor, array);
      arrays[name] = array;
    }
    return arrays;
  }

  /** Releases the sessions when the calls under way are done; later calls are refused. */
  dispose(): Promise<void> {
    this.#disposal ??= Promise.allSettled(this.#calls)
      .then(() => this.#executor.release())
      .then(() => this.#memory.release());
    return this.#disposal;
  }

  #read(weights: Readonly<Record<string, InPlaceWeight>>): ReadTargets {
    if (this.#disposal !== undefined) {
      throw new ProviderError('this Projector is disposed; make a new one with Projector.create');
    }
    return this.#reader.read(weights);
  }

  async #run(targets: Targets): Promise<void> {
    // Memory may have been detached while the call waited for its turn.
    checkAllAttached(targets);
    await this.#checkOnDevice(targets);
    const before = this.#transactional ? await Snapshot.take(targets.values(), this.#memory) : undefined;
    const progress: Progress = { written: new Set(), touched: new Set() };
    try {
      await this.#executor.run(targets, progress);
    } catch (cause) {
      throw failure(
        detachedSince(targets) ?? cause,
        progress,
        before === undefined ? undefined : await tryRestore(before),
      );
    } finally {
      before?.free();
    }
  }

  /** Before anything is written, since a device tells of a buffer it refuses only when it is used. */
  async #checkOnDevice(targets: Targets): Promise<void> {
    const device = deviceOf(this.#ort);
    const buffers = new Map<string, GpuBuffer>();
    for (const [name, target] of targets) {
      const buffer = target.kind === 'device' ? bufferOf(target.tensor) : undefined;
      if (buffer !== undefined) buffers.set(name, buffer);
    }
    if (device !== undefined && buffers.size > 0) await checkOnDevice(device, buffers);
  }
}

/** Brings weights back; gives what stood against it. */
async function tryRestore(before: Snapshot): Promise<{ readonly refusal?: string }> {
  try {
    await before.restore();
    return {};
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

/** The plan with the route in its report. */
function withRoute(plan: ProjectionPlan, route: OutputRoute): ProjectionPlan {
  const parameters = plan.parameters.map((parameter) =>
    hostProviders.includes(parameter.provider) && parameter.schedule !== 'none'
      ? { ...parameter, route }
      : parameter,
  );
  return { ...plan, parameters };
}

function arrayOfDType(dtype: WeightDType, count: number): NumberArray {
  if (dtype === 'float64') return new Float64Array(count);
  return dtype === 'float32' ? new Float32Array(count) : new Uint16Array(count);
}

function checkAllAttached(targets: Targets): void {
  for (const [name, target] of targets) if (target.kind === 'array') checkAttached(name, target);
}

/** What ONNX Runtime says of memory that went while it waited for its turn does not name the reason. */
function detachedSince(targets: Targets): unknown {
  try {
    checkAllAttached(targets);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** @param restored what came of bringing the weights back, if that was to be done */
function failure(
  cause: unknown,
  { written, touched }: Progress,
  restored: { readonly refusal?: string } | undefined,
): Error {
  if (written.size === 0 && (cause instanceof UsageError || cause instanceof ShapeError)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const at = touched.size === 0 ? '' : ` at ${[...touched].slice(0, 3).join(', ')}`;
  const isRestored = restored !== undefined && restored.refusal === undefined;
  const lost = restored?.refusal === undefined ? '' : `; not brought back: ${restored.refusal}`;
  const left = isRestored
    ? 'all weights are as they were'
    : `projected: ${listed(written)}; perhaps in part: ${listed(touched)}${lost}`;
  return new ProjectionError(
    `ONNX Runtime failed${at}: ${reason}; ${left}`,
    cause,
    isRestored ? [] : [...written],
    isRestored ? [] : [...touched],
  );
}

function listed(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'none' : [...names].join(', ');
}
