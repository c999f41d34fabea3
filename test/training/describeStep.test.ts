// Which parameter of a step each variable of a Keras file is, and the constraint in that parameter's layout.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { get, MaxNorm, serialize } from '../../src/index.js';
import { type KerasModel, parseKerasConfig } from '../../src/keras/kerasModel.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { describeStep } from '../../src/training/describeStep.js';
import { splice } from '../../src/training/splice.js';
import { parseStepDescription, type StepDescription } from '../../src/training/stepDescription.js';
import { sgdStep } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { makeTensor, randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

const read = (name: string) => readFileSync(stepPath(name));
const keras = (name: string) => parseKerasConfig(read(`keras/${name}.json`).toString('utf8'));

/** The model with some of its variables. */
function only(model: KerasModel, ...paths: readonly string[]): KerasModel {
  return { ...model, variables: model.variables.filter(({ path }) => paths.includes(path)) };
}

describe('the constraints of a Keras config are those of the description beside the step', () => {
  test.each([
    ['mlp_sgd/step', 'mlp_sgd/constraints', 'mlp', 'name'],
    ['jax_momentum/step', 'jax_momentum/constraints', 'jax_momentum', 'shape'],
    ['jax/cnn/step_18', 'jax/cnn/constraints', 'jax_cnn', 'shape'],
    ['jax/embedding/step_18', 'jax/embedding/constraints', 'jax_embedding', 'shape'],
  ])('%s', async (step, constraints, config, told) => {
    const model = OnnxModel.decode(read(`${step}.onnx`));
    const { description, plan } = describeStep(model, keras(config));
    expect(plan.entries.map(({ status, toldBy }) => [status, toldBy])).toEqual(
      plan.entries.map(() => ['resolved', told]),
    );
    const given = parseStepDescription(read(`${constraints}.json`).toString('utf8'));
    // Names of nodes come from those of parameters, which are those of inputs in what was found.
    const found = new Set(Object.keys(description.parameters));
    const wanted: StepDescription = {
      parameters: Object.fromEntries(
        Object.values(given.parameters).flatMap((own) => (found.has(own.input) ? [[own.input, own]] : [])),
      ),
    };
    const spliced = (by: StepDescription) => {
      const own = OnnxModel.decode(read(`${step}.onnx`));
      splice(own, by);
      return own.encode();
    };
    const feeds = randomFeeds(model.inputs, new Random(2));
    // A second moment is no less than zero.
    for (const { type, data } of Object.values(feeds))
      if (type === 'float32')
        for (const [k, x] of (data as Float32Array).entries()) (data as Float32Array)[k] = Math.abs(x);
    const [ours, theirs] = [
      await runStep(spliced(description), feeds),
      await runStep(spliced(wanted), feeds),
    ];
    const plain = await runStep(model.encode(), feeds);
    expect(ours).not.toEqual(plain);
    for (const [name, { data }] of Object.entries(theirs)) {
      const scale = Math.max(...data.map(Math.abs));
      for (const [k, value] of data.entries())
        expect(Math.abs((ours[name]?.data[k] as number) - value)).toBeLessThanOrEqual(1e-6 * scale);
    }
  });
});

/** An array with its dimensions in another order. */
function permute(values: readonly number[], shape: readonly number[], order: readonly number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let found: { at: number }[] = [{ at: 0 }];
  for (const axis of order) {
    const places = Array.from({ length: shape[axis] as number }, (_, i) => i * (strides[axis] as number));
    found = found.flatMap(({ at }) => places.map((place) => ({ at: at + place })));
  }
  return found.map(({ at }) => values[at] as number);
}

describe('layouts of other frameworks', () => {
  test.each([
    ['depth/kernel', 'depth.weight', [8, 1, 3, 3], [2, 3, 0, 1], [0, 1, 2]],
    ['depth/kernel', "params['depth']['kernel']", [3, 3, 1, 8], [0, 1, 2, 3], [0, 1, 2]],
    ['depth/kernel', 'depth/kernel', [3, 3, 4, 2], [0, 1, 2, 3], [0, 1, 2]],
    ['square/kernel', 'net.square.weight', [8, 8, 3, 3], [3, 2, 0, 1], [0, 1, 2]],
    ['square/kernel', 'params/square/kernel', [3, 3, 8, 8], [0, 1, 2, 3], [0, 1, 2]],
    ['up/kernel', 'up.weight', [8, 5, 3, 3], [3, 2, 0, 1], [0, 1, 3]],
  ] as const)('%s as %s %j', async (path, name, dims, order, axis) => {
    const variable = only(keras('layouts'), path);
    const shape = variable.variables[0]?.shape as readonly number[];
    const step = sgdStep({ names: [name], shape: dims });
    const { description, plan } = describeStep(step, variable);
    expect(plan.entries).toMatchObject([{ status: 'resolved', toldBy: 'name' }]);
    // As a file holds it.
    const parameters = Object.entries(description.parameters).map(([key, own]) => {
      const constraint = get(own.constraint);
      return [key, { ...own, constraint: constraint && serialize(constraint) }];
    });
    splice(step, parseStepDescription(JSON.stringify({ parameters: Object.fromEntries(parameters) })));
    const sizes: readonly number[] = dims;
    const weight = new Random(7).numbers(
      sizes.reduce((a, b) => a * b, 1),
      -2,
      2,
    );
    const outputs = await runStep(step.encode(), {
      lr: makeTensor('float32', [0], []),
      [name]: makeTensor('float32', permute(weight, shape, order), [...dims]),
      [`${name}_gradient`]: makeTensor('float32', weight, [...dims]),
    });
    const wanted = permute(
      reference.maxNorm(weight, shape, { maxValue: 0.5, axis: [...axis] }),
      shape,
      order,
    );
    const found = outputs[`${name}_new`]?.data ?? [];
    expect(found.length).toBe(wanted.length);
    for (const [i, value] of wanted.entries())
      expect(Math.abs((found[i] as number) - value)).toBeLessThan(1e-5);
  });
});

describe('a square kernel', () => {
  const square = only(keras('layouts'), 'second/kernel');

  /** `loss = sum(x · w)` in some form, and an update by a gradient that reads `w` the other way around. */
  function step(forward: (builder: GraphBuilder) => string): OnnxModel {
    const builder = new GraphBuilder({ opset: 18 });
    for (const name of ['x', 'w']) builder.input({ name, dtype: 'float32', shape: [8, 8] });
    builder.output({ name: 'loss', dtype: 'float32', shape: [] });
    builder.output({ name: 'w_new', dtype: 'float32', shape: [8, 8] });
    const y = forward(builder);
    builder.node('ReduceSum', [y], { keepdims: { type: 'int', value: 0 } }, 'loss');
    const back = builder.node('MatMul', ['w', y]);
    const other = builder.node('MatMul', [y, 'w']);
    const change = builder.node('Add', [back, other]);
    builder.node('Sub', ['w', change], {}, 'w_new');
    return OnnxModel.decode(encodeGraph(builder.build('step')));
  }

  const transposed = (builder: GraphBuilder) =>
    builder.node('Transpose', ['w'], { perm: { type: 'ints', value: [1, 0] } });

  test.each([
    ['MatMul', (b: GraphBuilder) => b.node('MatMul', ['x', 'w']), 0],
    ['MatMul of the transposed', (b: GraphBuilder) => b.node('MatMul', ['x', transposed(b)]), 1],
    ['MatMul from the left', (b: GraphBuilder) => b.node('MatMul', ['w', 'x']), 1],
    ['Gemm', (b: GraphBuilder) => b.node('Gemm', ['x', 'w']), 0],
    [
      'Gemm with transB',
      (b: GraphBuilder) => b.node('Gemm', ['x', 'w'], { transB: { type: 'int', value: 1 } }),
      1,
    ],
  ] as const)('is told by the forward pass: %s', (_, forward, axis) => {
    const { description } = describeStep(step(forward), square);
    const constraint = description.parameters.w?.constraint as MaxNorm;
    expect([constraint.axis].flat()).toEqual([axis]);
  });

  test.each([
    ['nothing', (b: GraphBuilder) => b.node('Mul', ['x', 'w']), 'nothing that reads it in the forward pass'],
    [
      'both',
      (b: GraphBuilder) => b.node('MatMul', [b.node('MatMul', ['x', 'w']), transposed(b)]),
      'what reads it disagrees',
    ],
  ] as const)('stays open where %s tells', (_, forward, reason) => {
    const { plan, description } = describeStep(step(forward), square);
    expect(plan.entries).toMatchObject([{ status: 'unresolved' }]);
    expect(plan.entries[0]?.reason).toContain('in more than one order of its dimensions ([0, 1] or [1, 0])');
    expect(plan.entries[0]?.reason).toContain(reason);
    expect(description.parameters.w?.constraint).toBe(null);
  });
});

describe('not placed', () => {
  const model = keras('mlp');
  const reasons = (step: OnnxModel, config: KerasModel = model) =>
    Object.fromEntries(
      describeStep(step, config).plan.entries.flatMap(({ variable, reason }) =>
        reason === undefined ? [] : [[variable.path, reason]],
      ),
    );

  test('several of its shape, none of its name', () => {
    const found = reasons(sgdStep({ names: ['a', 'b'], shape: [32, 64] }), only(model, 'fc1/kernel'));
    expect(found['fc1/kernel']).toBe('a, b all have the sizes of (64, 32), and no name tells which it is');
  });

  test('one of its shape, which another variable has too', () => {
    const twins = { ...model, variables: model.variables.map((own) => ({ ...own, shape: [32, 10] })) };
    const found = reasons(
      sgdStep({ names: ['a'], shape: [32, 10] }),
      only(twins, 'fc1/kernel', 'fc2/kernel'),
    );
    expect(found['fc1/kernel']).toContain('a has the sizes of fc2/kernel as well');
  });

  test('its name with another shape, and no shape of its', () => {
    const found = reasons(sgdStep({ names: ['fc1.weight'], shape: [3, 4] }));
    expect(found['fc1/kernel']).toContain(
      'fc1.weight has its name and shape (3, 4), which is (64, 32) in no layout',
    );
    expect(found['fc2/kernel']).toBe('no parameter of the step has the sizes of (32, 10)');
  });

  test('two of its name', () => {
    const step = sgdStep({ names: ['a/fc1/kernel', 'b/fc1/kernel'], shape: [64, 32] });
    expect(reasons(step, only(model, 'fc1/kernel'))['fc1/kernel']).toBe(
      'a/fc1/kernel, b/fc1/kernel both have its name',
    );
  });

  test('a parameter that another has by its name', () => {
    const step = sgdStep({ names: ['fc1.bias'], shape: [32] });
    const bias = model.variables.find(({ path }) => path === 'fc1/bias');
    const other = { ...bias, path: 'fc9/bias', constraint: new MaxNorm() } as KerasModel['variables'][0];
    const found = reasons(step, { ...model, variables: [bias as typeof other, other] });
    expect(found).toEqual({
      'fc9/bias': 'only fc1.bias has the sizes of (32,), by its name another variable',
    });
  });

  test('a config that does not tell the shape', () => {
    const open = { ...model, variables: model.variables.map((own) => ({ ...own, shape: undefined })) };
    expect(reasons(sgdStep({ names: ['fc1.weight'], shape: [32, 64] }), open)['fc1/kernel']).toContain(
      'the Keras file does not tell its shape',
    );
  });
});

test('frozen variables are listed and left alone, unless they are asked for', () => {
  const step = OnnxModel.decode(read('mlp_sgd/step.onnx'));
  const left = describeStep(step, keras('mlp_frozen'));
  expect(left.plan.entries.map(({ status }) => status)).toEqual(['resolved', 'resolved', 'frozen']);
  expect(left.description.parameters['fc2.weight']?.constraint).toBe(null);
  const all = describeStep(step, keras('mlp_frozen'), { includeFrozen: true });
  expect(all.plan.entries.map(({ status }) => status)).toEqual(['resolved', 'resolved', 'resolved']);
});

test('with training_info the values tell, where names and sizes do not', () => {
  const model = OnnxModel.decode(read('small/training_info.onnx'));
  const [tensor] = model.tensors();
  const stored = tensor?.read();
  const config = keras('mlp');
  const [kernel] = config.variables as [KerasModel['variables'][0]];
  const numbers = Array.from(stored?.data as Float32Array);
  const data = Float32Array.from(permute(numbers, [4, 3], [1, 0]));
  const value = { dtype: 'float32', dims: [3, 4], data } as const;
  const variables = [
    { ...kernel, shape: [3, 4], value },
    { ...kernel, path: 'fc2/kernel', shape: [3, 4], value: { ...value, data: data.map((x) => x + 1) } },
  ];
  const { plan, description } = describeStep(model, { ...config, variables });
  expect(plan.entries).toMatchObject([{ status: 'resolved', toldBy: 'value' }, { status: 'unresolved' }]);
  expect(description.parameters.w?.constraint).toMatchObject({ maxValue: 0.8, axis: [1] });
  splice(model, description);
});
