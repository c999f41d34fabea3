// Constraints for ONNX Runtime's on-device training, whose optimizer updates parameters in place, out of a splice's reach:
// after each step the parameters are fetched, projected and put back.
// Must not import files or cli.
import { ProviderError, ShapeError } from '../graph/errors.js';
import { OnnxModel } from '../onnx/model.js';
import type { OrtModule } from '../runtime/ort.js';
import { Projector } from '../runtime/projector.js';
import type { ProviderEntry } from '../runtime/providerTable.js';
import {
  checkTrainingSession,
  type OrtTrainingSession,
  readFlatBuffer,
  writeFlatBuffer,
} from '../runtime/trainingSession.js';
import {
  type FlatConstraints,
  type FlatPlan,
  planFlatParameters,
  projectFlatParameters,
} from './flatParameters.js';
import { readOrtCheckpoint } from './ortCheckpoint.js';

export interface OrtTrainingOptions {
  /** The module the session is of: `onnxruntime-web/training`, up to 1.19.2. It projects too. */
  readonly ort: OrtModule;
  /** The bytes of the `checkpoint` that the session was made from. */
  readonly checkpoint: Uint8Array;
  /** The bytes of the `training_model` that the session was made from. */
  readonly trainingModel: Uint8Array;
  /** By names of parameters, axes being those of the ONNX tensors; or rules, with globs and `axis: "units"`. */
  readonly constraints: FlatConstraints;
  /** Execution providers of `ort` that project. Default `['wasm']`, which is all that the training build brings. */
  readonly providers?: readonly ProviderEntry[];
}

/** Keeps the parameters of a training session to their constraints. */
export class OrtTrainingAdapter {
  /** Where each parameter lies, and which are constrained. */
  readonly plan: FlatPlan;
  readonly #session: OrtTrainingSession;
  readonly #projector: Projector;
  #isDisposed = false;

  private constructor(session: OrtTrainingSession, plan: FlatPlan, projector: Projector) {
    this.#session = session;
    this.plan = plan;
    this.#projector = projector;
  }

  /**
   * An adapter for a session of `TrainingSession.create`.
   *
   * @throws {ProviderError} where the session is no TrainingSession, or `ort` cannot project
   * @throws {ShapeError} where the session has not as many parameters as checkpoint and training model
   * @throws as `readOrtCheckpoint` and `planFlatParameters`
   * @example
   * const constraints = { 'fc1.weight': maxNorm({ maxValue: 2, axis: 1 }) };
   * const adapter = await OrtTrainingAdapter.create(session, { ort, checkpoint, trainingModel, constraints });
   * await session.runTrainStep(feeds);
   * await adapter.runOptimizerStep(); // instead of session.runOptimizerStep()
   * await session.lazyResetGrad();
   */
  static async create(session: OrtTrainingSession, options: OrtTrainingOptions): Promise<OrtTrainingAdapter> {
    checkTrainingSession(session);
    const { ort, constraints, providers = ['wasm'] } = options;
    const checkpoint = readOrtCheckpoint(options.checkpoint, { file: 'checkpoint' });
    const trainingModel = OnnxModel.decode(options.trainingModel, { file: 'trainingModel' });
    const plan = planFlatParameters(checkpoint, trainingModel, constraints);
    const size = await session.getParametersSize(plan.trainableOnly);
    if (size !== plan.size) {
      throw new ShapeError(
        `the session has ${size} trained elements, checkpoint and trainingModel ${plan.size}; give those that the session was made from`,
      );
    }
    const projector = await Projector.on({ ort, platform: 'web', providers }, plan.specs);
    return new OrtTrainingAdapter(session, plan, projector);
  }

  /**
   * The session's optimizer step, and the projection behind it: Keras's order.
   *
   * @throws {ProviderError} once it is disposed; then the optimizer has not run
   */
  async runOptimizerStep(): Promise<void> {
    this.#checkUsable();
    await this.#session.runOptimizerStep();
    await this.project();
  }

  /** Projects the session's parameters as they are: before training, say, or after `loadParametersBuffer`. */
  async project(): Promise<void> {
    this.#checkUsable();
    const { trainableOnly } = this.plan;
    const buffer = await readFlatBuffer(this.#session, trainableOnly);
    await projectFlatParameters(buffer, this.plan, this.#projector);
    await writeFlatBuffer(this.#session, buffer, trainableOnly);
  }

  /** Releases what projects. The session stays the caller's. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#projector.dispose();
  }

  #checkUsable(): void {
    if (this.#isDisposed) throw new ProviderError('this adapter is disposed; make a new one');
  }
}
