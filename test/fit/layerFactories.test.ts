// The functions that write layers in TypeScript: one for each layer, with every argument that Keras has, giving the config
// that Keras writes.
import { describe, expect, test } from 'vitest';
import { Constraint } from '../../src/constraints/constraint.js';
import { deserialize, maxNorm } from '../../src/constraints/index.js';
import * as fit from '../../src/fit/index.js';
import { layerKindNames } from '../../src/fit/layers/layerKinds.js';
import { add, multiply } from '../../src/ops/index.js';
import type { SymbolicTensor } from '../../src/ops/symbolicTensor.js';
import { fit as train } from '../../src/train.js';
import { layerCases } from '../support/readLayerCases.js';

interface Entry {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const bound = maxNorm({ maxValue: 1 });
const vector = { initializer: fit.constant({ value: 0.1 }), regularizer: fit.l2(0.1) };
const bias = {
  activation: 'relu',
  useBias: true,
  biasInitializer: vector.initializer,
  biasRegularizer: vector.regularizer,
  biasConstraint: bound,
  activityRegularizer: fit.l1(),
} as const;
const kernel = {
  ...bias,
  kernelInitializer: fit.heNormal(),
  kernelRegularizer: fit.l1l2({ l1: 0.1 }),
  kernelConstraint: bound,
};
const window = {
  kernelSize: 2,
  strides: 1,
  padding: 'same',
  dataFormat: 'channels_last',
  dilationRate: 1,
} as const;
const depthwise = {
  ...bias,
  ...window,
  depthMultiplier: 2,
  depthwiseInitializer: fit.glorotNormal(),
  depthwiseRegularizer: 'l2',
  depthwiseConstraint: bound,
};
const pointwise = {
  filters: 3,
  pointwiseInitializer: 'he_uniform',
  pointwiseRegularizer: 'l1',
  pointwiseConstraint: bound,
};
const scale = {
  epsilon: 0.01,
  center: true,
  scale: true,
  betaInitializer: 'zeros',
  gammaInitializer: fit.ones(),
  betaRegularizer: fit.l1(),
  gammaRegularizer: fit.l2(),
  betaConstraint: bound,
  gammaConstraint: bound,
};
const conv = { ...kernel, ...window, filters: 4, groups: 2 };
const transposed = { ...kernel, ...window, filters: 4, outputPadding: 0 };
const pool = { poolSize: 3, strides: 2, padding: 'same', dataFormat: 'channels_first' } as const;
const global = { dataFormat: 'channels_first', keepdims: true } as const;
const first = { dataFormat: 'channels_first' } as const;

/** Each layer with all of its arguments, by the class that it must give. */
const full: Readonly<Record<string, fit.LayerDefinition>> = {
  Dense: fit.dense({ ...kernel, units: 3 }),
  Embedding: fit.embedding({
    inputDim: 5,
    outputDim: 3,
    embeddingsInitializer: fit.randomNormal({ stddev: 0.1 }),
    embeddingsRegularizer: 'l2',
    embeddingsConstraint: bound,
    activityRegularizer: 'l1',
  }),
  Conv1D: fit.conv1d(conv),
  Conv2D: fit.conv2d(conv),
  Conv3D: fit.conv3d(conv),
  Conv1DTranspose: fit.conv1dTranspose(transposed),
  Conv2DTranspose: fit.conv2dTranspose(transposed),
  Conv3DTranspose: fit.conv3dTranspose(transposed),
  DepthwiseConv1D: fit.depthwiseConv1d(depthwise),
  DepthwiseConv2D: fit.depthwiseConv2d(depthwise),
  SeparableConv1D: fit.separableConv1d({ ...depthwise, ...pointwise }),
  SeparableConv2D: fit.separableConv2d({ ...depthwise, ...pointwise }),
  MaxPooling1D: fit.maxPooling1d(pool),
  MaxPooling2D: fit.maxPooling2d(pool),
  MaxPooling3D: fit.maxPooling3d(pool),
  AveragePooling1D: fit.averagePooling1d(pool),
  AveragePooling2D: fit.averagePooling2d(pool),
  AveragePooling3D: fit.averagePooling3d(pool),
  GlobalMaxPooling1D: fit.globalMaxPooling1d(global),
  GlobalMaxPooling2D: fit.globalMaxPooling2d(global),
  GlobalMaxPooling3D: fit.globalMaxPooling3d(global),
  GlobalAveragePooling1D: fit.globalAveragePooling1d(global),
  GlobalAveragePooling2D: fit.globalAveragePooling2d(global),
  GlobalAveragePooling3D: fit.globalAveragePooling3d(global),
  UpSampling1D: fit.upSampling1d({ size: 3 }),
  UpSampling2D: fit.upSampling2d({ size: [1, 2], interpolation: 'bilinear', ...first }),
  UpSampling3D: fit.upSampling3d({ size: 2, ...first }),
  ZeroPadding1D: fit.zeroPadding1d({ padding: [1, 2], ...first }),
  ZeroPadding2D: fit.zeroPadding2d({
    padding: [
      [0, 1],
      [2, 0],
    ],
    ...first,
  }),
  ZeroPadding3D: fit.zeroPadding3d({ padding: 1, ...first }),
  Cropping1D: fit.cropping1d({ cropping: [1, 2] }),
  Cropping2D: fit.cropping2d({ cropping: [1, 0], ...first }),
  Cropping3D: fit.cropping3d({ cropping: 1, ...first }),
  Flatten: fit.flatten(first),
  Reshape: fit.reshape({ targetShape: [2, -1] }),
  Permute: fit.permute({ dims: [2, 1] }),
  RepeatVector: fit.repeatVector({ n: 3 }),
  Identity: fit.identity({}),
  Activation: fit.activation({ activation: 'tanh' }),
  ReLU: fit.relu({ maxValue: 6, negativeSlope: 0.1, threshold: 0.2 }),
  LeakyReLU: fit.leakyRelu({ negativeSlope: 0.1 }),
  PReLU: fit.prelu({
    sharedAxes: [1],
    alphaInitializer: 'ones',
    alphaRegularizer: 'l1',
    alphaConstraint: bound,
  }),
  ELU: fit.elu({ alpha: 0.5 }),
  Softmax: fit.softmax({ axis: [1, 2] }),
  BatchNormalization: fit.batchNormalization({
    ...scale,
    axis: 1,
    momentum: 0.9,
    movingMeanInitializer: 'zeros',
    movingVarianceInitializer: 'ones',
  }),
  LayerNormalization: fit.layerNormalization({ ...scale, axis: [1, 2] }),
  GroupNormalization: fit.groupNormalization({ ...scale, axis: 1, groups: 2 }),
  UnitNormalization: fit.unitNormalization({ axis: 1 }),
  RMSNormalization: fit.rmsNormalization({ axis: 1, epsilon: 0.1 }),
  Dropout: fit.dropout({ rate: 0.5, noiseShape: [null, 1], seed: 2 }),
  AlphaDropout: fit.alphaDropout({ rate: 0.5, noiseShape: [null, 1], seed: 2 }),
  SpatialDropout1D: fit.spatialDropout1d({ rate: 0.5, seed: 2 }),
  SpatialDropout2D: fit.spatialDropout2d({ rate: 0.5, seed: 2, ...first }),
  SpatialDropout3D: fit.spatialDropout3d({ rate: 0.5, seed: 2, ...first }),
  Add: fit.add(),
  Subtract: fit.subtract(),
  Multiply: fit.multiply(),
  Average: fit.average(),
  Maximum: fit.maximum(),
  Minimum: fit.minimum(),
  Concatenate: fit.concatenate({ axis: 1 }),
  Dot: fit.dot({ axes: [1, 2], normalize: true }),
};

/** What Keras writes that has no argument here, since it is refused unless it is empty, or out of use. */
const without: Readonly<Record<string, readonly string[]>> = {
  Dense: ['quantization_config'],
  Embedding: ['mask_zero', 'quantization_config'],
  // Keras itself warns that RMSNormalization is to be taken instead.
  LayerNormalization: ['rms_scaling'],
  BatchNormalization: ['synchronized', 'renorm', 'renorm_clipping', 'renorm_momentum'],
};
const common = ['name', 'trainable', 'dtype', 'activity_regularizer'];

/** The layers of the cases, as Keras wrote them. */
const written = layerCases.cases.flatMap(
  ({ config }) => (config.config as { layers: readonly Entry[] }).layers,
);

test('every layer that can be trained has one, under its own name', () => {
  expect(Object.keys(full).sort()).toEqual([...layerKindNames].sort());
  for (const [className, { serialized }] of Object.entries(full)) {
    expect(serialized).toMatchObject({
      module: 'keras.layers',
      class_name: className,
      registered_name: null,
    });
  }
  const spelled = (name: string): string => name.toLowerCase();
  const exported = new Set(Object.keys(fit).map(spelled));
  expect(layerKindNames.filter((name) => !exported.has(spelled(name)))).toEqual([]);
});

test.each(Object.keys(full))('%s takes what Keras writes of it', (className) => {
  const keras = new Set(
    written.filter((entry) => entry.class_name === className).flatMap(({ config }) => Object.keys(config)),
  );
  for (const key of [...common, ...(without[className] ?? [])]) keras.delete(key);
  const own = Object.keys(full[className]?.serialized.config ?? {}).filter((key) => !common.includes(key));
  expect(own.sort()).toEqual([...keras].sort());
});

describe('from the arguments that Keras wrote', () => {
  const camel = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  const isConstraint = (key: string): boolean => key.endsWith('_constraint');
  const functions = new Map(
    Object.entries(fit).map(([name, made]) => [
      name.toLowerCase(),
      made as (args: object) => fit.LayerDefinition,
    ]),
  );

  test.each(layerKindNames)('%s gives its config', (className) => {
    const entries = written.filter((entry) => entry.class_name === className);
    expect(entries.length).toBeGreaterThan(0);
    for (const { config } of entries) {
      const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
      const args = Object.entries(given).map(([key, value]) => [
        camel(key),
        isConstraint(key) ? deserialize(value) : value,
      ]);
      const made = functions.get(className.toLowerCase())?.(Object.fromEntries(args));
      expect(made?.serialized.config).toEqual(given);
      const constraints = Object.keys(given).filter(isConstraint);
      expect(Object.keys(made?.constraints ?? {})).toEqual(constraints);
      expect(Object.values(made?.constraints ?? {}).every((each) => each instanceof Constraint)).toBe(true);
    }
  });
});

test('a model of many of them is one that Keras has: the same step as its config gives', () => {
  const layers = [
    fit.input({ shape: [8, 8, 2], name: 'input' }),
    fit.conv2d({
      filters: 4,
      kernelSize: 3,
      padding: 'same',
      kernelInitializer: fit.heNormal(),
      kernelConstraint: bound,
    }),
    fit.layerNormalization(),
    fit.leakyRelu(),
    fit.depthwiseConv2d({ kernelSize: 2, strides: 2, depthwiseConstraint: bound }),
    fit.prelu({ sharedAxes: [1, 2], alphaInitializer: fit.constant({ value: 0.2 }) }),
    fit.upSampling2d({ interpolation: 'bilinear' }),
    fit.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
    fit.cropping2d({
      cropping: [
        [1, 0],
        [2, 3],
      ],
    }),
    fit.globalAveragePooling2d(),
    fit.dense({ units: 2, kernelInitializer: fit.truncatedNormal({ stddev: 0.2 }) }),
  ];
  const model = fit.sequential(layers, { seed: 3 });
  const again = fit.modelFromConfig(JSON.parse(JSON.stringify(model.config)), { seed: 3 });
  const options = { optimizer: fit.sgd(), loss: 'mse' };
  expect(fit.buildTrainStep(model, options).model).toEqual(fit.buildTrainStep(again, options).model);
  expect(model.weights.get('p_re_lu/alpha')?.data).toEqual(new Float32Array(4).fill(0.2));
  expect(model.variables.filter(({ constraint }) => constraint !== null).map(({ path }) => path)).toEqual([
    'conv2d/kernel',
    'depthwise_conv2d/kernel',
  ]);
});

describe('constraints of layers', () => {
  const x = new Float32Array(8).fill(1);
  const y = new Float32Array(4).fill(-9);
  const halved = (w: SymbolicTensor): SymbolicTensor => multiply(w, 0.5);

  class Shifted extends Constraint {
    constructor(readonly by = 7) {
      super();
    }
    override call(w: SymbolicTensor): SymbolicTensor {
      return add(multiply(w, 0), this.by);
    }
    override getConfig(): { by: number } {
      return { by: this.by };
    }
  }

  /** The kernels and biases of two layers after a step in which the constraints alone change anything. */
  async function trained(...args: readonly Partial<Parameters<typeof fit.dense>[0]>[]): Promise<number[][]> {
    const ones = { kernelInitializer: 'ones', biasInitializer: 'ones' };
    const model = fit.sequential([
      fit.input({ shape: [2] }),
      ...args.map((own) => fit.dense({ units: 1, ...ones, ...own })),
    ]);
    await train(
      model,
      { x: { data: x, dims: [4, 2] }, y },
      { optimizer: fit.sgd({ learningRate: 0 }), loss: 'mse' },
    );
    return [...model.weights.values()].map(({ data }) => Array.from(data as Float32Array));
  }

  test('are whatever Keras takes: an instance, a class, a function, a name, a config, or null', async () => {
    const config = { class_name: 'MaxNorm', config: { max_value: 0.5 } };
    expect(await trained({ kernelConstraint: new Shifted(3), biasConstraint: Shifted })).toEqual([
      [3, 3],
      [7],
    ]);
    expect(await trained({ kernelConstraint: halved, biasConstraint: 'non_neg' })).toEqual([[0.5, 0.5], [1]]);
    const scaled = Math.fround(0.5 / Math.fround(1 + 1e-7));
    expect(await trained({ kernelConstraint: null, biasConstraint: config })).toEqual([[1, 1], [scaled]]);
  });

  test('of which functions have a name each, also where several are written in place', async () => {
    const kernels = await trained(
      { kernelConstraint: (w) => multiply(w, 0.25), biasConstraint: halved },
      { kernelConstraint: (w) => multiply(w, 0.125), biasConstraint: halved },
    );
    expect(kernels).toEqual([[0.25, 0.25], [0.5], [0.125], [0.5]]);
    const [first, second] = [0.25, 0.125].map((factor) =>
      fit.dense({ units: 1, kernelConstraint: (w) => multiply(w, factor) }),
    );
    const { config } = fit.sequential([fit.input({ shape: [2] }), first, second] as never);
    const { layers } = config.config as unknown as { layers: { config: Record<string, unknown> }[] };
    const named = (name: string) => ({
      module: 'builtins',
      class_name: 'function',
      config: name,
      registered_name: 'function',
    });
    expect(layers.slice(1).map((layer) => layer.config.kernel_constraint)).toEqual([
      named('kernelConstraint'),
      named('kernelConstraint_1'),
    ]);
  });

  test('alone can be functions', () => {
    expect(() => fit.dense({ units: 1, activation: halved as never })).toThrow(
      'activation: a function cannot be written into a config; only constraints can be functions',
    );
  });

  test('of two classes with one name are refused, since they could not be told apart', () => {
    const other = { Shifted: class Shifted extends Constraint {} }.Shifted;
    const layers = [Shifted, other].map((kernelConstraint) => fit.dense({ units: 1, kernelConstraint }));
    expect(() => fit.sequential([fit.input({ shape: [2] }), ...layers])).toThrow(
      "kernel_constraint: another constraint is named 'Shifted'",
    );
  });
});
