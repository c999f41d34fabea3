// Plans a projection: the lowering of each parameter, which go into one run together, and which are taken in tiles.
// Must not touch ONNX Runtime but through the choice of providers.
import { classNameOf } from '../constraints/constraint.js';
import type { Graph } from '../graph/graph.js';
import { elementCount } from '../graph/tensorValue.js';
import { chooseLowering, hostProviders, type Lowering } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { computeDType, fedDType, opsetFor, type WeightDType } from '../lowering/storage.js';
import type { TileForm } from '../lowering/tileForm.js';
import { tileForms } from '../lowering/tiles.js';
import { type Part, projectTogether } from '../lowering/together.js';
import { isIndivisible } from '../lowering/view.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { bytesKey } from './bytesKey.js';
import { alone, type Group, groupLike } from './grouping.js';
import type { OutputRoute } from './outputRoute.js';
import type { FormedParameter, PlacedParameter } from './parameters.js';
import type {
  ParameterReport,
  PlannedModel,
  ProjectionPlan,
  RunJob,
  Slot,
  TileJob,
} from './projectionPlan.js';
import { type ProviderEntry, providerName } from './providerTable.js';

/**
 * - `whole`: a weight up to here shares a run with others; above, it has runs of its own, where what need not be written
 *   is not
 * - `run`: runs end here, before they keep the event loop waiting; those that copy their outputs take longer
 * - `cache`: about what the cache holds beside what is made of it
 */
interface Sizes {
  readonly whole: number;
  readonly run: number;
  readonly piece: number;
  readonly cache: number;
}

const MiB = 2 ** 20;
const sizesByRoute: Readonly<Record<OutputRoute, Sizes>> = {
  'no-copy': { whole: MiB, run: 64 * MiB, piece: 64 * MiB, cache: MiB },
  'in-place': { whole: MiB, run: 16 * MiB, piece: 4 * MiB, cache: MiB },
  returned: { whole: MiB, run: 8 * MiB, piece: 8 * MiB, cache: MiB },
};

/** What a weight costs a run, beside a float32's 4 bytes: half types are widened and rounded. */
const runCosts: Readonly<Record<WeightDType, number>> = { float32: 4, float64: 8, float16: 16, bfloat16: 32 };

/** Sharing less than this among threads takes longer than doing it. */
const ONE_THREAD_BYTES = MiB / 2;

const widths: Readonly<Record<WeightDType, number>> = { float32: 4, float64: 8, float16: 2, bfloat16: 2 };

/** @param route how outputs get into the arrays of weights on the processor */
export function planProjection(parameters: readonly PlacedParameter[], route: OutputRoute): ProjectionPlan {
  const sizes = sizesByRoute[route];
  const planner = new Planner(sizes, route === 'no-copy');
  const formed = parameters.map(form);
  const active = formed.filter(({ lowering }) => lowering.name !== 'identity');
  const large = active.filter((parameter) => isTiled(parameter, sizes));
  for (const parameter of large) planner.tile(parameter);
  const grouped = new Set<FormedParameter>();
  for (const provider of new Set(active.map((parameter) => parameter.provider))) {
    const rest = active.filter((parameter) => parameter.provider === provider && !large.includes(parameter));
    const onHost = isHost(provider);
    const groups = onHost ? groupLike(rest) : rest.map(alone);
    for (const { members } of groups)
      if (members.length > 1) for (const { parameter } of members) grouped.add(parameter);
    for (const together of onHost ? inRuns(groups, sizes) : [groups]) planner.run(together, provider, onHost);
  }
  return {
    parameters: formed.map((parameter) => report(parameter, scheduleOf(parameter, large, grouped), route)),
    models: planner.models,
    jobs: planner.jobs,
  };
}

function form(parameter: PlacedParameter): FormedParameter {
  const lowering = chooseLowering({ ...parameter, provider: providerName(parameter.provider) });
  return { ...parameter, lowering, bytes: elementCount(parameter.dims) * widths[parameter.dtype] };
}

function isHost(provider: ProviderEntry): boolean {
  return hostProviders.includes(providerName(provider));
}

/** Whether a parameter is too large for one run, and can be taken in several. */
function isTiled({ lowering, bytes }: FormedParameter, { whole }: Sizes): boolean {
  const [first] = lowering.view;
  if (first === undefined) return false;
  return bytes > whole || (first.reduced && isIndivisible(first));
}

/** Groups in runs of bounded size, in their order. */
function inRuns(groups: readonly Group[], { run }: Sizes): readonly (readonly Group[])[] {
  const runs: Group[][] = [];
  let room = 0;
  for (const group of groups) {
    const bytes = group.members.reduce((sum, { parameter }) => sum + parameter.bytes, 0);
    if (bytes > room) {
      runs.push([]);
      room = run;
    }
    runs.at(-1)?.push(group);
    room -= bytes;
  }
  return runs;
}

/** Collects jobs, and the models they run, each once. */
class Planner {
  readonly models: PlannedModel[] = [];
  readonly jobs: (RunJob | TileJob)[] = [];
  readonly #places = new Map<ProviderEntry, Map<string, number>>();

  constructor(
    readonly sizes: Sizes,
    readonly sequence: boolean,
  ) {}

  tile({ name, lowering, dtype, provider }: FormedParameter): void {
    const { sizes, sequence } = this;
    const width = widths[dtype];
    const forms = tileForms({
      lowering,
      dtype,
      runSize: sizes.run / runCosts[dtype],
      pieceSize: sizes.piece / runCosts[dtype],
      cacheSize: sizes.cache / width,
      sequence,
    });
    const seen = new Map<Graph, number>();
    const place = (graph: Graph): number => {
      const known = seen.get(graph) ?? this.#place(graph, provider);
      seen.set(graph, known);
      return known;
    };
    this.jobs.push({
      kind: 'tiles',
      parameter: name,
      dtype: fedDType(dtype),
      factorDtype: computeDType(dtype),
      forms: forms.map((tileForm) => placed(tileForm, place)),
    });
  }

  run(groups: readonly Group[], provider: ProviderEntry, onHost: boolean): void {
    if (groups.length === 0) return;
    const graph = new RunGraph({ opset: 18, sequence: onHost && this.sequence });
    const parts: Part[] = [];
    const slots = groups.map(({ dtype, dims, members, lowering }, i): Slot => {
      graph.needsOpset(opsetFor(dtype));
      const slot = { input: `w${i}`, output: `w${i}_out`, dtype: fedDType(dtype), dims };
      parts.push({ lowering, dtype, fed: graph.input(slot.input, slot.dtype, dims) });
      return {
        ...slot,
        members: members.map(({ parameter, ...place }) => ({ ...place, parameter: parameter.name })),
        padded: members.reduce((sum, { runs, length }) => sum + runs * length, 0) < elementCount(dims),
      };
    });
    for (const [i, result] of projectTogether(parts).entries()) graph.output(`w${i}_out`, result);
    const areSmall = groups.every(
      ({ dtype, dims }) => elementCount(dims) * widths[dtype] <= ONE_THREAD_BYTES,
    );
    const model = this.#place(graph.build('project'), provider, onHost && areSmall);
    this.jobs.push({ kind: 'run', model, slots, onHost });
  }

  #place(graph: Graph, provider: ProviderEntry, singleThread = false): number {
    const bytes = encodeGraph(graph);
    const key = bytesKey(bytes);
    const places = this.#places.get(provider) ?? new Map<string, number>();
    this.#places.set(provider, places);
    const place = places.get(key) ?? this.models.push({ provider, bytes, singleThread }) - 1;
    places.set(key, place);
    return place;
  }
}

/** A form with the places of its graphs. */
function placed(form: TileForm, place: (graph: Graph) => number): TileForm<number> {
  if (form.kind === 'elementwise') return { ...form, write: place(form.write) };
  if (form.kind === 'units') {
    const { project, measure, write } = form;
    return { ...form, project: place(project), measure: place(measure), write: place(write) };
  }
  return {
    ...form,
    measures: form.measures.map(({ measure, tile }) => ({ measure: place(measure), tile })),
    finish: place(form.finish),
    write: place(form.write),
  };
}

function scheduleOf(
  parameter: FormedParameter,
  large: readonly FormedParameter[],
  grouped: ReadonlySet<FormedParameter>,
): ParameterReport['schedule'] {
  if (parameter.lowering.name === 'identity') return 'none';
  if (large.includes(parameter)) return 'tiles';
  return grouped.has(parameter) ? 'grouped' : 'one run';
}

/** How often a weight is read and written: measured, scaled, and copied to its group and back. */
function passes(lowering: Lowering, schedule: ParameterReport['schedule']): number {
  if (schedule === 'none') return 0;
  const own = lowering.structure.kind === 'elementwise' ? 2 : 3;
  return schedule === 'grouped' ? own + 4 : own;
}

function report(
  parameter: FormedParameter,
  schedule: ParameterReport['schedule'],
  route: OutputRoute,
): ParameterReport {
  const { name, constraint, dims, dtype, provider, lowering, bytes, cpuNodes, refusals } = parameter;
  return {
    name,
    constraint: classNameOf(constraint),
    shape: dims,
    dtype,
    provider: providerName(provider),
    lowering: lowering.name,
    schedule,
    ...(isHost(provider) && schedule !== 'none' && { route }),
    bytesMoved: bytes * passes(lowering, schedule),
    cpuNodes,
    refusals,
  };
}
