// How ops become nodes: operators, attributes and inputs for each opset, names, shared constants.
// Must not run anything.
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/graph/errors.js';
import type { Graph } from '../../src/graph/graph.js';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { NameScope } from '../../src/graph/nameScope.js';
import * as ops from '../../src/ops/index.js';
import { lower, lowerAll } from '../../src/ops/lower.js';
import { olderForm } from '../../src/ops/olderForms.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { opsets } from '../support/opCase.js';

interface Lowering {
  readonly opset?: number;
  readonly names?: NameScope;
  readonly output?: string;
}

function lowered(fn: (w: SymbolicTensor) => SymbolicTensor, options: Lowering = {}): Graph {
  const { opset = 18, names = new NameScope(), output } = options;
  const builder = new GraphBuilder({ opset, names });
  const w = symbolicInput('w', 'float32', [2, 3]);
  builder.input({ name: 'w', dtype: 'float32', shape: [2, 3] });
  lower(fn(w), new Map([[w, 'w']]), builder, output, olderForm);
  return builder.build('g');
}

function opTypes(graph: Graph): string[] {
  return graph.nodes.map((node) => node.opType);
}

describe('axes are an attribute or an input, as the opset wants it', () => {
  const rows: readonly (readonly [string, number, (w: SymbolicTensor) => SymbolicTensor])[] = [
    ['ReduceSum', 13, (w) => ops.sum(w, 1)],
    ['ReduceMean', 18, (w) => ops.mean(w, 1)],
    ['ReduceL2', 18, (w) => ops.norm(w, { axis: 1 })],
    ['ReduceL1', 18, (w) => ops.norm(w, { axis: 1, ord: 1 })],
    ['ReduceMax', 18, (w) => ops.max(ops.cast(w, 'int32'), 1)],
    ['ReduceMin', 18, (w) => ops.min(ops.cast(w, 'int32'), 1)],
    ['Unsqueeze', 13, (w) => ops.expandDims(w, 1)],
    ['Squeeze', 13, (w) => ops.squeeze(ops.reshape(w, [6, 1]), 1)],
  ];

  test.each(rows)('%s from opset %i', (opType, since, fn) => {
    for (const opset of opsets) {
      const graph = lowered(fn, { opset });
      const node = graph.nodes.find((candidate) => candidate.opType === opType);
      expect(node?.inputs.length).toBe(opset >= since ? 2 : 1);
      expect(node?.attributes.axes).toEqual(opset >= since ? undefined : { type: 'ints', value: [1] });
      const axes = graph.initializers.find(({ name }) => name === node?.inputs[1])?.value;
      expect(axes?.data).toEqual(opset >= since ? BigInt64Array.of(1n) : undefined);
    }
  });
});

describe('nodes', () => {
  test('clip with numbers is Clip, with tensors Max and Min', () => {
    expect(opTypes(lowered((w) => ops.clip(w, 0, 2)))).toEqual(['Clip']);
    expect(opTypes(lowered((w) => ops.clip(w, w, 2)))).toEqual(['Max', 'Min']);
  });

  test('nothing is cast that needs no cast', () => {
    expect(opTypes(lowered((w) => ops.cast(ops.add(w, 1), 'float32')))).toEqual(['Add']);
    expect(opTypes(lowered((w) => ops.sum(ops.relu(w))))).toEqual(['Relu', 'ReduceSum']);
    expect(opTypes(lowered((w) => ops.std(w, 0)))).toEqual([
      'ReduceMean',
      'Sub',
      'Mul',
      'ReduceMean',
      'Sqrt',
    ]);
  });

  test('half types are computed in float32 where the steps between would lose digits', () => {
    const half = (fn: (w: SymbolicTensor) => SymbolicTensor): string[] =>
      opTypes(lowered((w) => fn(ops.cast(w, 'float16')))).slice(1);
    expect(half((w) => ops.round(w, 1))).toEqual(['Cast', 'Mul', 'Round', 'Div', 'Cast']);
    expect(half((w) => ops.var(w))).toEqual(['Cast', 'ReduceMean', 'Sub', 'Mul', 'ReduceMean', 'Cast']);
    expect(half((w) => ops.std(w))).toEqual([
      'Cast',
      'ReduceMean',
      'Sub',
      'Mul',
      'ReduceMean',
      'Sqrt',
      'Cast',
    ]);
    expect(half((w) => ops.add(w, 1))).toEqual(['Add']);
  });

  test('ops without effect are no nodes', () => {
    expect(opTypes(lowered((w) => ops.sum(ops.squeeze(ops.expandDims(w, []), []), [])))).toEqual([]);
  });

  test('what the result does not need is left out', () => {
    const graph = lowered((w) => {
      ops.exp(w);
      return ops.negative(w);
    });
    expect(opTypes(graph)).toEqual(['Neg']);
  });

  test('a tensor used twice is made once', () => {
    const graph = lowered((w) => {
      const root = ops.sqrt(w);
      return ops.multiply(root, ops.add(root, root));
    });
    expect(opTypes(graph)).toEqual(['Sqrt', 'Add', 'Mul']);
  });

  test('equal constants share one initializer; those of another dtype, shape or sign of zero do not', () => {
    const count = (fn: (w: SymbolicTensor) => SymbolicTensor): number => lowered(fn).initializers.length;
    expect(count((w) => ops.add(ops.multiply(w, 3), 3))).toBe(1);
    expect(count((w) => ops.add(ops.multiply(w, 3), 4))).toBe(2);
    expect(count((w) => ops.add(ops.multiply(w, 3), [3]))).toBe(2);
    expect(count((w) => ops.add(ops.multiply(w, 0), -0))).toBe(2);
    expect(count((w) => ops.add(ops.multiply(w, Number.NaN), Number.NaN))).toBe(1);
  });
});

describe('names', () => {
  test('are the prefix, the operator and a counter, and avoid those taken', () => {
    const names = new NameScope('c/', ['c/Add_0']);
    const graph = lowered((w) => ops.add(ops.add(w, 1), w), { names });
    expect(graph.nodes.map((node) => node.name)).toEqual(['c/Add_1', 'c/Add_2']);
    expect(graph.initializers.map(({ name }) => name)).toEqual(['c/const_0']);
  });

  test('the result gets the name asked for', () => {
    const graph = lowered((w) => ops.add(w, 1), { output: 'w_out' });
    expect(graph.nodes.map((node) => node.outputs)).toEqual([['w_out']]);
  });

  test('an input or a constant gets there through Identity', () => {
    expect(lowered((w) => w, { output: 'w_out' }).nodes).toMatchObject([
      { opType: 'Identity', inputs: ['w'], outputs: ['w_out'] },
    ]);
    expect(opTypes(lowered(() => ops.reshape([1, 2], [2]), { output: 'y' }))).toEqual(['Reshape']);
    expect(lowered(() => ops.abs(true), { output: 'y' }).nodes).toMatchObject([{ opType: 'Identity' }]);
  });

  test('without a name asked for, an input is its own result', () => {
    expect(lowered((w) => w).nodes).toEqual([]);
  });
});

describe('refused', () => {
  test('an input of another graph', () => {
    const other = symbolicInput('v', 'float32', [2, 3]);
    const make = (): Graph => lowered((w) => ops.add(w, other));
    expect(make).toThrow(UsageError);
    expect(make).toThrow("the result depends on input 'v' of another graph");
  });

  test('opsets below 13 where nothing tells their forms', () => {
    const w = symbolicInput('w', 'float32', [2, 3]);
    const make = (): string => lower(ops.relu(w), new Map([[w, 'w']]), new GraphBuilder({ opset: 12 }));
    expect(make).toThrow(UsageError);
    expect(make).toThrow('opset 12 is written by exportConstraint of');
  });

  test.each([6, 27, 18.5, Number.NaN])('opset %d', (opset) => {
    expect(() => lowered((w) => w, { opset })).toThrow(
      `opset ${opset} is not supported; accepted are whole numbers from 7 to 26`,
    );
  });
});

test('each of many results takes the walk to what is new alone', () => {
  const builder = new GraphBuilder({ opset: 18, names: new NameScope() });
  const w = symbolicInput('w', 'float32', [2]);
  builder.input({ name: 'w', dtype: 'float32', shape: [2] });
  const chain: SymbolicTensor[] = [w];
  for (let i = 0; i < 15_000; i++) chain.push(ops.negative(chain[i] as SymbolicTensor));
  const start = performance.now();
  const names = lowerAll(
    chain.map((tensor) => ({ tensor, name: undefined })),
    new Map([[w, 'w']]),
    builder,
  );
  // A walk over all that is known, for each, takes eight seconds and more.
  expect(performance.now() - start).toBeLessThan(3000);
  expect(new Set(names).size).toBe(15_001);
});
