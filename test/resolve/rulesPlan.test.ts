// The plans that rules make: units by the node that reads a weight, which rule wins, what cannot be placed.
import { describe, expect, test } from 'vitest';
import type { Attribute } from '../../src/graph/graph.js';
import { fromFloat64, type KerasVariable, MaxNorm, maxNorm, nonNeg, OnnxModel } from '../../src/index.js';
import { applyPlan, checkPlan, createRunner } from '../../src/node.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { axisAdvice } from '../../src/resolve/axisAdvice.js';
import { describeUnits } from '../../src/resolve/describeUnits.js';
import { type RulesPlan, resolveRules } from '../../src/resolve/resolveRules.js';
import { parseRules } from '../../src/resolve/rules.js';

interface Use {
  readonly op: string;
  readonly at: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

interface Weight {
  readonly dims: readonly number[];
  readonly dtype?: 'float32' | 'int64';
  readonly uses: readonly Use[];
}

/** A model with these weights, each read by its nodes at one of their inputs. */
function host(weights: Readonly<Record<string, Weight>>): OnnxModel {
  const all = Object.entries(weights);
  const bytes = encodeGraph({
    name: 'host',
    opset: 18,
    inputs: [{ name: 'x', dtype: 'float32', shape: undefined }],
    outputs: [],
    initializers: all.map(([name, { dims, dtype = 'float32' }]) => {
      const count = dims.reduce((a, b) => a * b, 1);
      const data = dtype === 'int64' ? new BigInt64Array(count) : undefined;
      const values = Array.from({ length: count }, (_, i) => Math.sin(i + 1));
      return { name, value: data ? { dtype, dims, data } : fromFloat64(values, dtype, dims) };
    }),
    nodes: all.flatMap(([name, { uses }]) =>
      uses.map(({ op, at, attributes = {} }, i) => ({
        opType: op,
        name: `${name}.${i}`,
        inputs: [...new Array<string>(at).fill('x'), name],
        outputs: [`${name}.out${i}`],
        attributes,
      })),
    ),
  });
  return OnnxModel.decode(bytes);
}

function planOf(model: OnnxModel, ...constraints: readonly object[]): RulesPlan {
  return resolveRules(model, parseRules({ constraints }));
}

const units = { class_name: 'MaxNorm', config: { max_value: 0.5, axis: 'units' } };
const one: Attribute = { type: 'int', value: 1 };

describe('axis "units"', () => {
  const cases: readonly (readonly [what: string, weight: Weight, axes: readonly number[], words: string])[] =
    [
      ['MatMul, right', { dims: [8, 4], uses: [{ op: 'MatMul', at: 1 }] }, [0], '4 units, over 8 weights'],
      ['MatMul, left', { dims: [4, 8], uses: [{ op: 'MatMul', at: 0 }] }, [1], '4 units, over 8 weights'],
      [
        'MatMul, batched',
        { dims: [3, 8, 4], uses: [{ op: 'MatMul', at: 1 }] },
        [1],
        '12 units, over 8 weights',
      ],
      ['Gemm', { dims: [8, 4], uses: [{ op: 'Gemm', at: 1 }] }, [0], '4 units, over 8 weights'],
      [
        'Gemm transB',
        { dims: [4, 8], uses: [{ op: 'Gemm', at: 1, attributes: { transB: one } }] },
        [1],
        '4 units',
      ],
      ['Gemm, left', { dims: [4, 8], uses: [{ op: 'Gemm', at: 0 }] }, [1], '4 units'],
      [
        'Gemm transA',
        { dims: [8, 4], uses: [{ op: 'Gemm', at: 0, attributes: { transA: one } }] },
        [0],
        '4 units',
      ],
      [
        'Conv',
        { dims: [6, 2, 3, 3], uses: [{ op: 'Conv', at: 1 }] },
        [1, 2, 3],
        '6 filters, over 2×3×3 weights',
      ],
      [
        'ConvTranspose',
        { dims: [2, 6, 3], uses: [{ op: 'ConvTranspose', at: 1 }] },
        [0, 2],
        '6 filters, over 2×3',
      ],
      ['Gather', { dims: [10, 4], uses: [{ op: 'Gather', at: 0 }] }, [1], '10 vectors, over 4 weights'],
    ];

  test.each(cases)('%s', (_, weight, axes, words) => {
    const { entries } = planOf(host({ w: weight }), { match: 'w', constraint: units });
    expect(entries).toHaveLength(1);
    expect(entries[0]?.status).toBe('resolved');
    expect(entries[0]?.constraint).toEqual(
      new MaxNorm({ maxValue: 0.5, axis: axes.length === 1 ? (axes[0] as number) : axes }),
    );
    expect(describeUnits(entries[0] as never)?.text).toContain(`each of ${words}`);
  });

  test.each<readonly [string, Weight, RegExp]>([
    [
      'a transposed convolution with groups',
      {
        dims: [4, 3, 2],
        uses: [{ op: 'ConvTranspose', at: 1, attributes: { group: { type: 'int', value: 2 } } }],
      },
      /ConvTranspose w\.0 has 2 groups: .* which no axis names; give the axis/,
    ],
    [
      'a bias',
      { dims: [4], uses: [{ op: 'Gemm', at: 2 }] },
      /not known from input 2 of Gemm w\.0; give the axis/,
    ],
    ['another operator', { dims: [4, 4], uses: [{ op: 'Transpose', at: 0 }] }, /input 0 of Transpose w\.0/],
    ['no reader', { dims: [4, 4], uses: [] }, /no node reads w/],
    [
      'readers that disagree, as of tied embeddings',
      {
        dims: [8, 4],
        uses: [
          { op: 'Gather', at: 0 },
          { op: 'MatMul', at: 1 },
        ],
      },
      /disagree on its units: Gather w\.0 sums over \[1\], MatMul w\.1 over \[0\]/,
    ],
  ])('%s is refused with the reason', (_, weight, reason) => {
    const { entries } = planOf(host({ w: weight }), { match: 'w', constraint: units });
    expect(entries).toMatchObject([{ status: 'unresolved', tensors: [] }]);
    expect(entries[0]?.reason).toMatch(reason);
  });
});

const dense: Weight = { dims: [8, 4], uses: [{ op: 'MatMul', at: 1 }] };
const bias: Weight = { dims: [4], uses: [{ op: 'Add', at: 1 }] };
const shape: Weight = { dims: [2], dtype: 'int64', uses: [{ op: 'Reshape', at: 1 }] };
const layers = { 'a/w': dense, 'a/b': bias, 'c/w': dense, 'c/shape': shape };

test('the first matching rule wins, and a warning says so', () => {
  const { entries, warnings } = planOf(
    host(layers),
    { match: 'a/w', constraint: 'NonNeg' },
    { match: '*/w', constraint: units },
  );
  expect(entries.map(({ variable, constraint }) => [variable.path, constraint.constructor.name])).toEqual([
    ['a/w', 'NonNeg'],
    ['c/w', 'MaxNorm'],
  ]);
  expect(warnings).toEqual([
    'a/w is matched by constraints[0] and constraints[1]: constraints[0], the first, is used',
  ]);
});

test('globs mean weights alone; excluded tensors are left out', () => {
  const { entries, warnings } = planOf(host(layers), {
    match: '**',
    exclude: ['*/b', 'd/*'],
    constraint: 'NonNeg',
  });
  expect(entries.map(({ variable }) => variable.path)).toEqual(['a/w', 'c/w']);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("constraints[0].exclude: no weight of the model is named 'd/*'");
});

test('what matches nothing, is excluded, or does not fit is unresolved, never skipped', () => {
  const { entries } = planOf(
    host(layers),
    { match: ['a/w', 'a/x'], constraint: 'NonNeg' },
    { match: 'a/b', exclude: '**', constraint: 'NonNeg' },
    { match: 'c/shape', constraint: 'NonNeg' },
    { match: 'c/w', constraint: { class_name: 'UnitNorm', config: { axis: 2 } } },
  );
  const reasons = new Map(entries.map(({ variable, reason }) => [variable.path, reason]));
  expect(entries.filter(({ status }) => status === 'resolved').map(({ variable }) => variable.path)).toEqual([
    'a/w',
  ]);
  expect(reasons.get('a/x')).toMatch(/constraints\[0\]: no weight .* 'a\/x'; near are a\/(b|w)/);
  expect(reasons.get('a/b')).toContain("all tensors that 'a/b' matches are excluded");
  expect(reasons.get('c/shape')).toContain('dtype int64, which is not a floating type');
  expect(reasons.get('c/w')).toContain('axis 2 is out of range');
});

test('the default axis on a weight whose units lie elsewhere is warned of', () => {
  const torch: Weight = { dims: [4, 8], uses: [{ op: 'Gemm', at: 1, attributes: { transB: one } }] };
  const { warnings } = planOf(host({ w: torch, 'a/w': dense }), { match: '**', constraint: 'UnitNorm' });
  expect(warnings).toEqual([
    'w (4, 8): axis=0 does not take each unit of the Gemm that reads it; probably meant: axis=[1], or "axis": "units"',
  ]);
});

test('apply and check follow a plan of rules', async () => {
  const model = host({ w: { dims: [4, 8], uses: [{ op: 'MatMul', at: 0 }] } });
  const runner = await createRunner();
  const plan = planOf(model, { match: 'w', constraint: units });
  expect((await checkPlan(plan, runner))[0]?.verdict).toMatchObject({
    status: 'violated',
    outside: 4,
    units: 4,
  });
  await applyPlan(plan, runner);
  expect((await checkPlan(plan, runner))[0]?.verdict).toMatchObject({ status: 'satisfied' });
  await runner.dispose();
});

describe('advice on the axis', () => {
  const variable = (layerClass: string, name: string, dims: readonly number[]): KerasVariable => ({
    path: `l/${name}`,
    layer: 'l',
    layerClass,
    name,
    shape: dims,
    dtype: 'float32',
    trainable: true,
    constraint: null,
  });

  test.each([
    ['Conv1D', 'kernel', [3, 4, 8], 'axis=[0, 1]'],
    ['Conv2D', 'kernel', [3, 3, 4, 8], 'axis=[0, 1, 2]'],
    ['Conv3D', 'kernel', [3, 3, 3, 4, 8], 'axis=[0, 1, 2, 3]'],
    ['Conv2DTranspose', 'kernel', [3, 3, 8, 4], 'axis=[0, 1, 3]'],
    ['DepthwiseConv2D', 'kernel', [3, 3, 4, 2], 'axis=[0, 1]'],
    ['SeparableConv2D', 'depthwise_kernel', [3, 3, 4, 2], 'axis=[0, 1]'],
    ['SeparableConv2D', 'pointwise_kernel', [1, 1, 4, 8], 'axis=[0, 1, 2]'],
    ['Embedding', 'embeddings', [100, 8], 'for each vector write axis=1'],
  ])('%s %s: what to write instead of the default', (layerClass, name, dims, advice) => {
    expect(axisAdvice(variable(layerClass, name, dims), maxNorm(2))).toContain(advice);
    expect(axisAdvice(variable(layerClass, name, dims), maxNorm({ axis: [0] }))).toContain(advice);
  });

  test.each([
    ['Dense', 'kernel', [8, 4], maxNorm(2)],
    ['Conv2D', 'bias', [8], maxNorm(2)],
    ['DepthwiseConv1D', 'kernel', [3, 4, 2], maxNorm(2)],
    ['Conv2D', 'kernel', [3, 3, 4, 8], nonNeg()],
    ['Conv2D', 'kernel', [3, 3, 4, 8], maxNorm({ axis: [0, 1, 2] })],
    ['Embedding', 'embeddings', [100, 8], maxNorm({ axis: 1 })],
  ])('%s %s: nothing to say', (layerClass, name, dims, constraint) => {
    expect(axisAdvice(variable(layerClass, name, dims), constraint)).toBeUndefined();
  });
});
