// The published set: which constraint graphs there are, what each is for, and which golden case it is shown on.
// Must not run anything: make.mjs carries this list out.
import { firstRows, float32Scalar, int64, sumOfSquares } from './tensors.mjs';

/**
 * @typedef {object} PublishedGraph
 * @property {string} name of its folder, as ONNX's backend tests name theirs
 * @property {string} constraint Keras's class name
 * @property {string} [exported] the class of the plugin that is exported in its place
 * @property {Readonly<Record<string, unknown>>} config Keras's arguments
 * @property {number} opset
 * @property {string} dtype
 * @property {readonly string[]} options of `export`, beside constraint, config, opset and dtype
 * @property {readonly number[]} shape of the golden weight
 * @property {string} note of the golden case; most have none
 * @property {string} [answers] where the answer is from, if not from the golden case
 * @property {string} form what sets it apart, in a few words
 * @property {(golden: Golden) => TestData} data its inputs and outputs in their order
 */

/** @typedef {{ w: Tensor, answer: Tensor, config: Readonly<Record<string, any>> }} Golden */
/** @typedef {{ dtype: string, dims: readonly number[], bytes: Uint8Array }} Tensor */
/** @typedef {{ inputs: Record<string, Tensor>, outputs: Record<string, Tensor> }} TestData */

const matrix = [4, 3];
const dense = {
  max_norm: { constraint: 'MaxNorm', config: { max_value: 2, axis: 0 } },
  min_max_norm: { constraint: 'MinMaxNorm', config: { min_value: 0.7, max_value: 1.3, rate: 1, axis: 0 } },
  non_neg: { constraint: 'NonNeg', config: {} },
  unit_norm: { constraint: 'UnitNorm', config: { axis: 0 } },
};
const families = Object.keys(dense);

/** @param {string} family @param {string} suffix @param {Partial<PublishedGraph>} rest @returns {PublishedGraph} */
function graph(family, suffix, rest = {}) {
  const shape = rest.shape ?? matrix;
  return {
    name: `test_${family}${suffix}`,
    ...dense[family],
    opset: 18,
    dtype: 'float32',
    options: ['--shape', shape.join()],
    shape,
    note: '',
    form: 'fixed shape',
    data: ({ w, answer }) => ({ inputs: { w }, outputs: { w_out: answer } }),
    ...rest,
  };
}

const opsets = [7, 11, 13, 18, 21, 26].flatMap((opset) =>
  families.map((family) => graph(family, `_opset${opset}`, { opset })),
);

const dtypes = ['float64', 'float16', 'bfloat16'].flatMap((dtype) =>
  families.map((family) => graph(family, `_${dtype}`, { dtype })),
);

const shapes = [
  graph('max_norm', '_open', { options: ['--rank', '2'], form: 'open sizes' }),
  graph('max_norm', '_rows', { config: { max_value: 2, axis: -1 }, form: 'last axis' }),
  graph('max_norm', '_all_axes', { config: { max_value: 2, axis: null }, form: 'all axes' }),
  graph('max_norm', '_conv', {
    config: { max_value: 2, axis: [0, 1, 2] },
    shape: [3, 3, 2, 4],
    form: 'convolution kernel HWIO',
  }),
  graph('min_max_norm', '_rate', {
    config: { min_value: 0.2, max_value: 0.9, rate: 0.5, axis: 0 },
    form: 'rate below 1',
  }),
  graph('unit_norm', '_zeros', { note: 'all zero', form: 'norms of zero' }),
];

const functions = families.map((family) =>
  graph(family, '_function', { options: ['--shape', '4,3', '--function'], form: 'function' }),
);

const runTime = [
  ...['max_norm', 'unit_norm'].map((family) =>
    graph(family, '_axis_input', {
      options: ['--rank', '2', '--axis-input'],
      form: 'axis as input',
      data: ({ w, answer }) => ({ inputs: { w, axes: int64([0]) }, outputs: { w_out: answer } }),
    }),
  ),
  graph('max_norm', '_axis_count', {
    options: ['--rank', '2', '--axis-input', '--axis-count', '1'],
    form: 'one axis as input',
    data: ({ w, answer }) => ({ inputs: { w, axes: int64([0]) }, outputs: { w_out: answer } }),
  }),
  ...['max_norm', 'min_max_norm'].map((family) =>
    graph(family, '_limit_inputs', {
      options: ['--shape', '4,3', '--limit-inputs'],
      form: 'limits as inputs',
      data: ({ w, answer, config: { axis, ...limits } }) => {
        const scalars = Object.entries(limits).map(([name, value]) => [name, float32Scalar(value)]);
        return { inputs: { w, ...Object.fromEntries(scalars) }, outputs: { w_out: answer } };
      },
    }),
  ),
];

// Shown on the first of four shards along the dimension that the norms run over.
const phases = ['max_norm', 'unit_norm'].flatMap((family) => [
  graph(family, '_partial', {
    options: ['--rank', '2', '--phase', 'partial'],
    shape: [50, 17],
    form: 'phase partial',
    answers: 'the formula in float64, rounded once',
    data: ({ w }) => {
      const shard = firstRows(w, 13);
      return { inputs: { w: shard }, outputs: { sum_of_squares: sumOfSquares(shard) } };
    },
  }),
  graph(family, '_finish', {
    options: ['--rank', '2', '--phase', 'finish'],
    shape: [50, 17],
    form: 'phase finish',
    data: ({ w, answer }) => ({
      inputs: { w: firstRows(w, 13), sum_of_squares: sumOfSquares(w) },
      outputs: { w_out: firstRows(answer, 13) },
    }),
  }),
]);

const fast = [
  graph('max_norm', '_fast', { options: ['--shape', '4,3', '--lowering', 'fast'], form: 'fast on CPUs' }),
];

// For runtimes that go wrong on the plain form, which is shown on the same weight.
const otherForms = [
  graph('max_norm', '_conv_axis_by_axis', {
    config: { max_value: 2, axis: [0, 1, 2] },
    exported: 'MaxNormAxisByAxis',
    options: ['--shape', '3,3,2,4', '--plugin', '../../otherForms.mjs'],
    shape: [3, 3, 2, 4],
    form: 'the same, axis by axis',
  }),
  ...[
    { suffix: '_nan', note: 'nan', form: 'NaN' },
    { suffix: '_infinity', note: '-inf', form: '−∞' },
  ].flatMap(({ suffix, note, form }) => [
    graph('non_neg', suffix, { shape: [3, 3], note, form }),
    graph('non_neg', `${suffix}_where`, {
      exported: 'NonNegByWhere',
      options: ['--shape', '3,3', '--plugin', '../../otherForms.mjs'],
      shape: [3, 3],
      note,
      form: `${form} by Where`,
    }),
  ]),
];

/** @type {readonly PublishedGraph[]} */
export const publishedSet = [
  ...opsets,
  ...dtypes,
  ...shapes,
  ...functions,
  ...runTime,
  ...phases,
  ...fast,
  ...otherForms,
];
