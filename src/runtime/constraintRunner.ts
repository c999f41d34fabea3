// Runs constraint graphs on ONNX Runtime: compiles each once, keeps the sessions, projects tensor after tensor.
// Must not import files or cli.

import { buildGraph, INPUT_NAME, OUTPUT_NAME } from '../constraints/buildGraph.js';
import { isBuiltin } from '../constraints/builtins.js';
import { Constraint, classNameOf } from '../constraints/constraint.js';
import type { DType } from '../graph/dtype.js';
import { ProviderError, ShapeError } from '../graph/errors.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { formatShape } from '../graph/shape.js';
import { elementCount, type TensorData, type TensorValue } from '../graph/tensorValue.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { type Axis, normalizeAxes } from '../ops/axes.js';
import type { OrtModule, OrtSession, OrtTensor } from './ort.js';
import { SessionCache } from './sessionCache.js';

export interface RunnerOptions {
  /** Execution providers in the order ONNX Runtime is to try them. Default `['cpu']`, in browsers `['wasm']`. */
  readonly executionProviders?: readonly unknown[];
  /** More options of `InferenceSession.create`; they win over those set here. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}

/** Projects weights with constraints; a session is kept for each graph, of which each dtype and shape has its own. */
export class ConstraintRunner {
  readonly #sessions = new SessionCache();
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
    if (this.#disposed) throw new ProviderError('this runner is disposed; make a new one');
    const { dtype, dims } = value;
    // Traced anew each time, so that a constraint whose fields have changed is run as it is now.
    const wideNorms = hasLargeUnits(constraint, dims);
    const model = encodeGraph(buildGraph(constraint, { dtype, shape: dims, wideNorms }));
    const output = await this.#sessions.use(
      model,
      () => this.#create(constraint, model),
      (session) => this.#execute(constraint, session, value),
    );
    if (output.dims.join() !== value.dims.join()) {
      throw new ShapeError(
        `${classNameOf(constraint)}: a constraint must keep the shape; found ${formatShape(output.dims)} from ${formatShape(value.dims)}`,
      );
    }
    return { dtype: value.dtype, dims: value.dims, data: asStored(output, value.dtype) };
  }

  /** Runs a weight of one element, so that a provider that is not there is found before anything else is done. */
  async probe(): Promise<void> {
    await this.run(new Constraint(), { dtype: 'float32', dims: [1], data: new Float32Array(1) });
  }

  /** Releases the sessions, those in use when they are done; later calls are refused. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#sessions.clear();
  }

  async #execute(constraint: Constraint, session: OrtSession, value: TensorValue): Promise<OrtTensor> {
    try {
      const feed = new this.ort.Tensor(value.dtype as never, value.data as never, value.dims);
      const outputs = await session.run({ [INPUT_NAME]: feed });
      return outputs[OUTPUT_NAME] as OrtTensor;
    } catch (cause) {
      throw providerError(constraint, 'could not run the graph', cause);
    }
  }

  async #create(constraint: Constraint, model: Uint8Array): Promise<OrtSession> {
    const { executionProviders = ['cpu'], sessionOptions = {} } = this.options;
    try {
      return await this.ort.InferenceSession.create(model, {
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

/** Above this many weights in a unit, a sum of squares in float32 loses digits that `check` looks at. */
const LARGE_UNIT = 2 ** 16;

function hasLargeUnits(constraint: Constraint, dims: readonly number[]): boolean {
  const { axis } = constraint as { axis?: Axis };
  if (axis === undefined || !isBuiltin(constraint) || elementCount(dims) <= LARGE_UNIT) return false;
  const axes = normalizeAxes(classNameOf(constraint), axis, dims) ?? dims.map((_, i) => i);
  return elementCount(axes.map((i) => dims[i] as number)) > LARGE_UNIT;
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
