// What cannot be trained is refused by its name before anything runs: every layer of Keras without a row here, wherever in
// a model it stands, and settings, losses and optimizers that are not known.
import { describe, expect, test } from 'vitest';
import { layerKindNames } from '../../src/fit/layers/layerKinds.js';
import { modelFromConfig } from '../../src/fit/models/trainableModel.js';
import { buildTrainStep } from '../../src/fit/step/buildTrainStep.js';
import { ConfigError, UnsupportedError } from '../../src/index.js';
import type { LayerCase } from '../support/layerCases.js';
import { Random } from '../support/random.js';
import { kerasLayers, layerCases } from '../support/readLayerCases.js';

interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const dense = (name: string): Entry => ({ class_name: 'Dense', config: { name, units: 3 } });
const input: Entry = { class_name: 'InputLayer', config: { name: 'input', batch_shape: [null, 4, 3] } };

/** What a config holds that the class is not read without. */
const inner: Readonly<Record<string, object>> = {
  TimeDistributed: { layer: dense('inner') },
  Bidirectional: { layer: { class_name: 'LSTM', config: { name: 'inner', units: 2 } } },
  SpectralNormalization: { layer: dense('inner') },
  Wrapper: { layer: dense('inner') },
  StackedRNNCells: { cells: [{ class_name: 'LSTMCell', config: { name: 'cell', units: 2 } }] },
  RNN: { cell: { class_name: 'LSTMCell', config: { name: 'cell', units: 2 } } },
};

/** Layers one after another, as Sequential or Functional writes them, some of them in models of their own. */
function modelOf(
  layers: readonly Entry[],
  random: Random,
  depth = 0,
): { class_name: string; config: object } {
  const name = `model${depth}`;
  if (random.next() < 0.5) {
    return { class_name: 'Sequential', config: { name, layers: [input, ...layers] } };
  }
  const named = layers.map((layer, i) => {
    const before = i === 0 ? 'input' : (layers[i - 1]?.config.name as string);
    const args = [{ class_name: '__keras_tensor__', config: { keras_history: [before, 0, 0] } }];
    return { ...layer, name: layer.config.name, inbound_nodes: [{ args, kwargs: {} }] };
  });
  return {
    class_name: 'Functional',
    config: {
      name,
      layers: [{ ...input, name: 'input', inbound_nodes: [] }, ...named],
      input_layers: [['input', 0, 0]],
      output_layers: [[layers.at(-1)?.config.name, 0, 0]],
    },
  };
}

const refused = kerasLayers.filter((name) => !layerKindNames.includes(name) && name !== 'InputLayer');
const reasons: Readonly<Record<string, RegExp>> = {
  LSTM: /recurrent layers are not trained/,
  GRU: /recurrent layers are not trained/,
  Bidirectional: /recurrent layers are not trained/,
  ConvLSTM2D: /recurrent layers are not trained/,
  Lambda: /its code is Python/,
};

test('Keras has layers that are refused, and all that are trained are among its own', () => {
  expect(refused.length).toBeGreaterThan(60);
  expect(layerKindNames.filter((name) => !kerasLayers.includes(name))).toEqual([]);
  expect(Object.keys(reasons).filter((name) => !refused.includes(name))).toEqual([]);
});

describe('a layer without a row', () => {
  test.each(refused)('%s', (name) => {
    const random = new Random(name.length * 31 + name.charCodeAt(0));
    for (let trial = 0; trial < 6; trial++) {
      const layer: Entry = { class_name: name, config: { name: 'odd', ...inner[name] } };
      const layers = [dense('a'), dense('b'), dense('c')].toSpliced(random.integer(0, 3), 0, layer);
      const model = modelOf(layers, random);
      const nested = { class_name: model.class_name, config: { ...model.config, name: 'nested' } };
      const config = random.next() < 0.5 ? model : modelOf([dense('first'), nested], random, 1);
      expect(() => modelFromConfig(config)).toThrow(UnsupportedError);
      expect(() => modelFromConfig(config)).toThrow(`the layer ${name} cannot be trained here`);
      if (reasons[name] !== undefined) expect(() => modelFromConfig(config)).toThrow(reasons[name]);
      // The place in the config is told.
      expect(() => modelFromConfig(config)).toThrow(/config\.layers\[\d\]/);
    }
  });

  test('no layer at all, and one that nobody knows', () => {
    const random = new Random(1);
    for (const name of ['Dens', 'dense', 'MyPackage>Dense2', 'constructor', 'toString']) {
      const config = modelOf([dense('a'), { class_name: name, config: { name: 'odd' } }], random);
      expect(() => modelFromConfig(config)).toThrow(/cannot be trained here/);
    }
  });
});

/** The case's config with another setting in the layer it is about, the last of its class. */
function withSetting(own: LayerCase, key: string, value: unknown): unknown {
  const config = own.config.config as { readonly layers: readonly Entry[] };
  const at = config.layers.findLastIndex(({ class_name }) => class_name === own.layer);
  const layer = config.layers[at] as Entry;
  const layers = config.layers.with(at, { ...layer, config: { ...layer.config, [key]: value } });
  return { ...own.config, config: { ...config, layers } };
}

describe('a setting that is not known', () => {
  const words = ['alpha', 'beta', 'gate', 'mask', 'norm', 'rank', 'scale', 'shift', 'size', 'zero'];
  const values = [1, -2.5, 'on', true, [1, 2], { class_name: 'L2', config: {} }];
  const byLayer = new Map(layerCases.cases.map((own) => [own.layer, own]));
  const layers = [...byLayer].filter(([name]) => layerKindNames.includes(name));

  test.each(layers)('of %s', (name, own) => {
    const random = new Random(name.length);
    for (let trial = 0; trial < 5; trial++) {
      const key = `${random.pick(words)}_${random.pick(words)}_${random.integer(0, 9)}`;
      const config = withSetting(own, key, random.pick(values));
      expect(() => modelFromConfig(config)).toThrow(UnsupportedError);
      expect(() => modelFromConfig(config)).toThrow(key);
    }
    // What says nothing changes nothing.
    expect(() => modelFromConfig(withSetting(own, 'other_setting', null))).not.toThrow();
  });

  test.each([
    ['embedding', 'mask_zero', true],
    ['batchnorm', 'renorm', true],
    ['batchnorm', 'synchronized', true],
    ['dense', 'lora_rank', 2],
    ['conv2d', 'lora_rank', 2],
    ['dense', 'quantization_config', { class_name: 'Int8QuantizationConfig', config: {} }],
    ['upsampling1d', 'data_format', 'channels_first'],
    ['cropping1d', 'data_format', 'channels_first'],
  ])('%s: %s, which Keras has or had', (id, key, value) => {
    const own = layerCases.cases.find((each) => each.id === id) as LayerCase;
    expect(() => modelFromConfig(withSetting(own, key, value))).toThrow(key);
  });

  test.each([
    ['conv2d', 'padding', 'causal', /valid or same/],
    ['conv1d', 'strides', 0, /whole number from 1/],
    ['conv2d', 'dilation_rate', [1, 2, 3], /or 2 of them/],
    ['maxpool2d', 'pool_size', -1, /whole number from 1/],
    ['upsampling2d', 'interpolation', 'area', /nearest or bilinear/],
    ['conv2d-first', 'data_format', 'channels_middle', /channels_last or channels_first/],
    ['activation-relu', 'activation', 'rrelu', /unknown activation 'rrelu'/],
    ['conv2dtranspose-padded-1-same', 'output_padding', 2, /below the strides/],
    ['reshape', 'target_shape', [5, 3], /do not fit/],
    ['permute', 'dims', [1, 1, 2], /some order/],
    ['dot', 'axes', [1, 1, 1], /two of them/],
    ['groupnorm', 'groups', 3, /equal parts/],
    ['dropout-none', 'rate', 1.5, /from 0 to 1/],
  ])('%s with %s %j', (id, key, value, message) => {
    const own = layerCases.cases.find((each) => each.id === id) as LayerCase;
    expect(() => modelFromConfig(withSetting(own, key, value))).toThrow(message);
    expect(() => modelFromConfig(withSetting(own, key, value))).toThrow(key);
  });
});

describe('what a model is compiled with', () => {
  const model = () => modelFromConfig((layerCases.cases[0] as LayerCase).config);
  const build = (options: object) => () => buildTrainStep(model(), options);

  test.each([
    'Adadelta',
    'Adafactor',
    'Ftrl',
    'Lamb',
    'Muon',
    'LossScaleOptimizer',
    'ScheduleFreeAdamW',
    'Adan',
  ])('the optimizer %s', (name) => {
    expect(build({ optimizer: { class_name: name, config: {} } })).toThrow(ConfigError);
    expect(build({ optimizer: name.toLowerCase() })).toThrow(`unknown optimizer '${name.toLowerCase()}'`);
  });

  test.each([
    'CTC',
    'Dice',
    'Tversky',
    'Circle',
    'BinaryFocalCrossentropy',
    'CategoricalFocalCrossentropy',
    'mde',
  ])('the loss %s', (name) => {
    expect(build({ loss: { class_name: name, config: {} } })).toThrow(`unknown loss '${name}'`);
    expect(build({ loss: name })).toThrow(ConfigError);
  });

  test('settings of optimizers and losses', () => {
    const random = new Random(9);
    for (const name of ['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad', 'Adamax', 'Nadam', 'Lion']) {
      const key = `setting_${random.integer(0, 1000)}`;
      const optimizer = { class_name: name, config: { [key]: random.next() } };
      expect(build({ optimizer })).toThrow(UnsupportedError);
      expect(build({ optimizer })).toThrow(key);
    }
    for (const name of ['MeanSquaredError', 'Huber', 'CategoricalCrossentropy', 'Hinge']) {
      const key = `setting_${random.integer(0, 1000)}`;
      expect(build({ loss: { class_name: name, config: { [key]: 1 } } })).toThrow(key);
    }
  });
});
