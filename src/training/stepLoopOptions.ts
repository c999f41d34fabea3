// What a step loop is made of, as users give it, and what it tells of itself.
// Must not import files or cli.
import type { TensorData } from '../graph/tensorValue.js';
import type { OrtModule } from '../runtime/ort.js';
import type { ParameterRefusal } from '../runtime/projectionPlan.js';
import type { ProviderEntry } from '../runtime/providerTable.js';
import type { StepRoute } from '../runtime/stepSession.js';
import type { StatePair } from './carriedValues.js';
import type { SplicedParameter } from './splice.js';
import type { StepConstants } from './stepInputs.js';

/** An initial value: a typed array, or one with dims. */
export type InitialValue = TensorData | { readonly data: TensorData; readonly dims?: readonly number[] };

export interface ResumeOptions {
  /** Inputs that are the same in each step, or computed from its number: `{ lr: 0.1, t: (step) => step }`. */
  readonly inputs?: StepConstants;
  /**
   * More that goes from step to step, by name: what `findPairs` does not find, such as counters, beside the parameters
   * and the optimizer state that it does, which have their inputs' names. `null` for an input that comes with batches.
   */
  readonly state?: Readonly<Record<string, StatePair | null>>;
  /** The output with the loss. Default: `loss`, else the only one of a single element. */
  readonly loss?: string;
  /** More outputs to be fetched after each step. Default: none. */
  readonly fetch?: readonly string[];
  /**
   * Apply the constraints between steps, by a Projector, and leave the step as it is. Default false: they are put into
   * the step, unless it has been spliced.
   */
  readonly projector?: boolean;
  /** Your own ONNX Runtime module. Default: the package of the entry point this is imported from. */
  readonly ort?: OrtModule;
  /** Execution providers; the step runs on the first that takes all of it. Default `['cpu']`, in browsers `['wasm']`. */
  readonly providers?: readonly ProviderEntry[];
  /** Refuse whatever the first provider does not run by itself. Default false. */
  readonly strict?: boolean;
  /** Skip the copy that onnxruntime-node makes of each output, where a probe shows that it can be. Default true. */
  readonly noCopy?: boolean;
  /** More options of `InferenceSession.create`; they win over those set here. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

export interface StepLoopOptions extends ResumeOptions {
  /** The value of each parameter before the first step; state that is left out starts at zero. */
  readonly initial: Readonly<Record<string, InitialValue>>;
}

/** What was decided when a loop was made. */
export interface StepLoopReport {
  readonly provider: string;
  /** `device`: values stay on the GPU; `no-copy`, `in-place`: in two sets of arrays; `returned`: fed back as they come. */
  readonly route: StepRoute;
  /** Why the providers before do not run the step, and what this one hands to the CPU. */
  readonly refusals: readonly ParameterRefusal[];
  /** `spliced`: the step came with its constraints. */
  readonly constraints: 'splice' | 'spliced' | 'projector' | 'none';
  /** What `splice` made of each parameter. */
  readonly parameters: readonly SplicedParameter[];
  /** What is carried beside parameters. */
  readonly state: readonly string[];
}
