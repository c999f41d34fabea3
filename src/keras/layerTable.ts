// The layers that take constraints: their variables in the order Keras stores them, each with its constraint argument.
// Data only. Must not import anything but shape rules and config readers.
//
// To add a layer: find its `build` in Keras. Write one entry of `variables` for each `add_weight`, in that order but
// trainable ones first; `constraint` is the config key that `get_config` writes for it. `when` says under which config the
// variable exists, `shape` what Keras builds. Layers that the layer makes itself go into `parts`, layers that it is given
// into `layers`. Then add the layer to test/keras/makeModels.py, which asks Keras whether the row is right.
import type { DType } from '../graph/dtype.js';
import { field, type JsonObject } from './configValue.js';
import { einsumBias, einsumKernel } from './einsumShapes.js';
import * as shapes from './layerShapes.js';
import { matrix, type ShapeRule, vector } from './layerShapes.js';

export interface VariableRow {
  readonly name: string;
  /** The config key of its constraint; none where Keras offers no constraint. */
  readonly constraint?: string;
  readonly trainable?: false;
  /** Where it is not the layer's. */
  readonly dtype?: DType;
  /** Replaced by low-rank factors, and so not trained, where the config has a `lora_rank`. */
  readonly lora?: true;
  readonly when?: (config: JsonObject) => boolean;
  readonly shape?: ShapeRule;
}

/** A layer that the layer makes itself, out of its own config. */
export interface PartRow {
  /** The attribute that holds it, which names its group in the archive; older Keras versions used other ones. */
  readonly attributes: readonly string[];
  readonly name: string;
  readonly variables: readonly VariableRow[];
  readonly when?: (config: JsonObject) => boolean;
}

/** A layer, or a list of them, that the config holds under `key`. */
export interface NestedRow {
  readonly key: string;
  /** The key to copy the layer from where `key` is absent. */
  readonly copyOf?: string;
  readonly attribute: string;
  /** What Keras puts in front of the name of a layer that it copies. */
  readonly prefix?: string;
}

export interface LayerRow {
  readonly variables?: readonly VariableRow[];
  readonly parts?: readonly PartRow[];
  readonly layers?: readonly NestedRow[];
}

const unless =
  (key: string) =>
  (config: JsonObject): boolean =>
    field(config, key) !== false;
const only =
  (key: string) =>
  (config: JsonObject): boolean =>
    field(config, key) === true;
const given =
  (key: string) =>
  (config: JsonObject): boolean =>
    typeof field(config, key) === 'string';

const variable = (name: string, constraint: string, shape?: ShapeRule): VariableRow => ({
  name,
  constraint: `${constraint}_constraint`,
  ...(shape && { shape }),
});
const state = (name: string, shape?: ShapeRule): VariableRow => ({
  name,
  trainable: false,
  ...(shape && { shape }),
});
const kernel = (shape?: ShapeRule): VariableRow => variable('kernel', 'kernel', shape);
const bias = (shape?: ShapeRule): VariableRow => ({
  ...variable('bias', 'bias', shape),
  when: unless('use_bias'),
});
const recurrent = (shape?: ShapeRule): VariableRow => variable('recurrent_kernel', 'recurrent', shape);
const gamma: VariableRow = { ...variable('gamma', 'gamma', shapes.inputAxes), when: unless('scale') };
const beta: VariableRow = { ...variable('beta', 'beta', shapes.inputAxes), when: unless('center') };
const renorm = (name: string): VariableRow => ({ ...state(name, shapes.inputAxes), when: only('renorm') });
/** A statistic of the data, unless the config gives the statistics as numbers. */
const adapted = (name: string, shape?: ShapeRule): VariableRow => ({
  ...state(name, shape),
  when: (config) => (field(config, 'mean') ?? null) === null,
});
const embeddings: VariableRow = {
  ...variable('embeddings', 'embeddings', matrix('input_dim', 'output_dim')),
  lora: true,
};

const conv = (rank: number): LayerRow => ({
  variables: [{ ...kernel(shapes.convKernel(rank)), lora: true }, bias(vector('filters'))],
});
const convTranspose = (rank: number): LayerRow => ({
  variables: [kernel(shapes.transposedKernel(rank)), bias(vector('filters'))],
});
const depthwise = (rank: number): LayerRow => ({
  variables: [variable('kernel', 'depthwise', shapes.depthwiseKernel(rank)), bias(shapes.depthwiseBias)],
});
const separable = (rank: number): LayerRow => ({
  variables: [
    variable('depthwise_kernel', 'depthwise', shapes.depthwiseKernel(rank)),
    variable('pointwise_kernel', 'pointwise', shapes.pointwiseKernel(rank)),
    bias(vector('filters')),
  ],
});

const simpleRnn = [
  kernel(shapes.recurrentInput(1)),
  recurrent(shapes.recurrentKernel(1)),
  bias(vector('units')),
];
const lstm = [
  kernel(shapes.recurrentInput(4)),
  recurrent(shapes.recurrentKernel(4)),
  bias(vector('units', 4)),
];
const gru = [kernel(shapes.recurrentInput(3)), recurrent(shapes.recurrentKernel(3)), bias(shapes.gruBias)];
const convLstm = (rank: number): readonly VariableRow[] => [
  kernel(shapes.convLstmKernel(rank)),
  recurrent(shapes.convLstmRecurrent(rank)),
  bias(vector('filters', 4)),
];
const withCell = (name: string, variables: readonly VariableRow[]): LayerRow => ({
  parts: [{ attributes: ['cell'], name, variables }],
});

const projection = (attribute: string, name: string, weights: ShapeRule, biases: ShapeRule): PartRow => ({
  attributes: [attribute, `_${attribute}`],
  name,
  variables: [kernel(weights), bias(biases)],
});
const gated = (part: PartRow): PartRow => ({ ...part, when: only('use_gate') });
const queryHeads = shapes.headKernel('query_shape', 'num_heads', 'key_dim');
const keyHeads = shapes.headKernel('key_shape', 'num_heads', 'key_dim');
const groupedQuery = shapes.headKernel('query_shape', 'num_query_heads', 'head_dim');
const grouped = (input: string): ShapeRule => shapes.headKernel(input, 'num_key_value_heads', 'head_dim');
const keyBias = matrix('num_heads', 'key_dim');
const groupedQueryBias = matrix('num_query_heads', 'head_dim');
const groupedBias = matrix('num_key_value_heads', 'head_dim');

const model: LayerRow = { layers: [{ key: 'layers', attribute: 'layers' }] };

const rows: Readonly<Record<string, LayerRow>> = {
  // Models and wrappers
  Sequential: model,
  Functional: model,
  Model: model,
  TimeDistributed: { layers: [{ key: 'layer', attribute: 'layer' }] },
  Bidirectional: {
    layers: [
      { key: 'layer', attribute: 'forward_layer', prefix: 'forward_' },
      { key: 'backward_layer', copyOf: 'layer', attribute: 'backward_layer', prefix: 'backward_' },
    ],
  },
  RNN: { layers: [{ key: 'cell', attribute: 'cell' }] },
  StackedRNNCells: { layers: [{ key: 'cells', attribute: 'cells' }] },

  // Core
  Dense: { variables: [{ ...kernel(shapes.denseKernel), lora: true }, bias(vector('units'))] },
  EinsumDense: {
    variables: [
      { ...kernel(einsumKernel), lora: true },
      { ...bias(einsumBias), when: given('bias_axes') },
    ],
  },
  Embedding: { variables: [embeddings] },
  ReversibleEmbedding: {
    variables: [
      embeddings,
      {
        name: 'reverse_embeddings',
        when: (config) => field(config, 'tie_weights') === false,
        shape: matrix('output_dim', 'input_dim'),
      },
    ],
  },
  PReLU: { variables: [variable('alpha', 'alpha', shapes.preluAlpha)] },

  // Convolutions
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  Conv1DTranspose: convTranspose(1),
  Conv2DTranspose: convTranspose(2),
  Conv3DTranspose: convTranspose(3),
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),

  // Recurrent layers and their cells
  SimpleRNN: withCell('simple_rnn_cell', simpleRnn),
  SimpleRNNCell: { variables: simpleRnn },
  LSTM: withCell('lstm_cell', lstm),
  LSTMCell: { variables: lstm },
  GRU: withCell('gru_cell', gru),
  GRUCell: { variables: gru },
  ConvLSTM1D: withCell('conv_lstm_cell', convLstm(1)),
  ConvLSTM2D: withCell('conv_lstm_cell', convLstm(2)),
  ConvLSTM3D: withCell('conv_lstm_cell', convLstm(3)),

  // Attention: the one kernel and the one bias constraint go to every projection
  MultiHeadAttention: {
    parts: [
      projection('query_dense', 'query', queryHeads, keyBias),
      projection('key_dense', 'key', keyHeads, keyBias),
      gated(projection('gate_dense', 'gate', shapes.valueKernel('query_shape'), shapes.valueBias)),
      projection('value_dense', 'value', shapes.valueKernel('value_shape'), shapes.valueBias),
      projection('output_dense', 'attention_output', shapes.attentionOutputKernel, shapes.attentionOutput),
    ],
  },
  GroupQueryAttention: {
    parts: [
      projection('query_dense', 'query', groupedQuery, groupedQueryBias),
      projection('key_dense', 'key', grouped('key_shape'), groupedBias),
      gated(projection('gate_dense', 'gate', groupedQuery, groupedQueryBias)),
      projection('value_dense', 'value', grouped('value_shape'), groupedBias),
      projection('output_dense', 'attention_output', shapes.groupedOutputKernel, shapes.queryFeatures),
    ],
  },

  // Normalization
  BatchNormalization: {
    variables: [
      gamma,
      beta,
      state('moving_mean', shapes.inputAxes),
      state('moving_variance', shapes.inputAxes),
      renorm('moving_stddev'),
      renorm('renorm_mean'),
      renorm('renorm_stddev'),
    ],
  },
  LayerNormalization: {
    variables: [
      { ...gamma, when: (config) => unless('scale')(config) || only('rms_scaling')(config) },
      { ...beta, when: (config) => unless('center')(config) && !only('rms_scaling')(config) },
    ],
  },
  GroupNormalization: { variables: [gamma, beta] },
  RMSNormalization: { variables: [{ name: 'scale', shape: shapes.inputAxes }] },
  Normalization: {
    variables: [adapted('mean'), adapted('variance'), { ...adapted('count', () => []), dtype: 'int32' }],
  },
};

/** Other names of these layers: of Keras 1 and 2, and of the Python class where Keras exports it under another one. */
const oldNames: Readonly<Record<string, string>> = {
  GroupedQueryAttention: 'GroupQueryAttention',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  AtrousConvolution2D: 'Conv2D',
  Deconvolution2D: 'Conv2DTranspose',
  SeparableConvolution2D: 'SeparableConv2D',
  TimeDistributedDense: 'Dense',
};

/** The row of a layer class; `undefined` for classes that are not in the table. */
export function layerRow(className: string): LayerRow | undefined {
  const name = Object.hasOwn(oldNames, className) ? oldNames[className] : className;
  return name !== undefined && Object.hasOwn(rows, name) ? rows[name] : undefined;
}

/** Every class in the table. */
export const layerClasses: readonly string[] = Object.keys(rows);
