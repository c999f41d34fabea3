// What exported files hold beside their nodes: inputs, outputs, functions, metadata; and which options are refused.
// Must not hold reference arithmetic.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { buildExport } from '../../src/export/buildExport.js';
import { type ExportOptions, exportConstraint, exportText } from '../../src/export.js';
import {
  Constraint,
  exportConstraint as exportPlain,
  maxNorm,
  minMaxNorm,
  nonNeg,
  ops,
  ShapeError,
  type SymbolicTensor,
  UsageError,
  unitNorm,
} from '../../src/index.js';
import { decodeModelProto } from '../../src/onnx/codec.js';

class Loud extends Constraint {
  override call(w: SymbolicTensor): SymbolicTensor {
    return ops.subtract(w, ops.mean(w));
  }
}

const builtins = [maxNorm(2), minMaxNorm({ rate: 0.5 }), unitNorm(), nonNeg(), new Constraint()];

describe('inputs and outputs', () => {
  const sum = 'float32 [1,d1]';
  const rows: readonly (readonly [ExportOptions, string, string])[] = [
    [{}, 'w', 'w_out'],
    [{ axisInput: true }, 'w axes', 'w_out'],
    [{ limitInputs: true }, 'w min_value max_value rate', 'w_out'],
    [{ axisInput: true, limitInputs: true }, 'w axes min_value max_value rate', 'w_out'],
    [{ phase: 'partial' }, 'w', 'sum_of_squares'],
    [{ phase: 'partial', axisInput: true }, 'w axes', 'sum_of_squares'],
    [{ phase: 'finish' }, 'w sum_of_squares', 'w_out'],
    [{ phase: 'finish', limitInputs: true }, 'w sum_of_squares min_value max_value rate', 'w_out'],
  ];

  test.each(rows)('%o: %s to %s', (options, inputs, output) => {
    for (const extra of [{}, { function: true }]) {
      const graph = buildExport(minMaxNorm(), { ...options, ...extra });
      expect(graph.inputs.map(({ name }) => name).join(' ')).toBe(inputs);
      expect(graph.outputs.map(({ name }) => name)).toEqual([output]);
      expect(
        decodeModelProto(exportConstraint(minMaxNorm(), { ...options, ...extra })).graph?.input,
      ).toHaveLength(graph.inputs.length);
    }
  });

  test('sums, limits and axes have the dtypes and shapes that are told', () => {
    const described = (options: ExportOptions): string[] => {
      const { inputs, outputs } = buildExport(maxNorm(2), options);
      return [...inputs, ...outputs].map(({ dtype, shape }) => `${dtype} [${shape}]`);
    };
    const half = { dtype: 'float16', limitInputs: true } as const;
    expect(described({ ...half, phase: 'finish' })).toEqual([
      'float16 [d0,d1]',
      sum,
      'float32 []',
      'float16 [d0,d1]',
    ]);
    expect(described({ dtype: 'float64', limitInputs: true, axisInput: true })).toEqual([
      'float64 [d0,d1]',
      'int64 [axes_count]',
      'float64 []',
      'float64 [d0,d1]',
    ]);
    expect(described({ axisInput: true, axisCount: 2 })[1]).toBe('int64 [2]');
    expect(described({ dtype: 'bfloat16', phase: 'partial' })).toEqual(['bfloat16 [d0,d1]', sum]);
  });
});

describe('the file', () => {
  test('is the one of the pure entry point where that has the options', () => {
    for (const constraint of [...builtins, new Loud()]) {
      for (const options of [{}, { dtype: 'bfloat16', opset: 13 }, { shape: [3, 'n'], opset: 26 }] as const) {
        expect(exportConstraint(constraint, options)).toEqual(exportPlain(constraint, options));
      }
    }
  });

  test('names the package, its version, the formula, the config and epsilon', () => {
    const model = decodeModelProto(exportConstraint(maxNorm({ maxValue: 3, epsilon: 0.5 })));
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect([model.producerName, model.producerVersion]).toEqual(['onnx-constraints', version]);
    expect(model.docString).toBe(
      'MaxNorm(max_value=3, axis=0, epsilon=0.5): w * clip(norm, 0, max_value) / (epsilon + norm), norm: the 2-norm of w over axis, epsilon: 0.5',
    );
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([
      ['keras.constraints', '{"class_name":"MaxNorm","config":{"max_value":3,"axis":0,"epsilon":0.5}}'],
      ['keras.constraints.epsilon', '0.5'],
    ]);
    expect(decodeModelProto(exportConstraint(nonNeg())).docString).toBe('NonNeg(): max(w, 0)');
    expect(decodeModelProto(exportConstraint(new Loud())).docString).toBe('Loud()');
    expect(decodeModelProto(exportConstraint((w) => ops.relu(w))).docString ?? '').toBe('');
  });

  test('says which arguments are inputs, and which phase it is', () => {
    const { doc, metadata } = buildExport(maxNorm(2), { axisInput: true, limitInputs: true });
    expect(doc).toMatch(/^MaxNorm\(\): .*; axes, max_value given as inputs$/);
    expect(metadata?.['keras.constraints']).toBe('{"class_name":"MaxNorm","config":{}}');
    const partial = buildExport(maxNorm(2), { phase: 'partial' });
    expect(partial.doc).toMatch(/^The sum of squares of each unit, for MaxNorm/);
    expect(partial.metadata?.['keras.constraints.phase']).toBe('partial');
    expect(buildExport(maxNorm(2), { phase: 'finish' }).doc).toMatch(/norm is the root of sum_of_squares$/);
  });

  test.each([7, 8])('has nothing but Constant nodes for constants at opset %i', (opset) => {
    for (const constraint of builtins) {
      for (const dtype of ['float32', 'float64', 'float16'] as const) {
        const model = decodeModelProto(exportConstraint(constraint, { opset, dtype }));
        expect(Number(model.irVersion)).toBe(3);
        expect(model.graph?.initializer).toEqual([]);
        expect(model.graph?.input).toHaveLength(1);
      }
    }
  });

  test('is the same each time', () => {
    const options = { function: true, axisInput: true } as const;
    expect(exportConstraint(maxNorm(2), options)).toEqual(exportConstraint(maxNorm(2), options));
    expect(exportText(maxNorm(2), options)).toBe(exportText(maxNorm(2), options));
  });
});

describe('functions', () => {
  test.each([15, 18, 26])('the model is one call at opset %i', (opset) => {
    for (const constraint of [...builtins, new Loud()]) {
      const { opsetImport, graph, functions } = decodeModelProto(
        exportConstraint(constraint, { opset, function: true }),
      );
      const name = constraint.constructor.name;
      expect(graph?.node.map((node) => `${node.domain}.${node.opType}`)).toEqual([
        `keras.constraints.${name}`,
      ]);
      expect(functions.map((fn) => `${fn.domain}.${fn.name}`)).toEqual([`keras.constraints.${name}`]);
      expect(functions[0]?.docString).toMatch(new RegExp(`^${name}\\(`));
      expect(opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([
        ['', opset],
        ['keras.constraints', 1],
      ]);
    }
  });

  test('a phase has a function of its own', () => {
    const { nodes } = buildExport(maxNorm(2), { function: true, phase: 'finish' });
    expect(nodes.map(({ opType, inputs }) => [opType, inputs])).toEqual([
      ['MaxNorm_finish', ['w', 'sum_of_squares']],
    ]);
  });
});

describe('the text', () => {
  test('of the plain form', () => {
    expect(exportText(maxNorm(2), { opset: 11, shape: [784, 128] })).toBe(
      `<
  ir_version: 6,
  opset_import: ["" : 11],
  producer_name: "onnx-constraints",
  producer_version: "0.1.0",
  doc_string: "MaxNorm(max_value=2, axis=0): w * clip(norm, 0, max_value) / (epsilon + norm), norm: the 2-norm of w over axis, epsilon: 1e-7",
  metadata_props: ["keras.constraints": "{\\"class_name\\":\\"MaxNorm\\",\\"config\\":{\\"max_value\\":2,\\"axis\\":0}}", "keras.constraints.epsilon": "1e-7"]
>
MaxNorm (float[784,128] w) => (float[784,128] w_out)
  <float const_0 = {0},
   float const_1 = {2},
   float const_2 = {1e-7}>
{
  [ReduceL2_0] ReduceL2_0 = ReduceL2 <keepdims: int = 1, axes: ints = [0]> (w)
  [Clip_0] Clip_0 = Clip (ReduceL2_0, const_0, const_1)
  [Add_0] Add_0 = Add (ReduceL2_0, const_2)
  [Div_0] Div_0 = Div (Clip_0, Add_0)
  [Mul_0] w_out = Mul (w, Div_0)
}
`,
    );
  });

  test('of infinite bounds, with a function, and of a scalar', () => {
    expect(exportText(maxNorm(Number.POSITIVE_INFINITY))).toContain('float const_1 = {inf}');
    expect(exportText(maxNorm(2), { opset: 10 })).toContain(
      'Clip <min: float = 0, max: float = 2> (ReduceL2_0)',
    );
    expect(exportText(nonNeg(), { function: true })).toContain(
      '[NonNeg_0] w_out = keras.constraints.NonNeg (w)',
    );
    expect(exportText(nonNeg(), { shape: [] })).toContain('NonNeg (float w) => (float w_out)');
  });
});

describe('refused', () => {
  const rows: readonly (readonly [Constraint, ExportOptions, string])[] = [
    [maxNorm(2), { opset: 6 }, 'opset 6 is not supported; accepted are whole numbers from 7 to 26'],
    [
      maxNorm(2),
      { opset: 12, dtype: 'bfloat16' },
      'bfloat16 needs opset 13 or later; this graph is for opset 12',
    ],
    [maxNorm(2), { opset: 12, axisInput: true }, 'ReduceSum with axes as an input needs opset 13 or later'],
    [maxNorm(2), { opset: 14, function: true }, 'functions need opset 15 or later, whose IR version is 8'],
    [maxNorm(2), { lowering: 'fast' }, 'found (d0, d1), give a shape in numbers'],
    [maxNorm(2), { lowering: 'fast', shape: ['n', 3] }, 'found (n, 3), give a shape in numbers'],
    [
      maxNorm(2),
      { lowering: 'fast', provider: 'cuda' },
      "provider 'cuda' is unknown; accepted are cpu, wasm, webgpu",
    ],
    [maxNorm(2), { provider: 'cpu' }, "a provider goes with lowering 'fast' alone"],
    [maxNorm(2), { lowering: 'fast', axisInput: true }, 'there is no fast form with axisInput'],
    [maxNorm(2), { lowering: 'fast', phase: 'partial' }, 'there is no fast form with phase'],
    [maxNorm(2), { lowering: 'quick' as never }, "lowering 'quick' is unknown; accepted are canonical, fast"],
    [maxNorm(2), { phase: 'start' as never }, "phase 'start' is unknown; accepted are partial, finish"],
    [maxNorm(2), { phase: 'finish', axisInput: true }, 'phase finish takes no axis'],
    [maxNorm(2), { phase: 'partial', limitInputs: true }, 'phase partial has no limits'],
    [maxNorm(2), { axisCount: 1 }, 'axisCount tells of the input axes, which axisInput adds'],
    [maxNorm(2), { axisInput: true, axisCount: 0 }, 'axisCount must be a whole number from 1 on, found 0'],
    [maxNorm(2), { axisInput: true, axisCount: 3 }, 'axisCount is 3, the weight has 2 dimensions'],
    [nonNeg(), { phase: 'partial' }, 'NonNeg looks at each weight by itself'],
    [nonNeg(), { phase: 'finish' }, 'needs no phases, as each shard can be projected alone'],
    [nonNeg(), { axisInput: true }, 'it has no axis'],
    [nonNeg(), { limitInputs: true }, 'NonNeg has no limits that could be inputs'],
    [unitNorm(), { limitInputs: true }, 'UnitNorm has no limits that could be inputs'],
    [new Constraint(), { phase: 'partial' }, 'Constraint leaves weights as they are'],
    [new Loud(), { phase: 'partial' }, 'Loud does not scale units by a factor of their one 2-norm'],
    [maxNorm(2), { axes: 1 } as never, "there is no option 'axes'"],
  ];

  test.each(rows)('%o with %o', (constraint, options, message) => {
    const make = (): Uint8Array => exportConstraint(constraint, options);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  test('an axis that the shape does not have', () => {
    expect(() => exportConstraint(maxNorm({ axis: 2 }), { rank: 2, phase: 'partial' })).toThrow(ShapeError);
  });
});
