// A model traced on a batch with its labels: predictions, loss and metrics, for training and for evaluation.
// Must not import other folders of fit but losses, metrics and models.
import { UsageError } from '../../graph/errors.js';
import type { Dim } from '../../graph/shape.js';
import { add, multiply } from '../../ops/elementwise.js';
import { type SymbolicTensor, symbolicInput } from '../../ops/symbolicTensor.js';
import { reduceLoss } from '../losses/lossTable.js';
import { reduceMetric } from '../metrics/metricTable.js';
import { traceModel } from '../models/traceModel.js';
import { symbolicInputs, type TrainableModel } from '../models/trainableModel.js';
import type { CompileOptions } from './compileOptions.js';
import { labelSpec } from './labelSpec.js';
import { lossesOf } from './outputLosses.js';
import { compileMetrics, givenMetrics } from './outputMetrics.js';
import type { LabelSpec, MetricSpec } from './trainStep.js';

export interface TracedModel {
  /** The variables, by path. */
  readonly variables: ReadonlyMap<string, SymbolicTensor>;
  readonly inputs: readonly SymbolicTensor[];
  /** One for each output. */
  readonly predictions: readonly SymbolicTensor[];
  /** What variables that training does not change hold after the step, by path. */
  readonly updates: ReadonlyMap<string, SymbolicTensor>;
  /** What regularizers add to the loss. */
  readonly penalties: readonly SymbolicTensor[];
}

type TracedMetric = MetricSpec & { readonly value: SymbolicTensor };

export interface TracedLoss extends TracedModel {
  /** What comes with each batch: the model's inputs, the labels, and the weights where there are. */
  readonly fed: readonly SymbolicTensor[];
  readonly loss: SymbolicTensor;
  readonly metrics: readonly TracedMetric[];
  /** Those of each output that has a loss or metrics. */
  readonly labels: readonly LabelSpec[];
}

export interface TracedModelOptions {
  /** Default: open. */
  readonly batchSize?: number | undefined;
  readonly training: boolean;
  readonly seed?: number | undefined;
}

export function tracePredictions(model: TrainableModel, options: TracedModelOptions): TracedModel {
  const variables = new Map(
    model.variables.map(({ path, shape }) => [path, symbolicInput(path, 'float32', shape)]),
  );
  const inputs = symbolicInputs(model.inputs, batchDim(options.batchSize));
  const { outputs, ...traced } = traceModel(model.graph, inputs, {
    training: options.training,
    seed: options.seed ?? 0,
    variable: (layer, name) => variables.get(`${layer.path}/${name}`) as SymbolicTensor,
  });
  return { variables, inputs, predictions: outputs, ...traced };
}

/** An output with what its predictions are compared with. */
interface LabelledOutput {
  readonly predictions: SymbolicTensor;
  readonly labels: LabelSpec;
  readonly y: SymbolicTensor;
  readonly weights: SymbolicTensor | undefined;
}

/** As `tracePredictions`, with the loss and the metrics of the batch. */
export function traceLoss(
  model: TrainableModel,
  options: TracedModelOptions & CompileOptions & { readonly sampleWeights?: boolean | undefined },
): TracedLoss {
  const traced = tracePredictions(model, options);
  const compiled = lossesOf(model, options);
  const given = givenMetrics(model, options);
  const batch = batchDim(options.batchSize);
  const outputs = new Map<string, LabelledOutput>();
  const losses = traced.predictions.flatMap((predictions, i) => {
    const own = compiled[i];
    const labels = labelSpec(model, i, predictions, own?.loss, given);
    if (labels === undefined) return [];
    const { output, input, dtype, shape } = labels;
    const y = symbolicInput(input, dtype, [batch, ...shape]);
    const weights =
      options.sampleWeights === true ? symbolicInput(labels.weights, 'float32', [batch]) : undefined;
    outputs.set(output, { predictions, labels, y, weights });
    if (own === undefined) return [];
    return [{ output, weight: own.weight, value: reduceLoss(own.loss, y, predictions, weights) }];
  });
  const all = [...outputs.values()];
  return {
    ...traced,
    fed: [...traced.inputs, ...all.map(({ y }) => y), ...all.flatMap(({ weights }) => weights ?? [])],
    loss: [
      ...losses.map(({ value, weight }) => (weight === undefined ? value : multiply(value, weight))),
      ...traced.penalties,
    ].reduce((total, each) => add(total, each)),
    metrics: tracedMetrics(outputs, losses, given, model.outputNames.length === 1),
    labels: all.map(({ labels }) => labels),
  };
}

/** The losses of several outputs, without their weights as Keras tells them, and the metrics. */
function tracedMetrics(
  outputs: ReadonlyMap<string, LabelledOutput>,
  losses: readonly { readonly output: string; readonly value: SymbolicTensor }[],
  given: Parameters<typeof compileMetrics>[0],
  isOnly: boolean,
): readonly TracedMetric[] {
  const told = losses.length === 1 ? [] : losses;
  const ofLosses = told.map(({ output, value }) => ({
    name: `${output}_loss`,
    output,
    isWeighted: false,
    isRoot: false,
    rises: false,
    value,
  }));
  const contexts = new Map(
    [...outputs].map(([output, { labels }]) => [
      output,
      { isClasses: labels.kind === 'classes', width: labels.classes },
    ]),
  );
  const taken = ['loss', ...ofLosses.map(({ name }) => name)];
  const metrics = compileMetrics(given, { contexts, isOnly, taken });
  return [
    ...ofLosses,
    ...metrics.map(({ name, output, kind, settings, isWeighted }) => {
      const { y, predictions, weights } = outputs.get(output) as LabelledOutput;
      return {
        name,
        output,
        isWeighted,
        isRoot: kind.isRoot === true,
        rises: kind.rises,
        value: reduceMetric(kind, kind.call(y, predictions, settings), isWeighted ? weights : undefined),
      };
    }),
  ];
}

function batchDim(batchSize: number | undefined): Dim {
  if (batchSize === undefined) return 'batch';
  if (Number.isSafeInteger(batchSize) && batchSize >= 1) return batchSize;
  throw new UsageError(`batchSize must be a whole number from 1, found ${batchSize}`);
}
