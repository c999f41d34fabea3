// The forms of operators for each provider, run on the CPU: the answer is the operator's own.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { Constraint, maxNorm, nonNeg } from '../../src/constraints/index.js';
import { buildTrainStep, dense, input, sequential } from '../../src/fit/index.js';
import { encodeTensors } from '../../src/fit/step/encodeTensors.js';
import { onnx } from '../../src/onnx/gen/onnx.js';
import * as ops from '../../src/ops/index.js';
import { randomLike } from '../../src/ops/random.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { type FormCase, formCases, formFaults, formFeeds, formGraph } from '../support/formCases.js';
import { hostFormCases } from '../support/hostFormCases.js';

async function answer(row: FormCase, provider: string): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(formGraph(row, provider), { logSeverityLevel: 3 });
  const feeds = Object.entries(formFeeds(row)).map(([name, { data, dims }]) => [
    name,
    new ort.Tensor('float32', data, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

class OwnNorm extends Constraint {
  override call(w: SymbolicTensor): SymbolicTensor {
    return ops.divide(w, ops.add(ops.norm(ops.relu(w), { keepdims: true }), 1));
  }
}

/** A provider without forms of its own. */
const plain = 'none';

describe.each(['webgpu', 'cpu'])('the forms for %s give the same', (provider) => {
  test.each(formCases)('$name', async (row) => {
    expect(formFaults(await answer(row, provider), await answer(row, plain))).toEqual([]);
  });
});

describe('the forms for processors', () => {
  test.each(hostFormCases)('give the same: $name', async (row) => {
    expect(formFaults(await answer(row, 'cpu'), await answer(row, plain))).toEqual([]);
  });

  test('are other graphs, but where the operators are as fast', () => {
    const used = (row: FormCase, provider: string): string =>
      (onnx.ModelProto.decode(formGraph(row, provider)).graph?.node ?? []).map(({ opType }) => opType).join();
    const same = hostFormCases.filter((row) => used(row, 'cpu') === used(row, plain));
    expect(same.map(({ name }) => name)).toEqual([
      'conv 2x16x6x6 by 8x8x3x3 {"groups":2}',
      'transposed conv 2x6x4x4 by 6x2x3x3 {"groups":3,"pads":[[2,2],[2,2]]}',
    ]);
  });
});

test.each([
  ['conv 2x4x6x6 by 4x4x3x2 {}', 1],
  ['conv 3x24x4x4 by 24x24x2x2 {}, the batch open', 1],
  ['conv 6x4x5x5 by 8x4x3x3 {}', 2], // as many places as the window is long
  ['conv 2x6x5x5 by 4x3x2x2 {"groups":2}', 2],
])('on processors %s and its gradients take %i convolutions', (name, count) => {
  const row = formCases.find((each) => each.name === name) as FormCase;
  const convolutions = (provider: string): number => {
    const { graph } = onnx.ModelProto.decode(formGraph(row, provider));
    return (graph?.node ?? []).filter(({ opType }) => opType === 'Conv').length;
  };
  expect(['cpu', 'wasm', plain].map(convolutions)).toEqual([count, count, 2]);
});

test('on processors a pooled convolution is as many as its windows have places, and is never taken apart', () => {
  const row = formCases.find(({ name }) => name.endsWith('{}, then the largest of each 2x2')) as FormCase;
  const count = (provider: string, operator: string): number => {
    const { graph } = onnx.ModelProto.decode(formGraph(row, provider));
    const steps = (input: readonly string[]): boolean => operator !== 'Slice' || input.length === 5;
    return (graph?.node ?? []).filter(({ opType, input }) => opType === operator && steps(input ?? []))
      .length;
  };
  expect([count(plain, 'MaxPool'), count(plain, 'Slice')]).toEqual([1, 4]);
  expect([count('cpu', 'MaxPool'), count('cpu', 'Slice')]).toEqual([0, 0]);
});

test('and are other graphs, without what WebGPU lacks', () => {
  const operators = (provider: string): string[] =>
    formCases.flatMap((row) => {
      const { graph } = onnx.ModelProto.decode(formGraph(row, provider));
      return (graph?.node ?? []).map(({ opType }) => opType ?? '');
    });
  const lacking = ['Max', 'Min', 'And', 'Or', 'Relu', 'Shape', 'Identity', 'Pow'];
  expect(lacking.filter((operator) => operators('webgpu').includes(operator))).toEqual([]);
  expect(lacking.filter((operator) => !operators(plain).includes(operator))).toEqual(['Identity']);
});

describe('random numbers of the iteration', () => {
  async function draw(iteration: number, seed: number, dims: readonly number[]): Promise<Float32Array> {
    const [x, step] = [
      symbolicInput('x', 'float32', ['batch', ...dims.slice(1)]),
      symbolicInput('t', 'int32', []),
    ];
    const model = encodeTensors({
      name: 'draws',
      inputs: [x, step],
      outputs: [{ name: 'drawn', tensor: randomLike(ops.relu(x), seed) }],
      provider: 'webgpu',
      iteration: step,
    });
    const session = await ort.InferenceSession.create(model);
    const { drawn } = await session.run({
      x: new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims),
      t: new ort.Tensor('int32', [iteration], []),
    });
    await session.release();
    return drawn?.data as Float32Array;
  }
  const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((sum, value, i) => sum + (value - 0.5) * ((b[i] as number) - 0.5), 0) /
    (a.length / 12);
  const dims = [64, 7, 9, 5];

  test('lie evenly between 0 and 1', async () => {
    const drawn = await draw(12, 3, dims);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    const counts = Array<number>(20).fill(0);
    for (const value of drawn)
      counts[Math.floor(value * 20)] = (counts[Math.floor(value * 20)] as number) + 1;
    const wanted = drawn.length / 20;
    // Chi-squared with 19 degrees of freedom is above 43.8 once in a thousand times.
    expect(counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0)).toBeLessThan(43.8);
  });

  test('differ from place to place, step to step and seed to seed', async () => {
    const drawn = await draw(12, 3, dims);
    const limit = 4 / Math.sqrt(drawn.length);
    for (const lag of [1, 5, 45, 315]) {
      expect(Math.abs(correlation(drawn.slice(lag), drawn)), `places ${lag} apart`).toBeLessThan(limit);
    }
    for (const [iteration, seed] of [
      [13, 3],
      [12, 4],
      [0, 3],
      [11, 2],
    ] as const) {
      const other = await draw(iteration, seed, dims);
      expect(Math.abs(correlation(other, drawn)), `step ${iteration}, seed ${seed}`).toBeLessThan(limit);
    }
    expect(await draw(12, 3, dims)).toEqual(drawn);
  });
});

test.each(['cpu', 'wasm', 'webgpu', plain])(
  'for %s constraints add their own nodes to a step and repeat none of its',
  (provider) => {
    const custom = new OwnNorm();
    const nodes = (kernelConstraint?: Constraint): number => {
      const layers = Array.from({ length: 4 }, () =>
        dense({ units: 300, activation: 'relu', ...(kernelConstraint && { kernelConstraint }) }),
      );
      const model = sequential([input({ shape: [300] }), ...layers]);
      const { model: step } = buildTrainStep(model, { optimizer: 'sgd', loss: 'mse', provider });
      return onnx.ModelProto.decode(step).graph?.node?.length ?? 0;
    };
    const plainNodes = nodes();
    expect(nodes(custom) - plainNodes).toBeGreaterThan(4);
    for (const constraint of [custom, maxNorm(1), nonNeg()]) {
      expect(nodes(constraint) - plainNodes).toBeLessThanOrEqual(4 * 9);
    }
  },
);
