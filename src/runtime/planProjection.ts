// Plans a projection: the lowering of each parameter, which go into one run together, and which are taken in tiles.
// Must not touch ONNX Runtime but through the choice of providers.
import { classNameOf } from '../constraints/constraint.js';
import type { Graph } from '../graph/graph.js';
import { elementCount } from '../graph/tensorValue.js';
import { chooseLowering, hostProviders, type Lowering } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { computeDType, fedDType, opsetFor, type WeightDType } from '../lowering/storage.js';
import { type TileForm, tileForms } from '../lowering/tiles.js';
import { type Part, projectTogether } from '../lowering/together.js';
import { isIndivisible } from '../lowering/view.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { alone, type Group, groupLike } from './grouping.js';
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

/** About what a core's cache holds beside what it makes of it. */
const TILE_BYTES = 4 * 2 ** 20;
/** A weight is projected in one run up to here; each run more has its price. */
const ONE_RUN_BYTES: Readonly<Record<string, number>> = { cpu: 16 * 2 ** 20, wasm: TILE_BYTES };
/** Runs end before they keep the event loop waiting. */
const RUN_BYTES = 16 * 2 ** 20;

const widths: Readonly<Record<WeightDType, number>> = { float32: 4, float64: 8, float16: 2, bfloat16: 2 };

/** @param sequence put the sequence output in front, for the route without copies */
export function planProjection(
  parameters: readonly PlacedParameter[],
  { sequence }: { readonly sequence: boolean },
): ProjectionPlan {
  const planner = new Planner(sequence);
  const formed = parameters.map(form);
  const active = formed.filter(({ lowering }) => lowering.name !== 'identity');
  const large = active.filter(isTiled);
  for (const parameter of large) planner.tile(parameter);
  const grouped = new Set<FormedParameter>();
  for (const provider of new Set(active.map((parameter) => parameter.provider))) {
    const rest = active.filter((parameter) => parameter.provider === provider && !large.includes(parameter));
    const onHost = isHost(provider);
    const groups = onHost ? groupLike(rest) : rest.map(alone);
    for (const { members } of groups)
      if (members.length > 1) for (const { parameter } of members) grouped.add(parameter);
    for (const together of onHost ? inRuns(groups) : [groups]) planner.run(together, provider, onHost);
  }
  return {
    parameters: formed.map((parameter) => report(parameter, scheduleOf(parameter, large, grouped))),
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
function isTiled({ lowering, bytes, provider }: FormedParameter): boolean {
  if (lowering.view.length === 0) return false;
  const [first] = lowering.view;
  if (first?.reduced === true && isIndivisible(first)) return true;
  return bytes > (ONE_RUN_BYTES[providerName(provider)] ?? TILE_BYTES);
}

/** Groups in runs of bounded size, in their order. */
function inRuns(groups: readonly Group[]): readonly (readonly Group[])[] {
  const runs: Group[][] = [];
  let room = 0;
  for (const group of groups) {
    const bytes = group.members.reduce((sum, { parameter }) => sum + parameter.bytes, 0);
    if (bytes > room) {
      runs.push([]);
      room = RUN_BYTES;
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

  constructor(readonly sequence: boolean) {}

  tile({ name, lowering, dtype, provider }: FormedParameter): void {
    const size = TILE_BYTES / widths[dtype];
    const forms = tileForms({ lowering, dtype, size, sequence: this.sequence });
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
        members: members.map(({ parameter, offset }) => ({ parameter: parameter.name, offset })),
      };
    });
    for (const [i, result] of projectTogether(parts).entries()) graph.output(`w${i}_out`, result);
    this.jobs.push({ kind: 'run', model: this.#place(graph.build('project'), provider), slots, onHost });
  }

  #place(graph: Graph, provider: ProviderEntry): number {
    const bytes = encodeGraph(graph);
    const key = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    const places = this.#places.get(provider) ?? new Map<string, number>();
    this.#places.set(provider, places);
    const place = places.get(key) ?? this.models.push({ provider, bytes }) - 1;
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

function report(parameter: FormedParameter, schedule: ParameterReport['schedule']): ParameterReport {
  const { name, constraint, dims, dtype, provider, lowering, bytes, cpuNodes, refusals } = parameter;
  return {
    name,
    constraint: classNameOf(constraint),
    shape: dims,
    dtype,
    provider: providerName(provider),
    lowering: lowering.name,
    schedule,
    bytesMoved: bytes * passes(lowering, schedule),
    cpuNodes,
    refusals,
  };
}
