// Projects weights one at a time, each time with the constraint it is given: for what is not known beforehand, as a
// Projector must. Keeps a Projector for each graph.
// Must not import files or cli.
import { buildGraph } from '../constraints/buildGraph.js';
import { type Constraint, classNameOf } from '../constraints/constraint.js';
import { MaxNorm } from '../constraints/maxNorm.js';
import { ConstraintError, ProviderError, ShapeError } from '../graph/errors.js';
import type { TensorValue } from '../graph/tensorValue.js';
import type { WeightDType } from '../lowering/storage.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import type { InPlaceWeight } from './inPlaceWeights.js';
import type { OrtModule } from './ort.js';
import type { ParameterReport } from './projectionPlan.js';
import { Projector, type ProjectorOptions } from './projector.js';
import { ProjectorCache } from './projectorCache.js';
import type { Platform } from './providerTable.js';

export type RunnerOptions = Pick<ProjectorOptions, 'providers' | 'strict' | 'noCopy' | 'sessionOptions'>;

/** Projects weights with constraints; what was compiled is kept for each graph, of which each dtype and shape has its own. */
export class ConstraintRunner {
  readonly #projectors = new ProjectorCache();
  readonly #reports = new Map<string, ParameterReport>();
  #disposed = false;

  constructor(
    readonly ort: OrtModule,
    readonly options: RunnerOptions = {},
    readonly platform: Platform = 'node',
  ) {}

  /**
   * The projected weight; `value` is left as it is.
   *
   * @throws {ShapeError} when the constraint does not fit the weight, or changed its shape
   * @throws {ProviderError} when ONNX Runtime cannot run the graph
   */
  async run(constraint: Constraint, value: TensorValue): Promise<TensorValue> {
    if (this.#disposed) throw new ProviderError('this runner is disposed; make a new one');
    const { dtype, dims } = value;
    const data = (value.data as Float32Array).slice();
    // Traced anew each time, so that a constraint whose fields have changed is run as it is now.
    const graph = encodeGraph(buildGraph(constraint, { dtype, shape: dims }));
    try {
      await this.#projectors.use(
        graph,
        () => this.#create(constraint, dtype as WeightDType, dims),
        (projector) => projector.project({ w: data satisfies InPlaceWeight }),
      );
    } catch (error) {
      throw naming(constraint, error);
    }
    return { dtype, dims, data };
  }

  /** Projects a weight of two elements, so that a provider that is not there is found before anything else is done. */
  async probe(): Promise<void> {
    await this.run(new MaxNorm(), { dtype: 'float32', dims: [2], data: new Float32Array(2) });
  }

  /** What was decided for each graph that was run: its provider, lowering and schedule, and each refusal. */
  report(): readonly ParameterReport[] {
    return [...this.#reports.values()];
  }

  /** Releases the sessions, those in use when they are done; later calls are refused. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#projectors.clear();
  }

  async #create(constraint: Constraint, dtype: WeightDType, dims: readonly number[]): Promise<Projector> {
    const { platform, ort, options } = this;
    const projector = await Projector.on(
      {
        providers: [platform === 'web' ? 'wasm' : 'cpu'],
        ...options,
        // Each session's arena would keep what its largest run needed.
        sessionOptions: { enableCpuMemArena: false, ...options.sessionOptions },
        ort,
        platform,
      },
      { w: { shape: dims, dtype, constraint } },
    );
    for (const report of projector.report()) {
      this.#reports.set(`${report.constraint} ${dtype} ${dims.join()}`, report);
    }
    return projector;
  }
}

/** The error in the constraint's name in place of the parameter's, which has none here. */
function naming(constraint: Constraint, error: unknown): unknown {
  if (!(error instanceof ConstraintError)) return error;
  const message = error.detail.replace(/^w(?: \([^)]*\))?: /, '');
  const own = `${classNameOf(constraint)}: ${message.replace(`${classNameOf(constraint)}: `, '')}`;
  if (error instanceof ShapeError) return new ShapeError(own, { cause: error });
  return error instanceof ProviderError ? new ProviderError(own, { cause: error }) : error;
}
