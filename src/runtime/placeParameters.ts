// Which provider runs each parameter: the first of the list that runs its whole graph, each refusal kept.
// Must not import files or cli.
import { classNameOf } from '../constraints/constraint.js';
import { ProviderError } from '../graph/errors.js';
import { chooseLowering, hostProviders } from '../lowering/lowerings.js';
import { RunGraph } from '../lowering/runGraph.js';
import { fedDType, opsetFor } from '../lowering/storage.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import type { SymbolicTensor } from '../ops/symbolicTensor.js';
import { bytesKey } from './bytesKey.js';
import { findCpuNodes } from './cpuNodes.js';
import { explainRefusal, type Refusal } from './explainRefusal.js';
import type { OrtModule } from './ort.js';
import { findRoute } from './outputRoute.js';
import type { Parameter, PlacedParameter } from './parameters.js';
import type { ParameterRefusal } from './projectionPlan.js';
import { findAdapter, tryDType } from './providers.js';
import { type Platform, type ProviderEntry, providerName } from './providerTable.js';
import { createSession } from './sessions.js';

export interface PlacementOptions {
  readonly ort: OrtModule;
  readonly platform: Platform;
  /** In the order they are tried. */
  readonly providers: readonly ProviderEntry[];
  /** Refuse all but the first. */
  readonly strict: boolean;
  readonly noCopy: boolean;
  readonly sessionOptions: Readonly<Record<string, unknown>>;
}

/** What a provider makes of a graph: all of it, a part, or nothing. */
type Trial =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly cpuNodes: readonly string[]; readonly refusal: Refusal }
  | { readonly kind: 'none'; readonly refusal: Refusal };

/**
 * Places each parameter.
 *
 * @throws {ProviderError} when no provider of the list runs a parameter, or `strict` and the first does not
 */
export async function placeParameters(
  parameters: readonly Parameter[],
  options: PlacementOptions,
): Promise<readonly PlacedParameter[]> {
  const trials = new Map<string, Promise<Trial>>();
  const placed: PlacedParameter[] = [];
  for (const parameter of parameters) placed.push(await place(parameter, options, trials));
  return placed;
}

async function place(
  parameter: Parameter,
  options: PlacementOptions,
  trials: Map<string, Promise<Trial>>,
): Promise<PlacedParameter> {
  const refusals: ParameterRefusal[] = [];
  let part: PlacedParameter | undefined;
  for (const provider of options.providers) {
    const name = providerName(provider);
    const trial = await tryProvider(parameter, provider, options, trials);
    if (trial.kind === 'whole') return { ...parameter, provider, cpuNodes: [], refusals };
    if (trial.kind === 'part') {
      part ??= { ...parameter, provider, cpuNodes: trial.cpuNodes, refusals: [...refusals] };
    }
    refusals.push({ provider: name, ...trial.refusal });
    if (options.strict) break;
  }
  if (part !== undefined && !options.strict) return part;
  throw new ProviderError(
    `${parameter.name} (${classNameOf(parameter.constraint)}, ${parameter.dtype}): ${options.strict ? 'strict, and the first provider refuses' : 'no provider of the list runs it'}: ${refusals.map(sentence).join('; ')}`,
  );
}

function sentence({ provider, cause, remedy }: ParameterRefusal): string {
  return `${provider}: ${cause} (${remedy})`;
}

async function tryProvider(
  parameter: Parameter,
  provider: ProviderEntry,
  options: PlacementOptions,
  trials: Map<string, Promise<Trial>>,
): Promise<Trial> {
  const name = providerName(provider);
  const graph = trialGraph(parameter, name);
  const isHost = hostProviders.includes(name);
  const key = isHost ? name : `${name} ${bytesKey(graph.model)}`;
  const half = await refuseHalf(parameter, name, options);
  if (half !== undefined) return { kind: 'none', refusal: half };
  const trial = trials.get(key) ?? (isHost ? tryHost(provider, options) : runTrial(graph, provider, options));
  trials.set(key, trial);
  return trial;
}

/** A parameter's graph for one provider. */
interface TrialGraph {
  readonly result: SymbolicTensor;
  readonly opset: number;
  readonly model: Uint8Array;
}

function trialGraph({ constraint, dims, dtype }: Parameter, provider: string): TrialGraph {
  const lowering = chooseLowering({ constraint, dims, dtype, provider });
  const opset = opsetFor(dtype);
  const run = new RunGraph({ opset });
  const result = lowering.project(run.input('w', fedDType(dtype), lowering.dims));
  run.output('w_out', result);
  return { result, opset, model: encodeGraph(run.build('trial')) };
}

/** The processor takes every graph, if it is there; what cannot be compiled shows when the plan is. */
async function tryHost(provider: ProviderEntry, options: PlacementOptions): Promise<Trial> {
  const { ort, platform, sessionOptions, noCopy } = options;
  try {
    await findRoute(ort, noCopy, { provider, sessionOptions });
    return { kind: 'whole' };
  } catch (error) {
    return { kind: 'none', refusal: explainRefusal(providerName(provider), error, platform) };
  }
}

/** Half precision is refused by a device when it runs, if at all, so it is run once; zeros are noticed. */
async function refuseHalf(
  { dtype }: Parameter,
  name: string,
  { ort, platform }: PlacementOptions,
): Promise<Refusal | undefined> {
  if (dtype !== 'float16' || name !== 'webgpu') return undefined;
  const adapter = platform === 'web' ? await findAdapter() : undefined;
  return tryDType(ort, name, dtype, platform, adapter);
}

async function runTrial(
  { result, opset, model }: TrialGraph,
  provider: ProviderEntry,
  { ort, platform, sessionOptions }: PlacementOptions,
): Promise<Trial> {
  const name = providerName(provider);
  const settings = { provider, sessionOptions };
  const attempt = async (alone: boolean): Promise<Refusal | undefined> => {
    try {
      const session = await createSession(ort, model, { ...settings, alone });
      await session.release();
      return undefined;
    } catch (error) {
      return explainRefusal(name, error, platform);
    }
  };
  const refusal = await attempt(true);
  if (refusal === undefined) return { kind: 'whole' };
  if (refusal.code !== 'cpu-fallback') return { kind: 'none', refusal };
  if ((await attempt(false)) !== undefined) return { kind: 'none', refusal };
  const cpuNodes = await findCpuNodes(ort, result, opset, settings);
  const cause = `${cpuNodes.join(', ')} would run on the CPU`;
  return { kind: 'part', cpuNodes, refusal: { ...refusal, cause } };
}
