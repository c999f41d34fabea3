// Projecting single weights and sets of weights on onnxruntime-node, and what happens when that cannot be done.
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import {
  Constraint,
  defaultTolerance,
  judge,
  maxNorm,
  nonNeg,
  ops,
  type SymbolicTensor,
  toFloat64,
  unitNorm,
} from '../../src/index.js';
import { ConstraintRunner, createRunner, project, projectInPlace } from '../../src/node.js';
import * as web from '../../src/web.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint } from '../support/reference.js';

const close = { relative: 2e-6, absolute: 1e-7 };

function kernel(): { data: Float32Array; dims: number[] } {
  return { data: Float32Array.of(3, -0.6, 4, 0.8, 0, 0), dims: [3, 2] };
}

function reference(className: string, config: Record<string, unknown>): number[] {
  const { data, dims } = kernel();
  return applyKerasConstraint({ class_name: className, config } as never, data, dims);
}

describe('project', () => {
  test('gives the projected weight and leaves the given one as it is', async () => {
    const weight = kernel();
    const result = await project(maxNorm(2), weight);
    expect(result.dtype).toBe('float32');
    expect(result.dims).toEqual([3, 2]);
    expect(
      mismatch(result.data as Float32Array, reference('MaxNorm', { max_value: 2 }), close),
    ).toBeUndefined();
    expect(weight).toEqual(kernel());
  });

  test('takes float64 arrays, tensors of ONNX Runtime, names, configs and functions', async () => {
    const double = await project('unit_norm', { data: Float64Array.of(3, 4), dims: [2] });
    expect(double.dtype).toBe('float64');
    expect(
      mismatch(double.data as Float64Array, [0.6, 0.8], { relative: 1e-7, absolute: 0 }),
    ).toBeUndefined();
    const tensor = new ort.Tensor('float32', Float32Array.of(-1, 1), [2]);
    expect((await project(nonNeg(), tensor as never)).data).toEqual(Float32Array.of(0, 1));
    const config = { class_name: 'MaxNorm', config: { max_value: 1, axis: null } };
    expect((await project(config, { data: Float32Array.of(0, 5), dims: [2] })).data[1]).toBeCloseTo(1, 6);
    const half = await project((w) => ops.multiply(w, 0.5), { data: Float32Array.of(2, 4), dims: [2] });
    expect(half.data).toEqual(Float32Array.of(1, 2));
  });

  test('computes float16 and bfloat16 bit patterns in float32: 600 weights of 20 do not overflow', async () => {
    // 20 is 0x4d00 in float16 and 0x41a0 in bfloat16; 2 / sqrt(600) rounds to 0x2d3a and 0x3da7.
    for (const [dtype, twenty, expected] of [
      ['float16', 0x4d00, 0x2d3a],
      ['bfloat16', 0x41a0, 0x3da7],
    ] as const) {
      const data = new Uint16Array(600).fill(twenty);
      const result = await project(maxNorm(2), { data, dims: [600, 1], dtype });
      expect(new Set(result.data as Uint16Array)).toEqual(new Set([expected]));
    }
  });

  test.each([
    [{ data: Int32Array.of(1, 2), dims: [2] }, /dtype of a Int32Array is not known/],
    [{ data: Int32Array.of(1, 2), dims: [2], dtype: 'int32' }, /dtype int32; accepted are float32/],
    [{ data: Float32Array.of(1, 2), dims: [3] }, /dims \[3\] hold 3 elements, found 2/],
    [{ data: Float32Array.of(1, 2), dims: [2], dtype: 'float64' }, /float64 is held in a Float64Array/],
    [{ data: Uint16Array.of(1, 2), dims: [2] }, /dtype of a Uint16Array is not known/],
  ])('refuses %o', async (weight, message) => {
    await expect(project(nonNeg(), weight as never)).rejects.toThrow(message);
  });

  test('refuses what does not fit the weight, and null', async () => {
    await expect(project(maxNorm(2, 1), { data: Float32Array.of(1), dims: [1] })).rejects.toThrow(
      /axis 1 is out of range/,
    );
    await expect(project(null, kernel())).rejects.toThrow(/found null/);
  });

  test('names the provider that is not there', async () => {
    await expect(project(nonNeg(), kernel(), { providers: ['abacus'] })).rejects.toThrow(
      /NonNeg: no provider of the list runs it: abacus: .*accepted are cpu, webgpu/,
    );
  });

  test('runs on onnxruntime-web too', async () => {
    const result = await web.project(maxNorm(2), kernel());
    expect(
      mismatch(result.data as Float32Array, reference('MaxNorm', { max_value: 2 }), close),
    ).toBeUndefined();
  });
});

describe('projectInPlace', () => {
  test('writes each result into its array', async () => {
    const a = kernel();
    const b = kernel();
    await projectInPlace({
      'a.kernel': { ...a, constraint: unitNorm() },
      'b.kernel': { ...b, constraint: nonNeg() },
    });
    expect(mismatch(a.data, reference('UnitNorm', {}), close)).toBeUndefined();
    expect(b.data).toEqual(Float32Array.of(3, 0, 4, 0.8, 0, 0));
  });

  test('writes nothing when one of the weights cannot be projected, and names it', async () => {
    const a = kernel();
    const b = kernel();
    const weights = { a: { ...a, constraint: maxNorm(1) }, b: { ...b, constraint: maxNorm(1, 5) } };
    await expect(projectInPlace(weights)).rejects.toThrow(/^b \(MaxNorm\): .*axis 5 is out of range/);
    expect(a).toEqual(kernel());
    expect(b).toEqual(kernel());
  });

  test('refuses one array under two names', async () => {
    const { data, dims } = kernel();
    const weight = { data, dims, constraint: nonNeg() };
    await expect(projectInPlace({ a: weight, b: weight })).rejects.toThrow(/a and b are the same array/);
  });
});

describe('ConstraintRunner', () => {
  const made: ConstraintRunner[] = [];
  afterAll(async () => {
    for (const runner of made) await runner.dispose();
  });

  test('compiles a constraint once for each dtype and shape', async () => {
    let created = 0;
    const counting = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: (model: Uint8Array, options?: object) => {
          created++;
          return ort.InferenceSession.create(model, options);
        },
      },
    };
    const runner = new ConstraintRunner(counting as never);
    made.push(runner);
    const constraint = maxNorm(2);
    const value = { dtype: 'float32', ...kernel() } as const;
    // Finds out how the module gives its outputs.
    await runner.probe();
    created = 0;
    await Promise.all([runner.run(constraint, value), runner.run(constraint, value)]);
    await runner.run(constraint, value);
    await runner.run(maxNorm(2), value);
    await project(maxNorm(2), kernel(), { runner });
    expect(created).toBe(1);
    await runner.run(constraint, { ...value, dims: [2, 3] });
    expect(created).toBe(2);
  });

  test('a limit that changes at every step leaves no pile of sessions behind, and is obeyed', async () => {
    let open = 0;
    let most = 0;
    const counting = {
      Tensor: ort.Tensor,
      InferenceSession: {
        create: async (model: Uint8Array, options?: object) => {
          const session = await ort.InferenceSession.create(model, options);
          most = Math.max(most, ++open);
          const release = async (): Promise<void> => {
            open--;
            await session.release();
          };
          return { run: (feeds: never) => session.run(feeds), release };
        },
      },
    };
    const runner = new ConstraintRunner(counting as never);
    for (let step = 1; step <= 200; step++) {
      const limit = 2 / step;
      const { data } = await runner.run(maxNorm(limit, null), { dtype: 'float32', ...kernel() });
      const norm = Math.hypot(...(data as Float32Array));
      expect(Math.abs(norm - limit)).toBeLessThan(1e-6);
    }
    expect(most).toBeLessThanOrEqual(65);
    await runner.dispose();
    expect(open).toBe(0);
  });

  test('units of a million weights end on the limit, to the tolerance of check', async () => {
    const runner = await createRunner();
    made.push(runner);
    const [rows, columns] = [1_000_000, 3];
    const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i) + 1.5);
    const constraint = maxNorm(2);
    const projected = await runner.run(constraint, { dtype: 'float32', dims: [rows, columns], data });
    const verdict = judge(constraint, toFloat64(projected), [rows, columns], defaultTolerance('float32'));
    expect(verdict).toMatchObject({ status: 'satisfied', outside: 0, units: 3 });
    const exact = applyKerasConstraint({ class_name: 'MaxNorm', config: { max_value: 2 } } as never, data, [
      rows,
      columns,
    ]);
    expect(
      mismatch(projected.data as Float32Array, exact, { relative: 1e-6, absolute: 1e-12 }),
    ).toBeUndefined();
  });

  test('a constraint whose field has changed is run as it is now', async () => {
    class Scale extends Constraint {
      factor = 2;
      override call(w: SymbolicTensor): SymbolicTensor {
        return ops.multiply(w, this.factor);
      }
    }
    const runner = await createRunner();
    made.push(runner);
    const scale = new Scale();
    const value = { dtype: 'float32', data: Float32Array.of(1), dims: [1] } as const;
    expect((await runner.run(scale, value)).data[0]).toBe(2);
    scale.factor = 5;
    expect((await runner.run(scale, value)).data[0]).toBe(5);
  });

  test('refuses a graph that changes the shape where only running tells', async () => {
    class Repeats extends Constraint {
      override call(w: SymbolicTensor): SymbolicTensor {
        // Through a computed shape, so that nothing is known of the result while tracing.
        return ops.reshape(ops.concatenate([w, w]), ops.multiply(ops.shape(w), [2, 1]));
      }
    }
    const runner = await createRunner();
    made.push(runner);
    const value = { dtype: 'float32', ...kernel() } as const;
    await expect(runner.run(new Repeats(), value)).rejects.toThrow(
      /Repeats: a constraint must keep the shape \(3, 2\); .*Got: 3 Expected: 6/,
    );
  });

  test('is of no use once disposed of', async () => {
    const runner = await createRunner();
    await runner.dispose();
    const value = { dtype: 'float32', ...kernel() } as const;
    await expect(runner.run(nonNeg(), value)).rejects.toThrow(/disposed/);
  });
});
