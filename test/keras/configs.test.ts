// Configs of Keras 1 and 2 and of TensorFlow.js, and the ways in which a config can be wrong.
import { describe, expect, test } from 'vitest';
import { Constraint } from '../../src/constraints/index.js';
import { ConfigError, FormatError } from '../../src/graph/errors.js';
import { type KerasModel, type KerasVariable, parseKerasConfig, readKeras } from '../../src/keras.js';
import { buildH5 } from './h5Builder.js';

interface Entry {
  readonly class_name: string;
  readonly config: object;
}

const layer = (className: string, config: object): Entry => ({ class_name: className, config });
const sequential = (...layers: readonly object[]): Entry => layer('Sequential', { name: 'model', layers });
const maxNorm = (value: number): Entry => layer('MaxNorm', { max_value: value, axis: 0 });

function brief({ path, shape, constraint, trainable }: KerasVariable): unknown[] {
  return [path, shape, constraint && [constraint.constructor.name, constraint.getConfig()], trainable];
}

function variable(model: KerasModel, path: string): KerasVariable {
  const found = model.variables.find((each) => each.path === path);
  if (found === undefined) throw new Error(`no ${path} among ${model.variables.map((each) => each.path)}`);
  return found;
}

describe('Keras 2', () => {
  const dense = layer('Dense', {
    name: 'd',
    units: 3,
    batch_input_shape: [null, 4],
    kernel_constraint: maxNorm(2),
  });

  test('a Sequential of to_json', () => {
    const json = JSON.stringify({ ...sequential(dense), keras_version: '2.4.0', backend: 'tensorflow' });
    const model = parseKerasConfig(json);
    expect(model).toMatchObject({
      name: 'model',
      className: 'Sequential',
      format: 'json',
      kerasVersion: '2.4.0',
    });
    expect(model.variables.map(brief)).toEqual([
      ['d/kernel', [4, 3], ['MaxNorm', { max_value: 2, axis: 0 }], true],
      ['d/bias', [3], null, true],
    ]);
    expect(model.variables[0]?.constraintPath).toBe('config.layers[0].config.kernel_constraint');
    expect(model.variables[0]?.value).toBeUndefined();
  });

  test('a Functional model, called Model then, and nested', () => {
    const inner = layer('Model', { name: 'inner', layers: [dense], input_layers: [], output_layers: [] });
    const model = parseKerasConfig(layer('Model', { name: 'outer', trainable: true, layers: [inner] }));
    expect(model.variables.map(({ path }) => path)).toEqual(['inner/d/kernel', 'inner/d/bias']);
    expect(model.layers.map(({ path, className }) => [path, className])).toEqual([
      ['inner', 'Model'],
      ['inner/d', 'Dense'],
    ]);
  });

  test('Bidirectional without a backward layer in its config', () => {
    const lstm = layer('LSTM', { name: 'lstm', units: 2, recurrent_constraint: maxNorm(3) });
    const model = parseKerasConfig(sequential(layer('Bidirectional', { name: 'bi', layer: lstm })));
    expect(model.variables.map(({ path }) => path)).toEqual(
      ['forward', 'backward'].flatMap((way) =>
        ['kernel', 'recurrent_kernel', 'bias'].map((name) => `bi/${way}_lstm/lstm_cell/${name}`),
      ),
    );
    const backward = variable(model, 'bi/backward_lstm/lstm_cell/recurrent_kernel');
    expect(brief(backward)).toEqual([backward.path, [2, 8], ['MaxNorm', { max_value: 3, axis: 0 }], true]);
    expect(backward.constraintPath).toBe('config.layers[0].config.layer.config.recurrent_constraint');
    expect([backward.layer, backward.layerClass]).toEqual(['backward_lstm', 'LSTM']);
  });

  test('what is frozen at any level', () => {
    const stiff = layer('Dense', { name: 'stiff', units: 1, trainable: false, bias_constraint: 'NonNeg' });
    const frozen = layer('Sequential', { name: 'frozen', trainable: false, layers: [dense] });
    const model = parseKerasConfig(sequential(dense, stiff, frozen));
    expect(model.variables.map(({ path, trainable }) => [path, trainable])).toEqual([
      ['d/kernel', true],
      ['d/bias', true],
      ['stiff/kernel', false],
      ['stiff/bias', false],
      ['frozen/d/kernel', false],
      ['frozen/d/bias', false],
    ]);
    expect(variable(model, 'stiff/bias').constraint?.constructor.name).toBe('NonNeg');
  });

  test('dtype policies', () => {
    const policy = (name: string): Entry => layer('Policy', { name });
    const dtypes = [
      'float16',
      policy('mixed_float16'),
      policy('float64'),
      { ...policy('bfloat16') },
      undefined,
    ];
    const layers = dtypes.map((dtype, index) => layer('Embedding', { name: `e${index}`, dtype }));
    expect(parseKerasConfig(sequential(...layers)).variables.map(({ dtype }) => dtype)).toEqual([
      'float16',
      'float32',
      'float64',
      'bfloat16',
      'float32',
    ]);
  });

  test('a whole-model file, names in pieces and beyond ASCII', async () => {
    const name = 'größe';
    const weights = [`${name}/kernel:0`, `${name}/bias:0`];
    const bytes = await buildH5((file) => {
      const config = sequential({ ...dense, config: { ...dense.config, name } });
      file.create_attribute('model_config', JSON.stringify(config));
      file.create_attribute('keras_version', '2.4.0');
      const group = file.create_group('model_weights');
      group.create_attribute('layer_names0', [name]);
      const own = group.create_group(name);
      weights.forEach((weight, index) => {
        own.create_attribute(`weight_names${index}`, [weight]);
      });
      own.create_group(name);
      own.create_dataset({
        name: weights[0] ?? '',
        data: Float32Array.from({ length: 12 }, (_, i) => i),
        shape: [4, 3],
      });
      own.create_dataset({ name: weights[1] ?? '', data: Float32Array.of(7, 8, 9) });
    });
    const model = await readKeras(bytes);
    expect(model.kerasVersion).toBe('2.4.0');
    expect(variable(model, `${name}/bias`).value).toEqual({
      dtype: 'float32',
      dims: [3],
      data: Float32Array.of(7, 8, 9),
    });
    expect(variable(model, `${name}/kernel`).value?.data[11]).toBe(11);
  });
});

describe('Keras 1', () => {
  const config = {
    class_name: 'Sequential',
    config: [
      layer('Convolution2D', {
        name: 'convolution2d_1',
        nb_filter: 8,
        nb_row: 3,
        nb_col: 3,
        bias: false,
        W_constraint: { name: 'MaxNorm', m: 2, axis: 0 },
      }),
      layer('Dense', {
        name: 'dense_1',
        output_dim: 3,
        W_constraint: null,
        b_constraint: { name: 'NonNeg' },
      }),
    ],
    keras_version: '1.2.2',
  };

  test('its names for layers and arguments', () => {
    const model = parseKerasConfig(config);
    expect(model.variables.map(brief)).toEqual([
      ['convolution2d_1/kernel', undefined, ['MaxNorm', { max_value: 2, axis: 0 }], true],
      ['dense_1/kernel', undefined, null, true],
      ['dense_1/bias', [3], ['NonNeg', {}], true],
    ]);
    expect(variable(model, 'dense_1/bias').constraintPath).toBe('config[1].config.b_constraint');
    expect(model.warnings).toEqual([]);
  });

  test('its recurrent layers, with a kernel for each gate, stay outside the table', async () => {
    const lstm = layer('LSTM', { name: 'lstm_1', output_dim: 2, inner_activation: 'hard_sigmoid' });
    const bytes = await buildH5((file) => {
      file.create_attribute('model_config', JSON.stringify({ class_name: 'Sequential', config: [lstm] }));
      const group = file.create_group('model_weights');
      group.create_attribute('layer_names', ['lstm_1']);
      const own = group.create_group('lstm_1');
      own.create_attribute('weight_names', ['lstm_1_W_i', 'lstm_1_U_i']);
      own.create_dataset({ name: 'lstm_1_W_i', data: new Float32Array(6), shape: [3, 2] });
      own.create_dataset({ name: 'lstm_1_U_i', data: new Float32Array(4), shape: [2, 2] });
    });
    const model = await readKeras(bytes);
    expect(model.variables.map(({ path, shape }) => [path, shape])).toEqual([
      ['lstm_1/lstm_1_W_i', [3, 2]],
      ['lstm_1/lstm_1_U_i', [2, 2]],
    ]);
  });

  test('its weights', async () => {
    const bytes = await buildH5((file) => {
      file.create_attribute('model_config', JSON.stringify(config));
      const group = file.create_group('model_weights');
      group.create_attribute('layer_names', ['convolution2d_1', 'dense_1']);
      const conv = group.create_group('convolution2d_1');
      conv.create_attribute('weight_names', ['convolution2d_1_W']);
      conv.create_dataset({ name: 'convolution2d_1_W', data: new Float32Array(72), shape: [8, 1, 3, 3] });
      const dense = group.create_group('dense_1');
      dense.create_attribute('weight_names', ['dense_1_W', 'dense_1_b']);
      dense.create_dataset({ name: 'dense_1_W', data: new Float32Array(6), shape: [2, 3] });
      dense.create_dataset({ name: 'dense_1_b', data: Float32Array.of(1, 2, 3) });
    });
    const model = await readKeras(bytes);
    expect(model.variables.map(({ path, shape }) => [path, shape])).toEqual([
      ['convolution2d_1/kernel', [8, 1, 3, 3]],
      ['dense_1/kernel', [2, 3]],
      ['dense_1/bias', [3]],
    ]);
    expect(variable(model, 'dense_1/bias').value?.data).toEqual(Float32Array.of(1, 2, 3));
  });
});

describe('TensorFlow.js', () => {
  const l2 = layer('L1L2', { l1: 0, l2: 0.01 });
  const topology = sequential(
    layer('Dense', {
      name: 'd',
      units: 2,
      batch_input_shape: [null, 3],
      kernel_constraint: { class_name: 'MaxNorm', config: { maxValue: 4, axis: 0 } },
    }),
    layer('DepthwiseConv2D', {
      name: 'dw',
      kernel_size: [3, 3],
      depthwise_regularizer: l2,
      depthwise_constraint: l2,
    }),
  );

  test.each([
    [
      'modelTopology.model_config',
      { modelTopology: { keras_version: 'tfjs-layers 4.22.0', model_config: topology } },
    ],
    ['modelTopology', { modelTopology: topology }],
    ['model_config', { keras_version: 'tfjs-layers 4.22.0', model_config: topology }],
  ])('a topology under %s', (place, json) => {
    const model = parseKerasConfig({ format: 'layers-model', weightsManifest: [], ...json });
    expect(brief(variable(model, 'd/kernel'))).toEqual([
      'd/kernel',
      [3, 2],
      ['MaxNorm', { max_value: 4, axis: 0 }],
      true,
    ]);
    expect(variable(model, 'd/kernel').constraintPath).toBe(
      `${place}.config.layers[0].config.kernel_constraint`,
    );
  });

  test('the depthwise regularizer that it writes in place of the constraint', () => {
    const model = parseKerasConfig({ modelTopology: topology });
    expect(variable(model, 'dw/kernel').constraint).toBeNull();
    expect(model.warnings).toEqual([
      'modelTopology.config.layers[1].config.depthwise_constraint: holds the regularizer L1L2, which is no constraint; ' +
        'none is applied here',
    ]);
  });

  test('camelCase keys', () => {
    const config = {
      name: 'd',
      units: 2,
      useBias: false,
      kernelConstraint: { className: 'NonNeg', config: {} },
    };
    const model = parseKerasConfig({
      className: 'Sequential',
      config: { layers: [{ className: 'Dense', config }] },
    });
    expect(model.variables.map(({ path, constraint }) => [path, constraint?.constructor.name])).toEqual([
      ['d/kernel', 'NonNeg'],
    ]);
  });
});

describe('constraints that cannot be applied are refused by name', () => {
  const policy = (className: string, config: object): object => layer(className, config);

  test.each([
    ['int8, as an object', policy('QuantizedDTypePolicy', { mode: 'int8' }), 'int8'],
    ['int8, as text', 'int8_from_float32', 'int8_from_float32'],
    ['int4', policy('DTypePolicy', { name: 'int4_from_mixed_bfloat16' }), 'int4_from_mixed_bfloat16'],
    ['float8', policy('QuantizedFloat8DTypePolicy', { mode: 'float8', source_name: 'float32' }), 'float8'],
  ])('of a layer quantized to %s', (_, dtype, name) => {
    const { variables, warnings } = parseKerasConfig(
      sequential(layer('Dense', { name: 'x', units: 3, kernel_constraint: 'NonNeg', dtype })),
    );
    expect(variables).toMatchObject([
      {
        path: 'x/kernel',
        constraintPath: 'config.layers[0].config.kernel_constraint',
        refusal: `the layer is quantized (${name}): project it before that`,
      },
    ]);
    expect(warnings).toEqual([]);
  });

  test('of a kernel with low-rank factors, and not of its bias', () => {
    const constraints = { kernel_constraint: 'NonNeg', bias_constraint: 'NonNeg' };
    const { variables } = parseKerasConfig(
      sequential(layer('Dense', { name: 'x', units: 3, lora_rank: 4, ...constraints })),
    );
    expect(variables.map(({ path, refusal }) => [path, refusal])).toEqual([
      ['x/kernel', 'the layer has low-rank factors (lora_rank 4), which Keras trains without the constraint'],
      ['x/bias', undefined],
    ]);
  });

  test('of a recurrent layer of Keras 1', () => {
    const config = { name: 'x', output_dim: 2, inner_activation: 'tanh', W_constraint: 'NonNeg' };
    const { variables, warnings } = parseKerasConfig(sequential(layer('LSTM', config)));
    expect(variables.map(({ path, refusal }) => [path, refusal])).toEqual([
      ['x/kernel', 'Keras 1 stored a kernel for each gate of the layer'],
    ]);
    expect(warnings).toEqual([]);
  });
});

/** What the model says of constraints that reach no variable: idle ones, and lost ones. */
function reported({ warnings, lost }: ReturnType<typeof parseKerasConfig>): string[] {
  const lostLines = lost.map(
    ({ path, layer: name, className, reason }) =>
      `${path}: ${className} on layer ${name} is not applied: ${reason}`,
  );
  return [...warnings, ...lostLines];
}

describe('constraints that reach no variable are reported', () => {
  test.each([
    [
      'of a class outside the table',
      layer('CuDNNLSTM', { name: 'x', bias_constraint: 'NonNeg' }),
      'CuDNNLSTM is not in the table',
    ],
    [
      'without their variable',
      layer('Dense', { name: 'x', use_bias: false, bias_constraint: 'NonNeg' }),
      'Dense has no variable for it',
    ],
    [
      'that the class does not take',
      layer('Dense', { name: 'x', gamma_constraint: 'NonNeg' }),
      'Dense has no variable for it',
    ],
    [
      'of a class of one of Keras’s names',
      { ...layer('Dense', { name: 'x', kernel_constraint: 'NonNeg' }), registered_name: 'my>Dense' },
      'Dense is not in the table',
    ],
  ])('%s', (_, entry, reason) => {
    const model = parseKerasConfig(sequential(entry));
    const { variables } = model;
    const reports = reported(model);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatch(
      /^config\.layers\[0\]\.config\.\w+_constraint: NonNeg on layer x is not applied: /,
    );
    expect(reports[0]).toContain(reason);
    expect(variables.every(({ constraint }) => constraint === null)).toBe(true);
  });

  test('of a class outside the table, inside the config of another one', () => {
    const inner = layer('Inner', { name: 'inner', trainable: true, kernel_constraint: 'NonNeg' });
    const model = parseKerasConfig(sequential(layer('Outer', { name: 'outer', blocks: [inner] })));
    const { layers } = model;
    expect(reported(model)).toEqual([
      'config.layers[0].config.blocks[0].config.kernel_constraint: NonNeg on layer inner is not applied: the layer class ' +
        'Inner is not in the table of layers',
    ]);
    expect(layers.map(({ path }) => path)).toEqual(['outer', 'outer/inner']);
  });

  test('but null is no constraint', () => {
    const model = parseKerasConfig(sequential(layer('Mystery', { kernel_constraint: null })));
    expect(reported(model)).toEqual([]);
  });
});

describe('mistakes', () => {
  const config = (entry: unknown): unknown => ({ class_name: 'Sequential', config: { layers: [entry] } });

  test('an unknown constraint class', () => {
    const entry = layer('Dense', {
      kernel_constraint: { class_name: 'Mine', config: {}, registered_name: 'my>Mine' },
    });
    const parse = (): KerasModel => parseKerasConfig(config(entry), { file: 'a.json' });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(/^a\.json: config\.layers\[0\]\.config\.kernel_constraint: .*my>Mine/);
  });

  test('a custom one, passed in', () => {
    class Mine extends Constraint {}
    const entry = layer('Dense', {
      kernel_constraint: { class_name: 'Mine', config: {}, registered_name: 'my>Mine' },
    });
    const model = parseKerasConfig(config(entry), { customObjects: { 'my>Mine': Mine } });
    expect(model.variables[0]?.constraint).toBeInstanceOf(Mine);
  });

  test.each([
    [
      'a layer that is no object',
      config(7),
      'config.layers[0]: a Sequential keeps a layer here, as an object with class_name and config; found 7',
    ],
    [
      'layers that are no list',
      layer('Sequential', { layers: 7 }),
      'config.layers: a Sequential keeps a layer here',
    ],
    [
      'no layers',
      layer('Sequential', {}),
      'config.layers: a Sequential keeps a layer here, as an object with class_name and config; found nothing',
    ],
    [
      'a wrapper without a layer',
      config(layer('TimeDistributed', {})),
      'config.layers[0].config.layer: a TimeDistributed keeps a layer here',
    ],
    [
      'a config that is text',
      config({ class_name: 'Dense', config: 'none' }),
      'config.layers[0]: a Sequential keeps a layer here',
    ],
    ['null', null, 'is no Keras model config: found null'],
  ])('%s', (_, value, message) => {
    expect(() => parseKerasConfig(value)).toThrow(ConfigError);
    expect(() => parseKerasConfig(value)).toThrow(message);
  });

  test('text that is no JSON', () => {
    expect(() => parseKerasConfig('model.keras', { file: 'x' })).toThrow(FormatError);
    expect(() => parseKerasConfig('model.keras', { file: 'x' })).toThrow(/^x: is no valid JSON: /);
  });
});

test("Python's NaN and Infinity are read, also beside text that looks like them", () => {
  const entry = layer('Dense', {
    name: 'NaN, "Infinity"',
    kernel_constraint: layer('MinMaxNorm', { min_value: 0 }),
  });
  const text = JSON.stringify(sequential(entry)).replace(
    '"min_value":0',
    '"min_value":-Infinity,"max_value":Infinity',
  );
  const model = parseKerasConfig(text);
  expect(model.layers[0]?.name).toBe('NaN, "Infinity"');
  expect(model.variables[0]?.constraint?.getConfig()).toMatchObject({
    min_value: Number.NEGATIVE_INFINITY,
    max_value: Number.POSITIVE_INFINITY,
  });
  const nan = text.replace('-Infinity', 'NaN');
  expect(() => parseKerasConfig(nan)).toThrow(/min_?value/i);
});
