// The step loop on small steps: counters, half precision with masters, parts of one tensor, schedules; a Projector between
// steps gives what a splice does.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maxNorm, nonNeg, type TensorValue } from '../../src/index.js';
import {
  type ResumeOptions,
  type Schedule,
  type StepBatch,
  type StepDescription,
  StepLoop,
} from '../../src/node.js';
import { stepPath } from '../support/trainSteps.js';

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(stepPath(`small/${name}.onnx`)));
const wave = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * Math.sin(i * 1.7 + 0.3));

function* batches(count: number): Generator<StepBatch> {
  for (let i = 0; i < count; i++) yield { x: wave(24, 1 + i / 9), y: wave(32, 2 - i / 9) };
}

interface Trained {
  readonly weights: Record<string, TensorValue>;
  readonly state: Record<string, TensorValue>;
  readonly losses: readonly number[];
}

async function train(
  name: string,
  description: StepDescription,
  options: ResumeOptions & { initial: Record<string, Float32Array | Uint16Array> },
  steps = 12,
): Promise<Trained> {
  const losses: number[] = [];
  const loop = await StepLoop.create(read(name), description, options);
  await loop.run(batches(steps), { onStep: ({ loss }) => void losses.push(loss) });
  const trained = { weights: await loop.weights(), state: await loop.state(), losses };
  await loop.dispose();
  return trained;
}

const w = { input: 'w', output: 'w_new', constraint: maxNorm({ maxValue: 0.5, axis: 1 }) };

test('a counter of the step is carried once it is named, int64 as it is', async () => {
  const parameters = { w: { ...w, output: 'out_0' } };
  const initial = { w: wave(12) };
  const inputs = { lr: 0.01 };
  const counted = await train(
    'adamw',
    { parameters },
    { initial, inputs, state: { t: { input: 't', output: 'out_3' } } },
  );
  expect(Object.keys(counted.state)).toEqual(['t', 'm', 'v']);
  expect(counted.state.t).toEqual({ dtype: 'int64', dims: [], data: BigInt64Array.of(12n) });
  const given = await train(
    'adamw',
    { parameters },
    { initial, inputs: { ...inputs, t: (step) => step - 1 } },
  );
  expect(given.losses).toEqual(counted.losses);
  expect(given.weights).toEqual(counted.weights);
});

test('more outputs come back where they are asked for', async () => {
  const loop = await StepLoop.create(
    read('momentum_ema'),
    { parameters: { w } },
    { initial: { w: wave(12) }, inputs: { lr: 0.1, verbose: 1 }, fetch: ['largest', 'shown'] },
  );
  expect(loop.report()).toMatchObject({ route: 'no-copy', state: ['velocity', 'average'] });
  const seen: Record<string, TensorValue>[] = [];
  await loop.run(batches(3), { onStep: ({ outputs }) => void seen.push({ ...outputs }) });
  expect(seen.map((outputs) => Object.keys(outputs))).toEqual(Array(3).fill(['largest', 'shown']));
  // Each step's own, not the last one's three times.
  expect(seen[0]?.shown).not.toEqual(seen[1]?.shown);
  expect(seen[2]?.shown?.dims).toEqual([4, 3]);
  await loop.dispose();
});

test('half-precision copies and their float32 masters are carried', async () => {
  const parameters = { master: { input: 'master', output: 'master_new', constraint: w.constraint } };
  const halves = new Uint16Array(12).fill(0x3800);
  const { weights, state } = await train(
    'masters',
    { parameters },
    {
      initial: { master: new Float32Array(12).fill(0.5), w16: halves },
      inputs: { lr: 0.01 },
      state: { w16: { input: 'w16', output: 'w16_new' } },
    },
  );
  const master = weights.master?.data as Float32Array;
  expect(state.w16?.dtype).toBe('float16');
  expect(state.w16?.data).not.toEqual(halves);
  for (let row = 0; row < 4; row++)
    expect(Math.hypot(...master.subarray(3 * row, 3 * row + 3))).toBeLessThan(0.5001);
});

/** The largest difference of two weights. */
function apart(a: TensorValue | undefined, b: TensorValue | undefined): number {
  const [left, right] = [a, b].map((value) => value?.data as Float32Array) as [Float32Array, Float32Array];
  expect(left).toHaveLength(right.length);
  return Math.max(...left.map((x, i) => Math.abs(x - (right[i] as number))));
}

test.each([{ every: 3 }, { every: 3, warmUp: 4 }, { warmUp: 5, initial: true }] satisfies Schedule[])(
  'by a Projector as by a splice: %j',
  async (schedule) => {
    const initial = { w: wave(12) };
    const inputs = { lr: 0.05, verbose: 0 };
    const parameters = { w: { ...w, others: 'unconstrained' } } as const;
    const counted = { parameters, schedule: { ...schedule, counter: 'n' } };
    const spliced = await train('momentum_ema', counted, { initial, inputs });
    expect(spliced.state.n).toEqual({ dtype: 'int64', dims: [], data: BigInt64Array.of(12n) });
    const projected = await train('momentum_ema', counted, { initial, inputs, projector: true });
    const never = await train(
      'momentum_ema',
      { parameters: { w: { ...w, constraint: null } } },
      { initial, inputs },
    );
    expect(apart(spliced.weights.w, projected.weights.w)).toBeLessThan(1e-6);
    expect(apart(spliced.weights.w, never.weights.w)).toBeGreaterThan(1e-3);
  },
);

test('parts of one tensor are projected each by its own constraint', async () => {
  const part = (start: number, size: number) => ({ axis: 0, start, size });
  const parameters = {
    upper: { ...w, part: part(0, 2) },
    lower: { ...w, constraint: nonNeg(), part: part(2, 2) },
  };
  const initial = { w: wave(12) };
  const inputs = { lr: 0.05, verbose: 0 };
  const spliced = await train('momentum_ema', { parameters }, { initial, inputs });
  const projected = await train('momentum_ema', { parameters }, { initial, inputs, projector: true });
  expect(Object.keys(spliced.weights)).toEqual(['w']);
  expect(apart(spliced.weights.w, projected.weights.w)).toBeLessThan(1e-6);
  const data = projected.weights.w?.data as Float32Array;
  expect(Math.min(...data.subarray(6))).toBeGreaterThanOrEqual(0);
  expect(Math.hypot(...data.subarray(0, 3))).toBeLessThan(0.5001);
});

test('a schedule that looks into the step is no matter for a Projector', async () => {
  const description = { parameters: { w }, schedule: { when: 'verbose' } };
  const options = { initial: { w: wave(12) }, projector: true };
  await expect(StepLoop.create(read('momentum_ema'), description, options)).rejects.toThrow(
    /schedule.when: 'verbose' is a value inside the step, which a Projector between steps does not see/,
  );
});

test('two values under one name are refused', async () => {
  const state = { w: { input: 'velocity', output: 'velocity_new' } };
  await expect(
    StepLoop.create(read('momentum_ema'), { parameters: { w } }, { initial: { w: wave(12) }, state }),
  ).rejects.toThrow("parameter 'w' and state 'w' have the same name 'w'; each has its own");
});

test('parameters beside those of the description are carried, as parameters', async () => {
  const description = {
    parameters: { kernel: { input: 'weight', output: 'weight_new', constraint: w.constraint } },
  };
  const step = new Uint8Array(readFileSync(new URL('../../models/train_step/step.onnx', import.meta.url)));
  const kernel = wave(640);
  await expect(StepLoop.create(step, description, { initial: { kernel } })).rejects.toThrow(
    "initial has no value for parameter 'bias'",
  );
  const loop = await StepLoop.create(step, description, {
    initial: { kernel, bias: wave(10) },
    inputs: { lr: 0.1 },
  });
  // N is told by the number of elements.
  await loop.run([{ x: wave(5 * 64), y: wave(5 * 10) }]);
  expect(Object.keys(await loop.weights())).toEqual(['kernel', 'bias']);
  expect((await loop.weights()).bias?.data).not.toEqual(wave(10));
  await loop.dispose();
});

test('what is given is not carried, though an output may come from it', async () => {
  const options = { initial: { w: wave(12) }, inputs: { lr: 0.1, verbose: 0 } };
  const held = await StepLoop.create(
    read('momentum_ema'),
    { parameters: { w } },
    { ...options, state: { velocity: null } },
  );
  expect(held.report().state).toEqual(['average']);
  await expect(held.run(batches(1))).rejects.toThrow("step 1: input 'velocity' has no value");
  await held.dispose();
});
