// The benchmark's own judgement: its float64 answers, the contenders that need no build, and the names of its targets.
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { applyKerasConstraint, type KerasConstraint } from '../support/reference.js';
import { cases } from './cases.mjs';
import { chooseCases } from './chooseCases.mjs';
import { loops } from './contenders/loops.mjs';
import { memcpy } from './contenders/memcpy.mjs';
import { tfjsCpu, tfjsWasm } from './contenders/tfjs.mjs';
import { measure } from './rounds.mjs';
import { judgeAgainst } from './steps/stepAnswer.mjs';
import { stepCases } from './steps/stepCases.mjs';
import { convolve } from './steps/tfjsStep.mjs';
import { judgeTargets, readTargets } from './targets.mjs';
import { copyInto, findMistake, makeWeights } from './weights.mjs';

const parameters = [
  parameter('dense', [12, 5], 'MaxNorm', { max_value: 1, axis: 0 }),
  parameter('hwio', [3, 3, 2, 4], 'UnitNorm', { axis: [0, 1, 2] }),
  parameter('depthwise', [3, 3, 4, 2], 'MaxNorm', { max_value: 1, axis: [0, 1] }),
  parameter('oihw', [4, 2, 3, 3], 'MinMaxNorm', { min_value: 0.5, max_value: 1, rate: 0.9, axis: [1, 2, 3] }),
  parameter('rows', [6, 7], 'MaxNorm', { max_value: 1, axis: 1 }),
  parameter('bias', [9], 'MinMaxNorm', { min_value: 0.5, max_value: 1, rate: 0.9, axis: 0 }),
  parameter('gamma', [9], 'NonNeg', {}),
];

function parameter(name: string, dims: number[], className: string, config: Record<string, unknown>) {
  return { name, dims, constraint: { class_name: className, config } as never };
}

/** What a reference that shares no code with the benchmark answers. */
function answersOf(weights: readonly Float32Array[]): number[][] {
  return weights.map((weight, i) => {
    const { constraint, dims } = parameters[i] as { constraint: KerasConstraint; dims: number[] };
    return applyKerasConstraint(constraint, weight, dims);
  });
}

function at<T>(items: readonly T[], i: number): T {
  const item = items[i];
  if (item === undefined) throw new RangeError(`there is no item ${i}`);
  return item;
}

describe('findMistake', () => {
  const weights = makeWeights(parameters);
  const answers = answersOf(weights);

  test.each(parameters.map((each, i) => ({ ...each, i })))(
    'takes the right answer for $name and no other',
    ({ i }) => {
      const each = at(parameters, i);
      const weight = at(weights, i);
      const answer = at(answers, i);
      expect(findMistake(each, weight, answer)).toBeUndefined();
      expect(findMistake(each, weight, weight)).toContain(each.name);
      expect(findMistake(each, weight, answer.with(-1, (answer.at(-1) ?? 0) * (1 + 2e-5) + 1e-9))).toContain(
        each.name,
      );
      expect(findMistake(each, weight, answer.with(0, Number.NaN))).toContain(each.name);
      expect(findMistake(each, weight, answer.slice(1))).toContain('weights');
    },
  );

  test('refuses weights that the constraint leaves alone', () => {
    const free = parameter('free', [2, 2], 'MaxNorm', { max_value: 2, axis: 1 });
    const weight = Float32Array.of(3, 0, 0, 1);
    expect(() => findMistake(free, weight, weight)).toThrow('free: the constraint leaves some');
  });
});

describe('measure', () => {
  const benchCase = { name: 'all of them', parameters };

  test.each([memcpy, loops, tfjsWasm, tfjsCpu])('finds nothing wrong with $name', async (contender) => {
    const times = await measure(benchCase, [contender], 2);
    expect(times[contender.name]).toMatchObject({ runs: 2 });
    expect(times[contender.name]?.median).toBeGreaterThan(0);
  });

  test('ends at a wrong answer, and names who gave it', async () => {
    const lazy = {
      name: 'lazy',
      prepare(_: unknown, weights: readonly Float32Array[]) {
        const own = weights.map((weight) => weight.slice());
        return { refill: () => copyInto(own, weights), run: () => {}, answer: () => own };
      },
    };
    await expect(measure(benchCase, [loops, lazy], 1)).rejects.toThrow(
      'all of them: lazy is wrong: dense[0]',
    );
  });
});

test('the weights of every small case are outside of its limits', () => {
  for (const { parameters: own } of chooseCases('EfficientNetB0').projections) {
    expect(own).toHaveLength(200);
    makeWeights(own).forEach((weight, i) => {
      // Throws where a unit would not change.
      expect(findMistake(own[i] as never, weight, weight)).toBeDefined();
    });
  }
});

test('the answer of a step is judged with its constraints, or without', () => {
  const network = {
    parameters: [
      {
        name: 'kernel',
        dims: [12, 5],
        constraint: { class_name: 'MaxNorm', config: { max_value: 1, axis: 0 } },
      },
      { name: 'bias', dims: [9] },
    ],
  } as never;
  const step = [...makeWeights(parameters.slice(0, 1)), new Float32Array(9).fill(0.5)];
  const velocities = step.map((values) => values.map((value) => value / 10));
  const plain = [...step, ...velocities];
  const start = plain.map((values) => values.map((value) => value * 0.9));
  const judge = judgeAgainst(network, start, plain);
  const projected = plain.with(0, Float32Array.from(answersOf(step.slice(0, 1))[0] ?? []));
  expect(judge(plain, false)).toBeUndefined();
  expect(judge(projected, true)).toBeUndefined();
  expect(judge(plain, true)).toContain('kernel is off');
  expect(judge(projected, false)).toContain('kernel is off');
  expect(judge(plain.with(3, at(plain, 3).with(2, Number.NaN)), false)).toContain('a state of bias');
  expect(judge(plain.with(1, at(plain, 1).slice(1)), false)).toContain('bias holds 8 values');
  expect(() => judgeAgainst(network, plain, plain)).toThrow('the step hardly moves kernel');
});

describe('targets', () => {
  test('are for cases that there are', () => {
    const names = [...cases, ...stepCases].map(({ name }) => name);
    for (const target of readTargets()) expect(names).toContain(target.case);
  });

  test('compare medians the way they say', () => {
    const times = (ours: number) => ({
      memcpy: { median: 10, lower: 10, upper: 10, runs: 1 },
      'tfjs wasm': { median: 100, lower: 100, upper: 100, runs: 1 },
      ours: { median: ours, lower: ours, upper: ours, runs: 1 },
    });
    const statuses = (ours: number) =>
      judgeTargets([{ name: 'Dense 4096×4096 MaxNorm', times: times(ours) }])
        .filter(({ contender, status }) => contender === 'ours' && status !== 'not measured')
        .map(({ against, found, status }) => [against, found, status]);
    expect(statuses(10)).toEqual([
      ['memcpy', 1, 'ok'],
      ['tfjs wasm', 10, 'ok'],
    ]);
    expect(statuses(20)).toEqual([
      ['memcpy', 2, 'missed'],
      ['tfjs wasm', 5, 'missed'],
    ]);
  });
});

test("the convolution of the steps in wasm has the gradients of tfjs's own", async () => {
  const gradients = async (backend: string, conv: typeof convolve) => {
    await tf.setBackend(backend);
    const image = tf.sin(tf.reshape(tf.range(0, 2 * 6 * 5 * 3), [2, 6, 5, 3])) as tf.Tensor4D;
    const kernel = tf.cos(tf.reshape(tf.range(0, 3 * 2 * 3 * 4), [3, 2, 3, 4])) as tf.Tensor4D;
    const loss = (x: tf.Tensor, k: tf.Tensor) => tf.sum(tf.square(conv(x, k))) as tf.Scalar;
    return tf
      .grads(loss)([image, kernel])
      .map((gradient) => [...gradient.dataSync()]);
  };
  const own = (x: tf.Tensor, k: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, k as tf.Tensor4D, 1, 'valid');
  const right = await gradients('cpu', own);
  const found = await gradients('wasm', convolve);
  expect(found.map(({ length }) => length)).toEqual([2 * 6 * 5 * 3, 3 * 2 * 3 * 4]);
  found.flat().forEach((value, i) => {
    expect(Math.abs(value - (right.flat()[i] as number))).toBeLessThan(1e-3);
  });
});
