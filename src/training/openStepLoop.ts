// Makes step loops: reads the step, puts in its constraints or makes the Projector, opens the session, loads the values.
// Must not import files or cli.

import { CONSTRAINTS_DOMAIN } from '../constraints/constraintFunction.js';
import { get } from '../constraints/get.js';
import { UsageError } from '../graph/errors.js';
import { checkOptions } from '../graph/knownKeys.js';
import type { TensorValue } from '../graph/tensorValue.js';
import { OnnxModel, type ValueInfo } from '../onnx/model.js';
import type { Fetched } from '../runtime/carried.js';
import type { OrtModule } from '../runtime/ort.js';
import { type Platform, providerName, providerRow } from '../runtime/providerTable.js';
import { openStepSession, type PreparedStep } from '../runtime/stepSession.js';
import { BetweenSteps, checkOwnSchedule } from './betweenSteps.js';
import { type CarriedValue, type CarriedValues, carriedValues, type StatePair } from './carriedValues.js';
import { decodeCheckpoint } from './checkpoint.js';
import { initialValues } from './initialValues.js';
import { type SplicedParameter, splice } from './splice.js';
import { SPLICED_PREFIX } from './splicedNames.js';
import type { StepDescription } from './stepDescription.js';
import { StepInputs } from './stepInputs.js';
import { StepLoop, type StepLoopGround } from './stepLoop.js';
import type { ResumeOptions, StepLoopOptions, StepLoopReport } from './stepLoopOptions.js';

/** What differs between entry points. */
export interface StepLoopPlatform extends Pick<StepLoopGround, 'writeFile' | 'showProgress'> {
  readonly platform: Platform;
  readonly load: () => Promise<OrtModule>;
  readonly provider: string;
  /** Whether the route without copies may be taken at all, whatever the options say. */
  readonly maySkipCopies: () => boolean;
}

const resumeKeys: readonly (keyof ResumeOptions)[] = [
  'inputs',
  'state',
  'loss',
  'fetch',
  'projector',
  'ort',
  'providers',
  'strict',
  'noCopy',
  'sessionOptions',
];

/** Starts a loop on its initial values. */
export async function createStepLoop(
  on: StepLoopPlatform,
  model: OnnxModel | Uint8Array,
  description: StepDescription,
  options: StepLoopOptions,
): Promise<StepLoop> {
  checkOptions(options, ['initial', ...resumeKeys]);
  return openLoop(on, model, description, options, (carried) => ({
    step: 0,
    values: initialValues(options.initial, carried),
  }));
}

/** Goes on from a checkpoint. */
export async function resumeStepLoop(
  on: StepLoopPlatform,
  bytes: Uint8Array,
  file: string | undefined,
  model: OnnxModel | Uint8Array,
  description: StepDescription,
  options: ResumeOptions,
): Promise<StepLoop> {
  checkOptions(options, resumeKeys);
  return openLoop(on, model, description, options, (carried) => decodeCheckpoint(bytes, carried, { file }));
}

async function openLoop(
  on: StepLoopPlatform,
  given: OnnxModel | Uint8Array,
  description: StepDescription,
  options: ResumeOptions,
  start: (carried: readonly CarriedValue[]) => { step: number; values: ReadonlyMap<string, TensorValue> },
): Promise<StepLoop> {
  const source = new StepSource(given, description, options);
  const { values } = source.carried;
  const { step, values: first } = start(values);
  const ground = {
    ort: options.ort ?? (await on.load()),
    platform: on.platform,
    strict: options.strict ?? false,
    noCopy: (options.noCopy ?? true) && on.maySkipCopies(),
    sessionOptions: options.sessionOptions ?? {},
  };
  const inputs = new StepInputs(ground.ort, source.fed(), options.inputs ?? {}, source.carried.unclear);
  const { carrier, provider, route, refusals } = await openStepSession((name) => source.prepare(name), {
    ...ground,
    providers: options.providers ?? [on.provider],
  });
  try {
    const between =
      source.constraints === 'projector'
        ? await BetweenSteps.create(description, values, provider, ground)
        : undefined;
    await carrier.load(first);
    if (step === 0) await between?.start(carrier);
    const report = { provider: providerName(provider), route, refusals, ...source.report() };
    const { writeFile, showProgress } = on;
    const loss = source.loss;
    return new StepLoop(
      { carrier, route, values, inputs, loss, between, report, writeFile, showProgress },
      step,
    );
  } catch (error) {
    await carrier.release();
    throw error;
  }
}

/** A step as it was given, from which it is prepared anew for each provider that is tried. */
class StepSource {
  readonly constraints: StepLoopReport['constraints'];
  readonly loss: string;
  readonly carried: CarriedValues;
  readonly #bytes: Uint8Array;
  readonly #file: string | undefined;
  #spliced: readonly SplicedParameter[] = [];
  readonly #inputs: readonly ValueInfo[];

  constructor(
    given: OnnxModel | Uint8Array,
    readonly description: StepDescription,
    readonly options: ResumeOptions,
  ) {
    const model = given instanceof OnnxModel ? given : OnnxModel.decode(given);
    // Whoever gave the model finds it as it was.
    this.#bytes = model.encode();
    this.#file = model.file;
    this.constraints = whereConstrained(model, description, options.projector ?? false);
    const first = this.#decode('');
    this.carried = carriedValues(first, description, stateOf(options));
    this.#inputs = first.inputs;
    this.loss = options.loss ?? findLoss(first, this.carried.values);
    for (const name of this.#fetched()) findOutput(first, name, this.carried.values);
  }

  prepare(provider: string): PreparedStep {
    const model = this.#decode(provider);
    const { values } = this.carried;
    const fetched = this.#fetched().map((name) => findOutput(model, name, values));
    return { model, carried: values, fetched };
  }

  /** The inputs that are not carried. */
  fed(): readonly ValueInfo[] {
    return this.#inputs.filter(({ name }) => this.carried.values.every(({ input }) => input !== name));
  }

  report(): Pick<StepLoopReport, 'constraints' | 'parameters' | 'state'> {
    const state = this.carried.values.filter(({ role }) => role === 'state').map(({ name }) => name);
    return { constraints: this.constraints, parameters: this.#spliced, state };
  }

  #fetched(): readonly string[] {
    return [...new Set([this.loss, ...(this.options.fetch ?? [])])];
  }

  /** @param provider the constraints get the form that is fast there; '' for any */
  #decode(provider: string): OnnxModel {
    const model = OnnxModel.decode(this.#bytes, { file: this.#file });
    if (this.constraints !== 'splice') return model;
    // Whether there is such a provider is for ONNX Runtime to say.
    const isKnown = providerRow(provider) !== undefined;
    this.#spliced = splice(model, this.description, isKnown ? { provider } : {});
    return model;
  }
}

/** What is given for every step is not carried. */
function stateOf({ state = {}, inputs = {} }: ResumeOptions): Readonly<Record<string, StatePair | null>> {
  return { ...Object.fromEntries(Object.keys(inputs).map((name) => [name, null])), ...state };
}

function whereConstrained(
  model: OnnxModel,
  description: StepDescription,
  byProjector: boolean,
): StepLoopReport['constraints'] {
  const isSpliced =
    model.opset(CONSTRAINTS_DOMAIN) !== undefined ||
    [...model.names()].some((name) => name.startsWith(SPLICED_PREFIX));
  if (byProjector && isSpliced) {
    throw new UsageError(
      'projector: the step has been spliced, so its constraints would be applied twice; give the step as it was exported',
      { file: model.file },
    );
  }
  if (byProjector) checkOwnSchedule(description);
  if (isSpliced) return 'spliced';
  if (Object.values(description.parameters).every(({ constraint }) => get(constraint) === null))
    return 'none';
  return byProjector ? 'projector' : 'splice';
}

function findLoss(model: OnnxModel, carried: readonly CarriedValue[]): string {
  const others = model.outputs.filter(({ name }) => carried.every(({ output }) => output !== name));
  const named = others.find(({ name }) => name === 'loss');
  const single = others.filter(({ shape }) => shape?.every((dim) => dim === 1));
  const found = named ?? (single.length === 1 ? single[0] : undefined);
  if (found !== undefined) return found.name;
  const names = others.map(({ name }) => name).join(', ');
  throw new UsageError(
    `which output is the loss? None is called 'loss'; name one of ${names === '' ? 'none' : names} as loss`,
    { file: model.file },
  );
}

function findOutput(model: OnnxModel, name: string, carried: readonly CarriedValue[]): Fetched {
  const isCarried = (output: string): boolean => carried.some((own) => own.output === output);
  const found = model.outputs.find((output) => output.name === name);
  if (found?.dtype === undefined || isCarried(name)) {
    const others = model.outputs.map((output) => output.name).filter((output) => !isCarried(output));
    const reason = isCarried(name)
      ? `output '${name}' is carried to the next step; weights() and state() give what is`
      : `the step has no output '${name}'`;
    throw new UsageError(`${reason}; those to be fetched are ${others.join(', ')}`, { file: model.file });
  }
  const dims = found.shape?.filter((dim) => typeof dim === 'number');
  return { name, dtype: found.dtype, dims: dims?.length === found.shape?.length ? dims : undefined };
}
