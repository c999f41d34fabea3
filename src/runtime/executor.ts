// Carries out a projection plan on weights: sessions made once, runs one after another.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { elementCount } from '../graph/tensorValue.js';
import type { Tile, TileForm } from '../lowering/tiles.js';
import { inTurn } from './bufferQueue.js';
import { DeviceMemory } from './deviceMemory.js';
import { DeviceRun } from './deviceRun.js';
import type { Target } from './inPlaceWeights.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import { type InPlace, type NumberArray, type OutputRoute, runInPlace } from './outputRoute.js';
import type { ProjectionPlan, RunJob, Slot, TileJob } from './projectionPlan.js';
import { providerName } from './providerTable.js';
import { createSession, type SessionSettings } from './sessions.js';

/** What a run leaves behind when it fails. */
export interface Progress {
  readonly written: Set<string>;
  /** The parameters that a run in progress may have changed. */
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

/** The sessions of a plan, and the arrays of its groups. */
export class Executor implements Executing {
  readonly #groups = new Map<Slot, NumberArray>();
  readonly #devices = new Map<RunJob, DeviceRun>();
  /** The tiles whose factors were all 1 the last time. */
  readonly #quiet = new Set<Tile>();

  private constructor(
    readonly ort: OrtModule,
    readonly plan: ProjectionPlan,
    readonly route: OutputRoute,
    readonly sessions: readonly OrtSession[],
    readonly settings: Settings,
  ) {
    for (const job of plan.jobs) {
      if (job.kind !== 'run') continue;
      if (!job.onHost) {
        this.#devices.set(job, new DeviceRun(ort, sessions[job.model] as OrtSession, job.slots));
        continue;
      }
      for (const slot of job.slots) if (slot.members.length > 1) this.#groups.set(slot, arrayFor(slot));
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
      for (const { provider, bytes } of plan.models) {
        sessions.push(await createSession(ort, bytes, { ...settings, provider }));
      }
    } catch (cause) {
      for (const session of sessions) await session.release();
      throw cannotCompile(plan, sessions.length, cause);
    }
    return new Executor(ort, plan, route, sessions, settings);
  }

  async run(targets: Targets, progress: Progress): Promise<void> {
    for (const job of this.plan.jobs) {
      const names = namesOf(job);
      for (const name of names) progress.touched.add(name);
      await (job.kind === 'run' ? this.#run(job, targets) : this.#tiles(job, targets));
      for (const name of names) {
        progress.touched.delete(name);
        progress.written.add(name);
      }
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
    const session = this.#session(job.model);
    const device = this.#devices.get(job);
    if (device !== undefined) return device.run(targets, () => this.#wait(job));
    const own = job.slots.flatMap((slot) => this.#groups.get(slot)?.buffer ?? []);
    // Calls that overlap share the arrays of the groups.
    await inTurn(own, async () => {
      const arrays = job.slots.map((slot) => this.#gather(slot, targets));
      const inPlace = job.slots.map(
        ({ input, output, dtype, dims }, i): InPlace => ({
          input,
          output,
          array: arrays[i] as NumberArray,
          tensor: tensorOver(this.ort, dtype, arrays[i] as NumberArray, dims),
        }),
      );
      await runInPlace(session, inPlace, {}, this.route);
      for (const slot of job.slots) this.#scatter(slot, targets);
    });
  }

  /** The array of a slot: the weight itself, or the group's with its members' weights. */
  #gather(slot: Slot, targets: Targets): NumberArray {
    const group = this.#groups.get(slot);
    if (group === undefined) return arrayOf(targets, slot.members[0]?.parameter ?? '');
    for (const { parameter, offset } of slot.members) group.set(arrayOf(targets, parameter), offset);
    return group;
  }

  #scatter(slot: Slot, targets: Targets): void {
    const group = this.#groups.get(slot);
    if (group === undefined) return;
    for (const { parameter, offset } of slot.members) {
      const array = arrayOf(targets, parameter);
      array.set(group.subarray(offset, offset + array.length));
    }
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
  async #units(job: TileJob, form: UnitsForm, array: NumberArray, tile: Tile): Promise<void> {
    const factors = this.#quiet.has(tile)
      ? await this.#measureAndWrite(job, form, array, tile)
      : await this.#projectTile(job, form, array, tile);
    if (factors.every((factor) => factor === 1)) this.#quiet.add(tile);
    else this.#quiet.delete(tile);
  }

  async #projectTile(job: TileJob, form: UnitsForm, array: NumberArray, tile: Tile): Promise<FactorArray> {
    const dims = [tile.dims[0] as number, ...form.factorDims];
    const factors = factorArray(job, elementCount(dims));
    await runInPlace(
      this.#session(form.project),
      [
        { input: 'w', output: 'w_out', tensor: this.#tensor(job, array, tile), array: tileOf(array, tile) },
        { output: 'k', tensor: tensorOver(this.ort, job.factorDtype, factors, dims), array: factors },
      ],
      {},
      this.route,
    );
    return factors;
  }

  async #measureAndWrite(
    job: TileJob,
    form: UnitsForm,
    array: NumberArray,
    tile: Tile,
  ): Promise<FactorArray> {
    const [steps = 0, ...inner] = tile.dims;
    const { k } = await this.#session(form.measure).run({ w: this.#tensor(job, array, tile) });
    const factors = ((k as OrtTensor).data as FactorArray).slice();
    k?.dispose?.();
    const perStep = elementCount(form.factorDims);
    const [from, to] = stepsToWrite(factors, perStep, steps);
    if (from < to) {
      const part = { offset: tile.offset + from * elementCount(inner), dims: [to - from, ...inner] };
      const own = factors.subarray(from * perStep, to * perStep);
      const factor = tensorOver(this.ort, job.factorDtype, own, [to - from, ...form.factorDims]);
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

function arrayOf(targets: Targets, name: string): NumberArray {
  return (targets.get(name) as Extract<Target, { kind: 'array' }>).array;
}

function arrayFor({ dtype, dims }: Slot): NumberArray {
  const count = elementCount(dims);
  if (dtype === 'float64') return new Float64Array(count);
  return dtype === 'float32' ? new Float32Array(count) : new Uint16Array(count);
}

function namesOf(job: RunJob | TileJob): readonly string[] {
  if (job.kind === 'tiles') return [job.parameter];
  return job.slots.flatMap(({ members }) => members.map(({ parameter }) => parameter));
}
