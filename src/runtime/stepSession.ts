// The session of a train step: the first provider of a list that runs all of it, and what carries its values.
// Must not import files or cli.
import { constantsAsNodes } from '../graph/constantsAsNodes.js';
import { ConstraintError, ProviderError } from '../graph/errors.js';
import { GraphBuilder } from '../graph/graphBuilder.js';
import { NameScope } from '../graph/nameScope.js';
import { MAX_OPSET, MIN_OPSET } from '../graph/opset.js';
import { hostProviders } from '../lowering/lowerings.js';
import { SEQUENCE_OUTPUT } from '../lowering/runGraph.js';
import type { OnnxModel } from '../onnx/model.js';
import { ModelStructure } from '../onnx/modelStructure.js';
import type { Carried, Carrier, Fetched } from './carried.js';
import { DeviceCarrier, staysOnDevice } from './deviceCarrier.js';
import { explainRefusal } from './explainRefusal.js';
import { HostCarrier } from './hostCarrier.js';
import type { OrtSession } from './ort.js';
import { findRoute, type OutputRoute } from './outputRoute.js';
import type { PlacementOptions } from './placeParameters.js';
import type { ParameterRefusal } from './projectionPlan.js';
import { type ProviderEntry, providerName } from './providerTable.js';
import { checkSessionOptions, createSession, type SessionSettings } from './sessions.js';

/** A step as it is run on one provider. */
export interface PreparedStep {
  /** Changed where the route needs it. */
  readonly model: OnnxModel;
  readonly carried: readonly Carried[];
  readonly fetched: readonly Fetched[];
  /** The data files that the model refers to. */
  readonly dataFiles: readonly DataFile[];
}

/** A data file as ONNX Runtime takes it; the path is the one in the model. */
export interface DataFile {
  readonly path: string;
  readonly data: Uint8Array;
}

/** Where values are between steps: `device`, or as `OutputRoute` says. */
export type StepRoute = OutputRoute | 'device';

/** A step that can be run. */
export interface StepSession {
  readonly carrier: Carrier;
  readonly provider: ProviderEntry;
  readonly route: StepRoute;
  /** Why the providers before do not run it, and which nodes this one hands to the CPU. */
  readonly refusals: readonly ParameterRefusal[];
}

/**
 * Opens a step on the first provider that runs all of it, else on the first that runs it with the CPU's help.
 *
 * @param prepare makes the step for a provider
 * @throws {ProviderError} when none does, or `strict` and the first does not run it by itself
 */
export async function openStepSession(
  prepare: (provider: string) => PreparedStep,
  options: PlacementOptions,
): Promise<StepSession> {
  checkSessionOptions(options.sessionOptions);
  const refusals: ParameterRefusal[] = [];
  let helped: ProviderEntry | undefined;
  for (const provider of options.providers) {
    const name = providerName(provider);
    try {
      const opened = await open(prepare(name), provider, options, !hostProviders.includes(name));
      return { ...opened, refusals };
    } catch (error) {
      // A step or description that is wrong is so on every provider.
      if (error instanceof ConstraintError) throw error;
      const refusal = explainRefusal(name, error, options.platform);
      refusals.push({ provider: name, ...refusal });
      if (refusal.code === 'cpu-fallback') helped ??= provider;
    }
    if (options.strict) break;
  }
  if (helped !== undefined && !options.strict) {
    return { ...(await open(prepare(providerName(helped)), helped, options, false)), refusals };
  }
  const reasons = refusals
    .map(({ provider, cause, remedy }) => `${provider}: ${cause} (${remedy})`)
    .join('; ');
  throw new ProviderError(
    `the train step: ${options.strict ? 'strict, and the first provider refuses' : 'no provider of the list runs it'}: ${reasons}`,
  );
}

type Opened = Omit<StepSession, 'refusals'>;

async function open(
  step: PreparedStep,
  provider: ProviderEntry,
  options: PlacementOptions,
  alone: boolean,
): Promise<Opened> {
  const { ort } = options;
  const { carried, fetched, dataFiles } = step;
  const settings = { provider, sessionOptions: options.sessionOptions };
  const own = dataFiles.length === 0 ? {} : { externalData: dataFiles };
  const sessionOptions = { ...own, ...options.sessionOptions };
  if (providerName(provider) === 'webgpu') {
    const session = await createSession(ort, step.model.encode(), {
      provider,
      sessionOptions: { ...sessionOptions, preferredOutputLocation: locations(step) },
      alone,
    });
    const carrier = new DeviceCarrier(ort, session, { carried, fetched, others: others(step) }, settings);
    return { carrier, provider, route: 'device' };
  }
  const route = await hostRoute(step, provider, options);
  if (route === 'no-copy') addSequence(step.model);
  const session: OrtSession = await createSession(ort, step.model.encode(), {
    provider,
    sessionOptions,
    alone,
  });
  return { carrier: new HostCarrier(ort, session, carried, fetched, route), provider, route };
}

/** The outputs that nobody asks for. */
function others({ model, carried, fetched }: PreparedStep): readonly string[] {
  const known = new Set([...carried.map(({ output }) => output), ...fetched.map(({ name }) => name)]);
  return model.outputs.map(({ name }) => name).filter((name) => !known.has(name));
}

/** Each output's place; what is fetched is read at once. */
function locations(step: PreparedStep): Record<string, string> {
  const { carried, fetched } = step;
  return Object.fromEntries([
    ...others(step).map((name) => [name, 'cpu']),
    ...carried.map((own) => [own.output, staysOnDevice(own) ? 'gpu-buffer' : 'cpu']),
    ...fetched.map(({ name }) => [name, 'cpu']),
  ]);
}

async function hostRoute(
  { model, fetched }: PreparedStep,
  provider: ProviderEntry,
  { ort, noCopy, sessionOptions }: PlacementOptions,
): Promise<OutputRoute> {
  // Other devices are given arrays, and what they return is fetched from them.
  if (!hostProviders.includes(providerName(provider))) return 'returned';
  // Without copies nothing is returned, so that every output needs an array of its size beforehand.
  const canSkip =
    fetched.every(({ dims }) => dims !== undefined) &&
    isEmitted(model.opset()) &&
    !model.names().has(SEQUENCE_OUTPUT);
  const settings: SessionSettings = { provider, sessionOptions };
  return findRoute(ort, noCopy && canSkip, settings);
}

/** Whether nodes are emitted for an opset. */
function isEmitted(opset: number | undefined): boolean {
  return opset !== undefined && opset >= MIN_OPSET && opset <= MAX_OPSET;
}

/** Adds the output that makes onnxruntime-node skip its copies. */
function addSequence(model: OnnxModel): void {
  const { graph } = new ModelStructure(model);
  const opset = model.opset() as number;
  const builder = new GraphBuilder({ opset, names: new NameScope(`${SEQUENCE_OUTPUT}/`, model.names()) });
  const element = builder.constant({ dtype: 'float32', dims: [], data: Float32Array.of(0) });
  builder.node('SequenceConstruct', [element], {}, SEQUENCE_OUTPUT);
  // As a node, since below IR version 4 an initializer would have to be an input too.
  graph.insertAfter(undefined, constantsAsNodes(builder.build(SEQUENCE_OUTPUT)), opset);
  // Before the others: those before it would be copied.
  graph.addOutput({ name: SEQUENCE_OUTPUT, dtype: 'float32', shape: [], isSequence: true }, 0);
}
