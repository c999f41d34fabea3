// Carries out a projection plan on weights: sessions made once, runs one after another.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { elementCount } from '../graph/tensorValue.js';
import type { Tile, TileForm, UnitTile } from '../lowering/tileForm.js';
import { DeviceMemory } from './deviceMemory.js';
import { DeviceRun } from './deviceRun.js';
import { arrayOf, HostRun } from './hostRun.js';
import type { Target } from './inPlaceWeights.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import { type InPlace, type NumberArray, type OutputRoute, runInPlace } from './outputRoute.js';
import type { ProjectionPlan, RunJob, TileJob } from './projectionPlan.js';
import { providerName } from './providerTable.js';
import { createSession, type SessionSettings } from './sessions.js';

/** What a run that failed leaves behind; filled when it does. */
export interface Progress {
  readonly written: Set<string>;
  /** The parameters that the run may have changed. */
  readonly touched: Set<string>;
}

/** What carries a plan out. */
export interface Executing {
  /** Projects the targets of all parameters. */
  run(targets: Targets, progress: Progress): Promise<void>;
  release(): Promise<void>;
}

type UnitsForm = Extract<TileForm<number>, { kind: 'units' }>;
type FactorArray = Float32Array | Float64Array;
type Targets = ReadonlyMap<string, Target>;
type Settings = Omit<SessionSettings, 'provider'>;

/** The sessions of a plan. */
export class Executor implements Executing {
  readonly #hosts = new Map<RunJob, HostRun>();
  readonly #devices = new Map<RunJob, DeviceRun>();
  /** The tiles whose factors were all 1 the last time. */
  readonly #quiet = new Set<Tile>();
  readonly #known = new Map<Tile, WeakMap<NumberArray, InPlace>>();

  private constructor(
    readonly ort: OrtModule,
    readonly plan: ProjectionPlan,
    readonly route: OutputRoute,
    readonly sessions: readonly OrtSession[],
    readonly settings: Settings,
  ) {
    for (const job of plan.jobs) {
      if (job.kind !== 'run') continue;
      const session = this.#session(job.model);
      if (job.onHost) this.#hosts.set(job, new HostRun(ort, session, job.slots, route));
      else this.#devices.set(job, new DeviceRun(ort, session, job.slots));
    }
  }

  /** Compiles the plan's graphs; when one cannot be, those before it are released. */
  static async create(
    ort: OrtModule,
    plan: ProjectionPlan,
    route: OutputRoute,
    settings: Settings,
  ): Promise<Executor> {
    const sessions: OrtSession[] = [];
    try {
      for (const { bytes, ...own } of plan.models) {
        sessions.push(await createSession(ort, bytes, { ...settings, ...own }));
      }
    } catch (cause) {
      for (const session of sessions) await session.release();
      throw cannotCompile(plan, sessions.length, cause);
    }
    return new Executor(ort, plan, route, sessions, settings);
  }

  async run(targets: Targets, progress: Progress): Promise<void> {
    let done = 0;
    try {
      for (const job of this.plan.jobs) {
        await (job.kind === 'run' ? this.#run(job, targets) : this.#tiles(job, targets));
        done++;
      }
    } catch (error) {
      for (const name of this.plan.jobs.slice(0, done).flatMap(namesOf)) progress.written.add(name);
      for (const name of this.plan.jobs.slice(done, done + 1).flatMap(namesOf)) progress.touched.add(name);
      throw error;
    }
  }

  async release(): Promise<void> {
    for (const device of this.#devices.values()) device.release();
    for (const session of this.sessions) await session.release();
  }

  /** Waits for a device, by reading one number back. */
  async #wait({ model }: RunJob): Promise<void> {
    const provider = this.plan.models[model]?.provider;
    if (provider === undefined) return;
    const memory = new DeviceMemory(this.ort, { ...this.settings, provider });
    const one = await memory.upload('float32', new Float32Array(1), [1]);
    await memory.download(one, new Float32Array(1));
    one.dispose?.();
    await memory.release();
  }

  async #run(job: RunJob, targets: Targets): Promise<void> {
    const device = this.#devices.get(job);
    if (device !== undefined) return device.run(targets, () => this.#wait(job));
    await this.#hosts.get(job)?.run(targets);
  }

  async #tiles(job: TileJob, targets: Targets): Promise<void> {
    const array = arrayOf(targets, job.parameter);
    for (const form of job.forms) {
      if (form.kind === 'elementwise') {
        for (const tile of form.tiles) await this.#write(form.write, job, array, tile);
      } else if (form.kind === 'units') {
        for (const tile of form.tiles) await this.#units(job, form, array, tile);
      } else {
        await this.#sums(job, form, array);
      }
    }
  }

  /** A tile whose factors were all 1 the last time is measured first, and most often need not be written. */
  async #units(job: TileJob, form: UnitsForm, array: NumberArray, tile: UnitTile): Promise<void> {
    const factors = this.#quiet.has(tile)
      ? await this.#measureAndWrite(job, form, array, tile)
      : await this.#projectTile(job, form, array, tile);
    if (factors.every((factor) => factor === 1)) this.#quiet.add(tile);
    else this.#quiet.delete(tile);
  }

  async #projectTile(
    job: TileJob,
    form: UnitsForm,
    array: NumberArray,
    tile: UnitTile,
  ): Promise<FactorArray> {
    const { factorDims } = tile;
    const factors = factorArray(job, elementCount(factorDims));
    await runInPlace(
      this.#session(form.project),
      [
        this.#inPlace(job, array, tile),
        { output: 'k', tensor: tensorOver(this.ort, job.factorDtype, factors, factorDims), array: factors },
      ],
      {},
      this.route,
    );
    return factors;
  }

  /** The tensors over arrays that were here before, and most often come again. */
  #inPlace(job: TileJob, array: NumberArray, tile: UnitTile): InPlace {
    const known = this.#known.get(tile) ?? new WeakMap<NumberArray, InPlace>();
    this.#known.set(tile, known);
    const inPlace = known.get(array) ?? {
      input: 'w',
      output: 'w_out',
      tensor: this.#tensor(job, array, tile),
      array: tileOf(array, tile),
    };
    known.set(array, inPlace);
    return inPlace;
  }

  async #measureAndWrite(
    job: TileJob,
    form: UnitsForm,
    array: NumberArray,
    tile: UnitTile,
  ): Promise<FactorArray> {
    const { inner, factorDims } = form;
    const { k } = await this.#session(form.measure).run({ w: this.#tensor(job, array, tile) });
    const factors = ((k as OrtTensor).data as FactorArray).slice();
    k?.dispose?.();
    const perStep = elementCount(factorDims);
    const [from, to] = stepsToWrite(factors, perStep, tile.steps);
    if (from < to) {
      const part = { offset: tile.offset + from * elementCount(inner), dims: [to - from, ...inner] };
      const own = factors.subarray(from * perStep, to * perStep);
      const factor = tensorOver(this.ort, job.factorDtype, own, [to - from, ...factorDims]);
      await this.#write(form.write, job, array, part, factor);
    }
    return factors;
  }

  async #sums(
    job: TileJob,
    form: Extract<TileForm<number>, { kind: 'sums' }>,
    array: NumberArray,
  ): Promise<void> {
    const sums = new (job.factorDtype === 'float64' ? Float64Array : Float32Array)(
      elementCount(form.sumDims),
    );
    let end = 0;
    for (const { measure, tile } of form.measures) {
      const { sums: part } = await this.#session(measure).run({ w: this.#tensor(job, array, tile) });
      const values = (part as OrtTensor).data as Float32Array;
      sums.set(values, end);
      end += values.length;
      part?.dispose?.();
    }
    const total = tensorOver(this.ort, job.factorDtype, sums, form.sumDims);
    const { k } = await this.#session(form.finish).run({ sums: total });
    const factors = (k as OrtTensor).data as Float32Array;
    if (factors.some((factor) => factor !== 1)) {
      const factor = tensorOver(this.ort, job.factorDtype, factors, form.factorDims);
      for (const tile of form.tiles) await this.#write(form.write, job, array, tile, factor);
    }
    k?.dispose?.();
  }

  async #write(model: number, job: TileJob, array: NumberArray, tile: Tile, k?: OrtTensor): Promise<void> {
    const part = tileOf(array, tile);
    const tensor = tensorOver(this.ort, job.dtype, part, tile.dims);
    const inPlace = { input: 'w', output: 'w_out', tensor, array: part };
    await runInPlace(this.#session(model), [inPlace], k === undefined ? {} : { k }, this.route);
  }

  #tensor(job: TileJob, array: NumberArray, tile: Tile): OrtTensor {
    return tensorOver(this.ort, job.dtype, tileOf(array, tile), tile.dims);
  }

  #session(model: number): OrtSession {
    return this.sessions[model] as OrtSession;
  }
}

function cannotCompile(plan: ProjectionPlan, model: number, cause: unknown): ProviderError {
  const job = plan.jobs.find((one) => modelsOf(one).includes(model));
  const names = job === undefined ? [] : namesOf(job);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = /Could not find an implementation/.test(reason)
    ? '; this build has no such kernel in this dtype: take another dtype or another build (onnxruntime-web has float64, onnxruntime-web/webgpu has not)'
    : '';
  return new ProviderError(
    `${names.join(', ')}: ONNX Runtime could not make a session of the graph on ${providerName(plan.models[model]?.provider)}: ${reason}${remedy}`,
    { cause },
  );
}

function modelsOf(job: RunJob | TileJob): readonly number[] {
  if (job.kind === 'run') return [job.model];
  return job.forms.flatMap((form) => {
    if (form.kind === 'elementwise') return [form.write];
    if (form.kind === 'units') return [form.project, form.measure, form.write];
    return [...form.measures.map(({ measure }) => measure), form.finish, form.write];
  });
}

function factorArray({ factorDtype }: TileJob, count: number): FactorArray {
  return factorDtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
}

function tileOf(array: NumberArray, { offset, dims }: Tile): NumberArray {
  return array.subarray(offset, offset + elementCount(dims));
}

/** The steps `[from, to)` outside of which every factor is exactly 1, so that writing would change nothing. */
function stepsToWrite(factors: ArrayLike<number>, perStep: number, steps: number): [number, number] {
  let from = 0;
  let to = steps * perStep;
  while (from < to && factors[from] === 1) from++;
  while (to > from && factors[to - 1] === 1) to--;
  return [Math.floor(from / perStep), Math.ceil(to / perStep)];
}

function namesOf(job: RunJob | TileJob): readonly string[] {
  if (job.kind === 'tiles') return [job.parameter];
  return job.slots.flatMap(({ members }) => members.map(({ parameter }) => parameter));
}
