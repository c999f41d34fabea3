// The graphs of the built-in constraints: their nodes, options, names and metadata, and that shapes may be open.
// Must not hold reference arithmetic.
import { describe, expect, test } from 'vitest';
import { type BuildGraphOptions, buildGraph } from '../../src/constraints/buildGraph.js';
import {
  Constraint,
  type DType,
  exportConstraint,
  MAX_OPSET,
  MIN_OPSET,
  maxNorm,
  minMaxNorm,
  nonNeg,
  ops,
  ShapeError,
  type SymbolicTensor,
  UsageError,
  unitNorm,
} from '../../src/index.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint } from '../support/reference.js';
import { scattered } from '../support/referenceOps.js';
import { runConstraint } from '../support/runConstraint.js';
import { tensor } from '../support/runOps.js';

const opsets = Array.from({ length: MAX_OPSET - MIN_OPSET + 1 }, (_, i) => MIN_OPSET + i);

function opTypes(constraint: Constraint, options: BuildGraphOptions = {}): string[] {
  return buildGraph(constraint, options).nodes.map((node) => node.opType);
}

const builtins: readonly Constraint[] = [
  maxNorm({ maxValue: 1.5, axis: 0 }),
  minMaxNorm({ minValue: 3, maxValue: 4, rate: 0.5, axis: -1 }),
  unitNorm({ axis: [0, 1] }),
  nonNeg(),
  new Constraint(),
];

describe('nodes', () => {
  test('are the canonical ones', () => {
    expect(opTypes(maxNorm(2))).toEqual(['ReduceL2', 'Clip', 'Add', 'Div', 'Mul']);
    expect(opTypes(minMaxNorm())).toEqual(['ReduceL2', 'Clip', 'Mul', 'Mul', 'Add', 'Add', 'Div', 'Mul']);
    expect(opTypes(unitNorm())).toEqual(['ReduceL2', 'Add', 'Div']);
    expect(opTypes(nonNeg())).toEqual(['Relu']);
    expect(opTypes(new Constraint())).toEqual(['Identity']);
  });

  test('half types are cast first and last', () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      expect(opTypes(nonNeg(), { dtype })).toEqual(['Cast', 'Relu', 'Cast']);
    }
    expect(opTypes(nonNeg(), { dtype: 'float64' })).toEqual(['Relu']);
  });
});

describe('options', () => {
  test('input and output have the shape that is given', () => {
    for (const [options, shape] of [
      [{}, undefined],
      [{ shape: [784, 128] }, [784, 128]],
      [{ shape: [784, 'units', null] }, [784, 'units', null]],
      [{ shape: [] }, []],
      [{ rank: 2 }, ['d0', 'd1']],
      [{ rank: 0 }, []],
    ] as const) {
      const { inputs, outputs } = buildGraph(nonNeg(), { ...options, dtype: 'float64' });
      expect(inputs).toEqual([{ name: 'w', dtype: 'float64', shape }]);
      expect(outputs).toEqual([{ name: 'w_out', dtype: 'float64', shape }]);
    }
  });

  test('the opset is 18 by default', () => {
    expect(buildGraph(nonNeg()).opset).toBe(18);
    expect(buildGraph(nonNeg(), { opset: 26 }).opset).toBe(26);
  });

  test.each([
    ['opset 6 is not supported; accepted are whole numbers from 7 to 26', { opset: 6 }],
    ["opset 12 is written by exportConstraint of 'onnx-constraints/export'", { opset: 12 }],
    ['opset 27 is not supported', { opset: 27 }],
    ['give shape or rank, not both', { shape: [2], rank: 1 }],
    ['rank must be a whole number from 0 to 64, found -1', { rank: -1 }],
    ['rank must be a whole number from 0 to 64, found 1.5', { rank: 1.5 }],
    ['rank must be a whole number from 0 to 64, found 1000000000', { rank: 1e9 }],
    ['shape (2, 0): each size must be a positive whole number or a name', { shape: [2, 0] }],
    ['shape (-1,): each size', { shape: [-1] }],
    ['shape (1.5,): each size', { shape: [1.5] }],
    ['shape (NaN,): each size', { shape: [Number.NaN] }],
  ] as [string, BuildGraphOptions][])('%s', (message, options) => {
    expect(() => buildGraph(nonNeg(), options)).toThrow(UsageError);
    expect(() => buildGraph(nonNeg(), options)).toThrow(message);
  });

  test.each([
    ['int32', 'NonNeg: dtype int32, which is not a floating type; accepted are float32'],
    ['int64', 'NonNeg: dtype int64, which is not a floating type'],
    ['bool', 'NonNeg: dtype bool, which is not a floating type'],
    ['string', 'NonNeg: dtype string, which is not a floating type'],
    ['complex64', 'NonNeg: dtype complex64, which is not a floating type'],
    ['float8_e4m3fn', 'NonNeg: dtype float8_e4m3fn; accepted are float32, float64, float16 and bfloat16'],
  ] as [DType, string][])('weights of %s are refused', (dtype, message) => {
    expect(() => buildGraph(nonNeg(), { dtype })).toThrow(ShapeError);
    expect(() => buildGraph(nonNeg(), { dtype })).toThrow(message);
  });

  test.each([
    ['ops.norm: axis 2 is out of range for shape (2, 3); accepted are -2 to 1', maxNorm({ axis: 2 })],
    ['ops.norm: axis -3 is out of range for shape (2, 3)', unitNorm({ axis: [0, -3] })],
    ['ops.norm: axis [0, -2] names a dimension twice; shape is (2, 3)', minMaxNorm({ axis: [0, -2] })],
  ])('%s', (message, constraint) => {
    expect(() => buildGraph(constraint, { shape: [2, 3] })).toThrow(message);
    expect(buildGraph(constraint).nodes.length).toBeGreaterThan(0);
  });
});

describe('metadata', () => {
  test('holds the class and its config', () => {
    expect(buildGraph(maxNorm({ maxValue: 3, axis: [0, 1] })).metadata).toEqual({
      'keras.constraints': '{"class_name":"MaxNorm","config":{"max_value":3,"axis":[0,1]}}',
      'keras.constraints.epsilon': '1e-7',
    });
    expect(buildGraph(maxNorm(Number.POSITIVE_INFINITY)).metadata).toEqual({
      'keras.constraints': '{"class_name":"MaxNorm","config":{"max_value":"Infinity","axis":0}}',
      'keras.constraints.epsilon': '1e-7',
    });
  });

  test('tells custom classes apart, and says nothing of functions', () => {
    class Mine extends Constraint {}
    expect(buildGraph(new Mine()).metadata).toEqual({
      'custom.constraint': '{"class_name":"Mine","config":{}}',
    });
    expect(buildGraph(new Mine()).name).toBe('Mine');
  });

  test('the same constraint gives the same bytes', () => {
    for (const constraint of builtins) {
      expect(exportConstraint(constraint)).toEqual(exportConstraint(constraint));
    }
    const fn = (w: SymbolicTensor): SymbolicTensor => ops.relu(w);
    expect(exportConstraint(fn)).toEqual(exportConstraint(fn));
  });
});

describe('the same answer at every opset and however much is known of the shape', () => {
  const weight = scattered([3, 4]);

  test.each(builtins)('%o', async (constraint) => {
    const config = { class_name: constraint.constructor.name, config: constraint.getConfig() };
    const wanted = applyKerasConstraint(config, weight.values, weight.dims);
    for (const opset of opsets) {
      for (const options of [{ shape: [3, 4] }, { shape: ['a', null] }, { rank: 2 }, {}]) {
        const found = await runConstraint(constraint, tensor(weight.values, 'float64', [3, 4]), {
          opset,
          ...options,
        });
        expect(mismatch(found, wanted, { relative: 1e-12, absolute: 0 })).toBeUndefined();
      }
    }
  });

  test('epsilon is added to the norm', async () => {
    const found = await runConstraint(unitNorm({ epsilon: 5 }), tensor([3, 4], 'float64'));
    expect([...found]).toEqual([0.3, 0.4]);
    const unchanged = await runConstraint(maxNorm({ maxValue: 9, epsilon: 0 }), tensor([3, 4], 'float64'));
    expect([...unchanged]).toEqual([3, 4]);
  });
});
