// Which tensor holds which variable, on small models made for each case: what decides between equals, and what is refused.
import { describe, expect, test } from 'vitest';
import type { Attribute } from '../../src/graph/graph.js';
import {
  type Constraint,
  fromFloat64,
  type KerasModel,
  type KerasVariable,
  maxNorm,
  nonNeg,
  OnnxModel,
  type PlanEntry,
  resolve,
  type TensorValue,
  toFloat64,
  unitNorm,
} from '../../src/index.js';
import { applyPlan, checkPlan, createRunner, planModel } from '../../src/node.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';

function tensor(
  dims: readonly number[],
  values?: readonly number[],
  dtype: TensorValue['dtype'] = 'float32',
): TensorValue {
  const count = dims.reduce((a, b) => a * b, 1);
  const all = values ?? Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i + 1)));
  return fromFloat64(all, dtype, dims);
}

function variable(
  path: string,
  value: TensorValue,
  constraint: Constraint | null,
  more: object = {},
): KerasVariable {
  const [layer, name] = [path.split('/').at(-2) ?? '', path.split('/').at(-1) ?? ''];
  const { dims: shape, dtype } = value;
  return {
    path,
    layer,
    layerClass: 'Dense',
    name,
    shape,
    dtype,
    trainable: true,
    constraint,
    value,
    ...more,
  };
}

function keras(...variables: readonly KerasVariable[]): KerasModel {
  return {
    name: 'm',
    className: 'Sequential',
    format: 'keras',
    variables,
    layers: [],
    lost: [],
    warnings: [],
  };
}

interface Reader {
  readonly opType: string;
  readonly index?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A model with these initializers, each read by one node. */
function model(
  ...stored: readonly (readonly [name: string, value: TensorValue, reader: Reader])[]
): OnnxModel {
  return OnnxModel.decode(
    encodeGraph({
      name: 'host',
      opset: 18,
      inputs: [{ name: 'x', dtype: 'float32', shape: undefined }],
      outputs: [],
      initializers: stored.map(([name, value]) => ({ name, value })),
      nodes: stored.map(([name, , { opType, index = 1, attributes = {} }], i) => ({
        opType,
        name: `node_${i}`,
        inputs: index === 0 ? [name, 'x'] : ['x', ...Array<string>(index - 1).fill(''), name],
        outputs: [`y_${i}`],
        attributes,
      })),
    }),
  );
}

const matMul: Reader = { opType: 'MatMul' };
const add: Reader = { opType: 'Add' };
const conv: Reader = { opType: 'Conv' };
const transposed: Reader = { opType: 'Transpose', index: 0 };

function only(entries: readonly PlanEntry[]): PlanEntry {
  expect(entries).toHaveLength(1);
  return entries[0] as PlanEntry;
}

function planned(host: OnnxModel, ...variables: readonly KerasVariable[]): readonly PlanEntry[] {
  return resolve(host, keras(...variables)).entries;
}

/** The values of a two-dimensional tensor with its dimensions exchanged. */
function exchanged(value: TensorValue): TensorValue {
  const [rows, columns] = value.dims as [number, number];
  const values = toFloat64(value);
  const result = Array.from(
    { length: values.length },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number,
  );
  return fromFloat64(result, value.dtype, [columns, rows]);
}

describe('one tensor holds the values', () => {
  const value = tensor([3, 4]);

  test('as they are', () => {
    const entry = only(planned(model(['w', value, matMul]), variable('d/kernel', value, maxNorm(1))));
    expect(entry.status).toBe('resolved');
    expect(entry.placements.map(({ tensors, how }) => [tensors[0]?.name, how])).toEqual([['w', ['exact']]]);
  });

  test('with the dimensions exchanged', () => {
    const gemm: Reader = { opType: 'Gemm', attributes: { transB: { type: 'int', value: 1 } } };
    const entry = only(
      planned(model(['w', exchanged(value), gemm]), variable('d/kernel', value, maxNorm(1))),
    );
    expect(entry.placements[0]?.layout).toEqual({ kerasShape: [3, 4], perm: [1, 0], tensorShape: [4, 3] });
    expect(entry.placements[0]?.how).toEqual(['permuted']);
  });

  test('with other dims', () => {
    const flat = { ...value, dims: [1, 12] };
    const entry = only(planned(model(['w', flat, add]), variable('d/kernel', value, maxNorm(1))));
    expect(entry.placements[0]?.how).toEqual(['reshaped']);
  });

  test('rounded to float16, as an exporter that halves a model stores them', () => {
    const half = tensor([3, 4], [...toFloat64(value)], 'float16');
    const entry = only(planned(model(['w', half, matMul]), variable('d/kernel', value, maxNorm(1))));
    expect(entry.status).toBe('resolved');
  });

  test('and another has the same values in another order', () => {
    const shuffled = tensor([3, 4], [...toFloat64(value)].reverse());
    const host = model(['wrong', shuffled, matMul], ['right', value, matMul]);
    expect(only(planned(host, variable('d/kernel', value, maxNorm(1)))).tensors[0]?.name).toBe('right');
  });
});

describe('several orders of the dimensions hold the values', () => {
  const symmetric = tensor([3, 3], [1, 2, 3, 2, 4, 5, 3, 5, 6]);
  const kernel = (constraint: Constraint): KerasVariable => variable('d/kernel', symmetric, constraint);

  test('the operator that reads the tensor decides', () => {
    const gemm: Reader = { opType: 'Gemm', attributes: { transB: { type: 'int', value: 1 } } };
    for (const [reader, perm] of [
      [matMul, [0, 1]],
      [gemm, [1, 0]],
    ] as const) {
      const entry = only(planned(model(['w', symmetric, reader]), kernel(maxNorm(1))));
      expect(entry.placements[0]?.layout?.perm).toEqual(perm);
    }
  });

  test('a convolution decides for filters of equal sizes', () => {
    const cube = tensor([2, 2, 2, 2], Array(16).fill(0.5));
    const entry = only(planned(model(['w', cube, conv]), variable('c/kernel', cube, maxNorm(1, [0, 1, 2]))));
    expect(entry.placements[0]?.layout?.perm).toEqual([3, 2, 0, 1]);
  });

  test('without such an operator it is unresolved, and the orders are named', () => {
    const entry = only(planned(model(['w', symmetric, transposed]), kernel(maxNorm(1))));
    expect(entry.status).toBe('unresolved');
    expect(entry.reason).toMatch(/w holds its values in more than one order .*\[0, 1\], \[1, 0\]/);
  });

  test('it does not matter where every order gives the same', () => {
    const host = model(['w', symmetric, transposed]);
    expect(only(planned(host, kernel(nonNeg()))).status).toBe('resolved');
    expect(only(planned(host, kernel(maxNorm(1, null)))).status).toBe('resolved');
  });
});

describe('several tensors or variables have the same values', () => {
  const value = tensor([2, 3]);

  test('copies of one variable are all placed, and all projected', async () => {
    const host = model(['w', value, matMul], ['w_copy', value, matMul]);
    const runner = await createRunner();
    const plan = await planModel(host, keras(variable('d/kernel', value, maxNorm(0.5))), runner);
    await applyPlan(plan, runner);
    await runner.dispose();
    const [first, second] = host.tensors().map((stored) => toFloat64(stored.read()));
    expect(first).toEqual(second);
    expect(first).not.toEqual(toFloat64(value));
  });

  test('names tell equal variables apart', () => {
    const host = model(['m/left/MatMul', value, matMul], ['m/right/MatMul', value, matMul]);
    const entries = planned(
      host,
      variable('right/kernel', value, maxNorm(1)),
      variable('left/kernel', value, nonNeg()),
    );
    expect(entries.map(({ tensors }) => tensors.map(({ name }) => name))).toEqual([
      ['m/right/MatMul'],
      ['m/left/MatMul'],
    ]);
  });

  test('without telling names they are unresolved, also against a variable that has no constraint', () => {
    const host = model(['const_0', value, matMul]);
    const entry = only(
      planned(host, variable('a/kernel', value, maxNorm(1)), variable('b/kernel', value, null)),
    );
    expect(entry.status).toBe('unresolved');
    expect(entry.reason).toMatch(/const_0 could also hold b\/kernel/);
  });

  test('uniform values in two tensors are unresolved', () => {
    const zeros = tensor([3], [-1, -1, -1]);
    const host = model(['const_0', zeros, add], ['const_1', zeros, add]);
    const entry = only(planned(host, variable('d/bias', zeros, nonNeg())));
    expect(entry.reason).toMatch(/const_0, const_1 all hold its values, which are too few or too uniform/);
  });
});

describe('no tensor holds the values', () => {
  const value = tensor([2, 3]);
  const kernel = variable('d/kernel', value, maxNorm(1));

  test('because none has their number', () => {
    expect(only(planned(model(['w', tensor([5]), add]), kernel)).reason).toMatch(
      /no tensor of the model has the 6 elements of \(2, 3\)/,
    );
  });

  test('because those with their number hold others', () => {
    const other = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(only(planned(model(['w', other, matMul]), kernel)).reason).toMatch(
      /none of the 1 tensors with 6 elements/,
    );
  });

  test('but one has its name: it may have been trained on', () => {
    const other = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(only(planned(model(['m/d/MatMul', other, matMul]), kernel)).reason).toMatch(
      /m\/d\/MatMul has its name and size but other values: was the model trained on/,
    );
  });

  test('because the Keras file has no weights', () => {
    const { value: _, ...without } = kernel;
    expect(only(planned(model(['w', value, matMul]), without)).reason).toMatch(/holds no weights/);
  });

  test('integers of the same values are not taken for weights', () => {
    const whole = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    const integers = tensor([2, 3], [1, 2, 3, 4, 5, 6], 'int64');
    const entry = only(planned(model(['shape', integers, add]), variable('d/kernel', whole, maxNorm(1))));
    expect(entry.status).toBe('unresolved');
  });
});

describe('a bias of zeros', () => {
  const zeros = tensor([3], [0, 0, 0]);
  const bias = variable('d/bias', zeros, nonNeg());

  test('that the exporter dropped is satisfied', () => {
    expect(only(planned(model(['w', tensor([2, 3]), matMul]), bias)).status).toBe('satisfied');
  });

  test('is not taken for dropped where the model has a tensor of its size that no variable explains', () => {
    const trained = model(['renamed', tensor([3], [-1, 2, -3]), add]);
    expect(only(planned(trained, bias)).status).toBe('unresolved');
  });

  test('is satisfied beside the bias of another layer', () => {
    const other = tensor([3], [1, 2, 3]);
    const host = model(['const_0', other, add]);
    const entries = planned(host, bias, variable('e/bias', other, nonNeg()));
    expect(entries.map(({ status }) => status)).toEqual(['satisfied', 'resolved']);
  });
});

describe('what is not placed at all', () => {
  const value = tensor([2, 3]);
  const host = model(['w', value, matMul]);

  test('variables without a constraint', () => {
    expect(planned(host, variable('d/kernel', value, null))).toEqual([]);
  });

  test('frozen variables, unless asked for', () => {
    const frozen = keras(variable('d/kernel', value, maxNorm(1), { trainable: false }));
    expect(only(resolve(host, frozen).entries)).toMatchObject({ status: 'frozen', tensors: [] });
    expect(only(resolve(host, frozen, { includeFrozen: true }).entries).status).toBe('resolved');
  });

  test('a constraint that does not fit its variable', () => {
    const entry = only(planned(host, variable('d/kernel', value, maxNorm(1, 2))));
    expect(entry).toMatchObject({ status: 'unresolved', fits: false });
    expect(entry.reason).toMatch(/axis 2 is out of range for shape \(2, 3\)/);
  });
});

test('a model that was projected before is found by what the constraints make of the variables', async () => {
  const value = tensor([4, 5]);
  const stored = exchanged(value);
  const gemm: Reader = { opType: 'Gemm', attributes: { transB: { type: 'int', value: 1 } } };
  const host = model(['w', stored, gemm]);
  const file = keras(variable('d/kernel', value, unitNorm()));
  const runner = await createRunner();
  await applyPlan(await planModel(host, file, runner), runner);
  expect(only(resolve(host, file).entries).status).toBe('unresolved');
  const again = await planModel(host, file, runner);
  expect(only(again.entries).placements[0]?.layout?.perm).toEqual([1, 0]);
  const [checked] = await checkPlan(again, runner);
  expect(checked?.verdict).toMatchObject({ status: 'satisfied', units: 5 });
  await runner.dispose();
});
