// A model traced on a batch with its labels: predictions, loss and metrics, for training and for evaluation.
// Must not import other folders of fit but losses, metrics and models.
import { ShapeError, UnsupportedError, UsageError } from '../../graph/errors.js';
import { type Dim, formatShape } from '../../graph/shape.js';
import { add } from '../../ops/elementwise.js';
import { dimsOf } from '../../ops/moving.js';
import { type SymbolicTensor, symbolicInput } from '../../ops/symbolicTensor.js';
import { type Loss, reduceLoss } from '../losses/lossTable.js';
import { reduceMetric } from '../metrics/metricTable.js';
import { traceModel } from '../models/traceModel.js';
import { symbolicInputs, type TrainableModel } from '../models/trainableModel.js';
import { type CompileOptions, lossOf, metricsOf } from './compileOptions.js';
import type { LabelSpec, MetricSpec } from './trainStep.js';

export interface TracedModel {
  /** The variables, by path. */
  readonly variables: ReadonlyMap<string, SymbolicTensor>;
  readonly inputs: readonly SymbolicTensor[];
  readonly predictions: SymbolicTensor;
  /** What variables that training does not change hold after the step, by path. */
  readonly updates: ReadonlyMap<string, SymbolicTensor>;
  /** What regularizers add to the loss. */
  readonly penalties: readonly SymbolicTensor[];
}

export interface TracedLoss extends TracedModel {
  /** What comes with each batch: the model's inputs, the labels, and the weights where there are. */
  readonly fed: readonly SymbolicTensor[];
  readonly loss: SymbolicTensor;
  readonly metrics: readonly (MetricSpec & { readonly value: SymbolicTensor })[];
  readonly labels: LabelSpec;
}

export interface TracedModelOptions {
  /** Default: open. */
  readonly batchSize?: number | undefined;
  readonly training: boolean;
  readonly seed?: number | undefined;
}

/** @throws {UnsupportedError} for models of several outputs */
export function tracePredictions(model: TrainableModel, options: TracedModelOptions): TracedModel {
  const variables = new Map(
    model.variables.map(({ path, shape }) => [path, symbolicInput(path, 'float32', shape)]),
  );
  const inputs = symbolicInputs(model.inputs, batchDim(options.batchSize));
  const { outputs, updates, penalties } = traceModel(model.graph, inputs, {
    training: options.training,
    seed: options.seed ?? 0,
    variable: (layer, name) => variables.get(`${layer.path}/${name}`) as SymbolicTensor,
  });
  const [predictions, ...others] = outputs;
  if (predictions !== undefined && others.length === 0) {
    return { variables, inputs, predictions, updates, penalties };
  }
  const names = model.graph.outputs.map(([layer]) => layer).join(', ');
  throw new UnsupportedError(
    `the model has the outputs ${names}; a model with one output can be trained, evaluated and run here`,
    { file: model.file },
  );
}

/** As `tracePredictions`, with the loss and the metrics of the batch. */
export function traceLoss(
  model: TrainableModel,
  options: TracedModelOptions & CompileOptions & { readonly sampleWeights?: boolean | undefined },
): TracedLoss {
  const traced = tracePredictions(model, options);
  const { predictions, inputs } = traced;
  const loss = lossOf(model, options);
  const labels = labelsFor(predictions, loss);
  const batch = batchDim(options.batchSize);
  const y = symbolicInput('y', labels.dtype, [batch, ...labels.shape]);
  const weights =
    options.sampleWeights === true ? symbolicInput('sample_weight', 'float32', [batch]) : undefined;
  const metrics = metricsOf(model, options, { isClasses: labels.kind === 'classes', width: labels.classes });
  return {
    ...traced,
    fed: [...inputs, y, ...(weights === undefined ? [] : [weights])],
    loss: traced.penalties.reduce(
      (total, each) => add(total, each),
      reduceLoss(loss, y, predictions, weights),
    ),
    metrics: metrics.map(({ name, kind, settings, isWeighted }) => ({
      name,
      isWeighted,
      isRoot: kind.isRoot === true,
      rises: kind.rises,
      value: reduceMetric(kind, kind.call(y, predictions, settings), isWeighted ? weights : undefined),
    })),
    labels,
  };
}

function labelsFor(predictions: SymbolicTensor, { kind }: Loss): LabelSpec {
  const [, ...shape] = dimsOf('loss', predictions);
  const sizes = shape.filter((size) => typeof size === 'number');
  const classes = sizes.at(-1);
  if (classes === undefined || sizes.length !== shape.length) {
    throw new ShapeError(
      `the model gives ${formatShape(predictions.shape)}; a loss needs at least two dimensions, known but for the batch`,
    );
  }
  return kind.labels === 'classes'
    ? { kind: 'classes', dtype: 'int32', shape: sizes.slice(0, -1), classes }
    : { kind: 'values', dtype: 'float32', shape: sizes, classes };
}

function batchDim(batchSize: number | undefined): Dim {
  if (batchSize === undefined) return 'batch';
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return batchSize;
  throw new UsageError(`batchSize must be a whole number from 1, found ${batchSize}`);
}
