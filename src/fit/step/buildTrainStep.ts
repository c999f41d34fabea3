// The train step of a model as one graph: forward, backward, optimizer, and the constraints after each update.
// Must not import runtime or training: what it gives is plain data.
import { UsageError } from '../../graph/errors.js';
import { checkOptions } from '../../graph/knownKeys.js';
import { fromFloat64 } from '../../graph/numbers.js';
import { elementCount, type TensorValue } from '../../graph/tensorValue.js';
import { add, divide, multiply } from '../../ops/elementwise.js';
import { type SymbolicTensor, symbolicInput } from '../../ops/symbolicTensor.js';
import { castTo } from '../../ops/tensorLike.js';
import { gradients } from '../autodiff/gradients.js';
import type { TrainableModel } from '../models/trainableModel.js';
import type { Optimizer } from '../optimizers/optimizerTable.js';
import { averageSlot, updateVariables } from '../optimizers/updateVariables.js';
import { optimizerOf } from './compileOptions.js';
import { encodeTensors } from './encodeTensors.js';
import { ITERATION, initialState } from './optimizerState.js';
import { type TracedLoss, traceLoss } from './tracedLoss.js';
import type { CarriedPair, TrainStep, TrainStepOptions } from './trainStep.js';

/**
 * The train step of a model as an ONNX model of standard operators, which any ONNX Runtime runs.
 *
 * Optimizer, loss and metrics default to those that the model was compiled with. The state of that optimizer is gone on
 * with; another one starts anew.
 *
 * @throws {UsageError} where there is no optimizer or loss
 * @throws {ConfigError | UnsupportedError | ShapeError} where a layer, loss, optimizer or setting cannot be trained
 * @example
 * const step = buildTrainStep(model, { optimizer: sgd({ learningRate: 0.1 }), loss: 'mse', batchSize: 32 });
 */
export function buildTrainStep(model: TrainableModel, options: TrainStepOptions = {}): TrainStep {
  checkOptions(options, stepOptions);
  const optimizer = optimizerOf(model, options);
  const traced = traceLoss(model, { ...options, training: true });
  const { parameters, state, slots, rate, iteration } = updatedValues(model, traced, options, optimizer);
  const isScheduled = rate.source.kind !== 'input';
  const carried = [...parameters, ...state];
  const start =
    options.optimizer === undefined
      ? initialState(model, slots, isScheduled)
      : { state: new Map(), learningRate: undefined };
  return {
    model: encodeTensors({
      name: model.name,
      inputs: [...carried.map(({ before }) => before), ...traced.fed, ...(isScheduled ? [] : [rate])],
      outputs: [
        { name: 'loss', tensor: traced.loss },
        ...traced.metrics.map(({ name, value }) => ({ name, tensor: value })),
        ...(isScheduled ? [{ name: LEARNING_RATE, tensor: rate }] : []),
        ...carried.map(({ name, after: tensor }) => ({ name: after(name), tensor })),
      ],
      opset: options.opset,
      provider: options.provider,
      iteration,
    }),
    parameters: pairs(parameters),
    state: pairs(state),
    slots: slots.map(({ name }) => name),
    initial: Object.fromEntries(
      carried.map(({ name, before, initial }) => [
        name,
        model.weights.get(name) ?? start.state.get(name) ?? filled(before, initial ?? 0),
      ]),
    ),
    learningRate:
      typeof optimizer.learningRate === 'number' ? (start.learningRate ?? optimizer.learningRate) : undefined,
    averages:
      optimizer.average === undefined
        ? {}
        : Object.fromEntries(parameters.map(({ name }) => [name, averageSlot(name)])),
    labels: traced.labels,
    metrics: traced.metrics.map(({ value: _, ...spec }) => spec),
  };
}

const stepOptions: readonly (keyof TrainStepOptions)[] = [
  'optimizer',
  'loss',
  'lossWeights',
  'metrics',
  'weightedMetrics',
  'batchSize',
  'sampleWeights',
  'provider',
  'constraints',
  'opset',
  'seed',
  'excludeFromWeightDecay',
];

/** The input that takes the learning rate, or the output that tells what a schedule made it. */
const LEARNING_RATE = 'learning_rate';

/** What an output is called after the input that it follows. */
const after = (name: string): string => `${name}_new`;

/** A value before the step and after it. */
interface Carried {
  readonly name: string;
  readonly before: SymbolicTensor;
  readonly after: SymbolicTensor;
  /** What every element holds before the first step, where nothing else is known. Default 0. */
  readonly initial?: number;
}

interface UpdatedValues {
  readonly parameters: readonly Carried[];
  readonly state: readonly Carried[];
  readonly slots: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The learning rate: an input, or what a schedule makes it. */
  readonly rate: SymbolicTensor;
  readonly iteration: SymbolicTensor;
}

function updatedValues(
  model: TrainableModel,
  { loss, variables, updates }: TracedLoss,
  { provider = 'cpu', constraints = true, excludeFromWeightDecay = [] }: TrainStepOptions,
  optimizer: Optimizer,
): UpdatedValues {
  const variableAt = (path: string): SymbolicTensor => variables.get(path) as SymbolicTensor;
  const trained = model.variables.filter(({ trainable }) => trainable);
  if (trained.length === 0) {
    throw new UsageError('the model has no variable that can be trained', { file: model.file });
  }
  const derivatives = scaledGradients(
    loss,
    trained.map(({ path }) => variableAt(path)),
    optimizer.lossScale,
  );
  const iteration = symbolicInput(ITERATION, 'int32', []);
  const { learningRate } = optimizer;
  const rate =
    typeof learningRate === 'number'
      ? symbolicInput(LEARNING_RATE, 'float32', [])
      : learningRate(castTo(iteration, 'float32'));
  const { values, slots } = updateVariables(
    optimizer,
    trained.map(({ path, shape, constraint }, i) => ({
      path,
      shape,
      constraint,
      value: variableAt(path),
      gradient: derivatives[i] as SymbolicTensor,
    })),
    { learningRate: rate, iteration, provider, constrained: constraints, excludeFromWeightDecay },
  );
  const kept = model.variables.filter(({ trainable }) => !trainable);
  return {
    parameters: trained.map(({ path }) => ({
      name: path,
      before: variableAt(path),
      after: values.get(path) as SymbolicTensor,
    })),
    state: [
      ...kept.map(({ path }) => ({
        name: path,
        before: variableAt(path),
        after: updates.get(path) ?? variableAt(path),
      })),
      ...slots,
      { name: ITERATION, before: iteration, after: add(iteration, 1) },
    ],
    slots: slots.map(({ name, before }) => ({ name, shape: before.shape as readonly number[] })),
    rate,
    iteration,
  };
}

/** The gradients of the loss, on the way to which it is larger, so that small ones are not lost. */
function scaledGradients(
  loss: SymbolicTensor,
  params: readonly SymbolicTensor[],
  scale: number,
): readonly SymbolicTensor[] {
  if (scale === 1) return gradients(loss, params);
  return gradients(multiply(loss, scale), params).map((gradient) => divide(gradient, scale));
}

function pairs(carried: readonly Carried[]): Record<string, CarriedPair> {
  return Object.fromEntries(carried.map(({ name }) => [name, { input: name, output: after(name) }]));
}

function filled({ dtype, shape }: SymbolicTensor, value: number): TensorValue {
  const dims = shape as readonly number[];
  return fromFloat64(new Float64Array(elementCount(dims)).fill(value), dtype, dims);
}
