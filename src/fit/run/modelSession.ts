// A model without its training in a session of ONNX Runtime, for evaluation and prediction. Weights are fed, so that one
// session serves them as they change.
// Must not import other folders of fit but data, models and step.
import { ProviderError } from '../../graph/errors.js';
import type { TensorValue } from '../../graph/tensorValue.js';
import type { SymbolicTensor } from '../../ops/symbolicTensor.js';
import { dataOf } from '../../runtime/carried.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from '../../runtime/ort.js';
import type { ProviderEntry } from '../../runtime/providerTable.js';
import { createSession } from '../../runtime/sessions.js';
import type { Batch } from '../data/dataset.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { CompileOptions } from '../step/compileOptions.js';
import { encodeTensors } from '../step/encodeTensors.js';
import { traceLoss, tracePredictions } from '../step/tracedLoss.js';

/** How a session is opened. */
export interface SessionGround {
  readonly ort: OrtModule;
  readonly provider: ProviderEntry;
  readonly sessionOptions?: Readonly<Record<string, unknown>> | undefined;
}

/** The graph of loss and metrics: the variables and a batch in, a number for each out. */
export function evaluationModel(
  model: TrainableModel,
  options: CompileOptions & { readonly sampleWeights?: boolean },
  provider: string,
): Uint8Array {
  const { fed, variables, loss, metrics } = traceLoss(model, { ...options, training: false });
  const outputs = [
    { name: 'loss', tensor: loss },
    ...metrics.map(({ name, value }) => ({ name, tensor: value })),
  ];
  return encodeTensors({ name: model.name, inputs: [...variables.values(), ...fed], outputs, provider });
}

/** What the graph of the predictions calls its outputs; names of the model's might be those of its inputs. */
export function predictionNames({ outputNames }: TrainableModel): readonly string[] {
  return outputNames.length === 1 ? ['predictions'] : outputNames.map((name) => `predictions_${name}`);
}

/** The graph of the predictions: the variables and samples in, those out. */
export function predictionModel(model: TrainableModel, provider: string): Uint8Array {
  const { inputs, variables, predictions } = tracePredictions(model, { training: false });
  return encodeTensors({
    name: model.name,
    inputs: [...variables.values(), ...inputs],
    outputs: predictionNames(model).map((name, i) => ({ name, tensor: predictions[i] as SymbolicTensor })),
    provider,
  });
}

export class ModelSession {
  #weights: Record<string, OrtTensor> = {};

  private constructor(
    private readonly ort: OrtModule,
    private readonly session: OrtSession,
  ) {}

  static async open(
    model: Uint8Array,
    { ort, provider, sessionOptions = {} }: SessionGround,
  ): Promise<ModelSession> {
    try {
      return new ModelSession(ort, await createSession(ort, model, { provider, sessionOptions }));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ProviderError(`the model cannot be run: ${reason}`, { cause });
    }
  }

  /** The weights of the runs to come. */
  load(weights: ReadonlyMap<string, TensorValue>): void {
    this.#weights = Object.fromEntries(
      [...weights].map(([name, { dtype, data, dims }]) => [
        name,
        tensorOver(this.ort, dtype, data as Float32Array, dims),
      ]),
    );
  }

  async run(batch: Batch): Promise<Readonly<Record<string, TensorValue>>> {
    const fed = Object.entries(batch).map(
      ([name, { data, dims }]) =>
        [name, tensorOver(this.ort, data instanceof Int32Array ? 'int32' : 'float32', data, dims)] as const,
    );
    const results = await this.session.run({ ...this.#weights, ...Object.fromEntries(fed) });
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [
        name,
        { dtype: tensor.type as TensorValue['dtype'], dims: tensor.dims, data: dataOf(tensor) },
      ]),
    );
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
