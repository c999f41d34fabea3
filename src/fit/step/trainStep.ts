// What a train step is asked for and what it is.
// Types only. Must not import other folders of fit.
import type { TensorValue } from '../../graph/tensorValue.js';
import type { CompileOptions } from './compileOptions.js';

export interface TrainStepOptions extends CompileOptions {
  /** The size of every batch; without it, any size goes, at each step another. */
  readonly batchSize?: number;
  /** Whether each entry of the batch comes with a weight, as input `sample_weight`, of several outputs as `sample_weight_<output>`. Default false. */
  readonly sampleWeights?: boolean;
  /** The execution provider that is to run it, whose forms of constraints and operators are taken. Default `cpu`. */
  readonly provider?: string;
  /** False leaves the constraints out. Default true. */
  readonly constraints?: boolean;
  /** The version of ONNX's default operator set, 13 to 26. Default 18. */
  readonly opset?: number;
  /** For what is drawn anew in each step, such as what Dropout leaves out. Default 0. */
  readonly seed?: number;
  /** Variables whose names hold one of these words, such as `bias`, keep from decaying. Default none. */
  readonly excludeFromWeightDecay?: readonly string[];
}

/** A value that goes from step to step: the input that takes it, the output that gives it. */
export interface CarriedPair {
  readonly input: string;
  readonly output: string;
}

/** A train step. */
export interface TrainStep {
  /** The ONNX model. Besides what is carried it takes `x` (or each input by its name), `y` (of several outputs `y_<output>`) and, without a schedule, `learning_rate`. */
  readonly model: Uint8Array;
  /** The trainable variables, by path. Their constraints are in the graph. */
  readonly parameters: Readonly<Record<string, CarriedPair>>;
  /** The optimizer's state and running statistics, by name. */
  readonly state: Readonly<Record<string, CarriedPair>>;
  /** What of the state the optimizer keeps, in the order in which Keras stores it behind iteration and learning rate. */
  readonly slots: readonly string[];
  /** What everything carried holds before the first step. */
  readonly initial: Readonly<Record<string, TensorValue>>;
  /** `undefined` where a schedule gives it: the step then takes none, and tells it as the output `learning_rate`. */
  readonly learningRate: number | undefined;
  /** Which of the state is the moving average of a variable, by path; none without `use_ema`. */
  readonly averages: Readonly<Record<string, string>>;
  /** Those of each output that has a loss or metrics. */
  readonly labels: readonly LabelSpec[];
  /** The outputs that tell metrics, beside `loss`; of several losses also each of them, `<output>_loss`. */
  readonly metrics: readonly MetricSpec[];
}

/** What a metric is, and how the numbers of several batches make one. */
export interface MetricSpec {
  /** What the output and the logs call it. */
  readonly name: string;
  /** The output of the model that it is of. */
  readonly output: string;
  /** Whether a batch counts by the weights of its samples, and not by their number. */
  readonly isWeighted: boolean;
  /** Whether it is the root of a mean, so that squares are averaged. */
  readonly isRoot: boolean;
  /** Whether more is better. */
  readonly rises: boolean;
}

/** What the labels of an output must be, batch aside. */
export interface LabelSpec {
  /** The output of the model that they are for. */
  readonly output: string;
  /** The input that takes them: `y`, of several outputs `y_<output>`. */
  readonly input: string;
  /** The input that takes the weights of samples, where there are: `sample_weight`, of several `sample_weight_<output>`. */
  readonly weights: string;
  readonly kind: 'classes' | 'values';
  readonly dtype: 'float32' | 'int32';
  readonly shape: readonly number[];
  /** How many classes there are, where labels are their numbers. */
  readonly classes: number;
}
