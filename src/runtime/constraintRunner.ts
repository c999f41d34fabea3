// Runs constraint graphs on ONNX Runtime: compiles each once, keeps the sessions, projects tensor after tensor.
// Must not import files or cli.
import { buildGraph, INPUT_NAME, OUTPUT_NAME } from '../constraints/buildGraph.js';
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import type { DType } from '../graph/dtype.js';
import { ProviderError, ShapeError } from '../graph/errors.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import type { TensorData, TensorValue } from '../graph/tensorValue.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import type { OrtModule, OrtSession, OrtTensor } from './ort.js';

export interface RunnerOptions {
  /** Execution providers in the order ONNX Runtime is to try them. Default `['cpu']`, in browsers `['wasm']`. */
  readonly executionProviders?: readonly unknown[];
  /** More options of `InferenceSession.create`; they win over those set here. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

interface WeightForm {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Projects weights with constraints; one session is kept for each graph, which is one for each dtype and shape. */
export class ConstraintRunner {
  /** The encoded graph of each constraint by dtype and shape; equal constraints have equal ones. */
  readonly #models = new WeakMap<Constraint, Map<string, string>>();
  readonly #sessions = new Map<string, Promise<OrtSession>>();
  #disposed = false;

  constructor(
    readonly ort: OrtModule,
    readonly options: RunnerOptions = {},
  ) {}

  /**
   * The projected weight; `value` is left as it is.
   *
   * float16 is run as it is, bfloat16 as float32 with one rounding at the end, since ONNX Runtime's JavaScript
   * packages take no bfloat16.
   *
   * @throws {ShapeError} when the constraint does not fit the weight, or changed its shape
   * @throws {ProviderError} when ONNX Runtime cannot run the graph
   */
  async run(constraint: Constraint, value: TensorValue): Promise<TensorValue> {
    if (value.dtype === 'bfloat16') {
      const wide = await this.run(constraint, fromFloat64(toFloat64(value), 'float32', value.dims));
      return fromFloat64(wide.data as Float32Array, 'bfloat16', value.dims);
    }
    const session = await this.#session(constraint, { dtype: value.dtype, shape: value.dims });
    const feed = new this.ort.Tensor(value.dtype as never, value.data as never, value.dims);
    const output = await this.#execute(constraint, session, feed);
    if (output.dims.join() !== value.dims.join()) {
      throw new ShapeError(
        `${classNameOf(constraint)}: a constraint must keep the shape; found ${formatShape(output.dims)} from ${formatShape(value.dims)}`,
      );
    }
    return { dtype: value.dtype, dims: value.dims, data: asStored(output, value.dtype) };
  }

  /** Releases the sessions. Calls under way fail; later calls are refused. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  async #execute(constraint: Constraint, session: OrtSession, feed: OrtTensor): Promise<OrtTensor> {
    try {
      const outputs = await session.run({ [INPUT_NAME]: feed });
      return outputs[OUTPUT_NAME] as OrtTensor;
    } catch (cause) {
      throw providerError(constraint, 'could not run the graph', cause);
    }
  }

  #session(constraint: Constraint, form: WeightForm): Promise<OrtSession> {
    if (this.#disposed) throw new ProviderError('this runner is disposed; make a new one');
    const model = this.#model(constraint, form);
    let session = this.#sessions.get(model);
    if (session === undefined) {
      session = this.#create(constraint, model);
      this.#sessions.set(model, session);
      session.catch(() => this.#sessions.delete(model));
    }
    return session;
  }

  /** The graph's bytes, as a string so that they can be looked up. */
  #model(constraint: Constraint, form: WeightForm): string {
    const key = `${form.dtype}[${form.shape.join(',')}]`;
    const byForm = this.#models.get(constraint) ?? new Map<string, string>();
    this.#models.set(constraint, byForm);
    let model = byForm.get(key);
    if (model === undefined) {
      model = Array.from(encodeGraph(buildGraph(constraint, form)), (byte) => String.fromCharCode(byte)).join(
        '',
      );
      byForm.set(key, model);
    }
    return model;
  }

  async #create(constraint: Constraint, model: string): Promise<OrtSession> {
    const bytes = Uint8Array.from(model, (character) => character.charCodeAt(0));
    const { executionProviders = ['cpu'], sessionOptions = {} } = this.options;
    try {
      return await this.ort.InferenceSession.create(bytes, {
        executionProviders,
        // Errors only: what matters of the rest is thrown.
        logSeverityLevel: 3,
        // Many small sessions in one process slow each other down by spinning.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        // Each session's arena would keep what its largest run needed.
        enableCpuMemArena: false,
        ...sessionOptions,
      });
    } catch (cause) {
      throw providerError(
        constraint,
        `could not make a session on ${JSON.stringify(executionProviders)}`,
        cause,
      );
    }
  }
}

function asStored(output: OrtTensor, dtype: DType): TensorData {
  const data = output.data as TensorData;
  // Runtimes with Float16Array return it; everything here holds float16 as bit patterns.
  return dtype === 'float16' && !(data instanceof Uint16Array)
    ? new Uint16Array((data as Float32Array).buffer, (data as Float32Array).byteOffset, data.length)
    : data;
}

function providerError(constraint: Constraint, what: string, cause: unknown): ProviderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProviderError(`${classNameOf(constraint)}: ONNX Runtime ${what}: ${reason}`, { cause });
}
