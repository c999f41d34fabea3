// Schedules: which steps apply the constraints, by a counter of the step or a new one, by a flag, and once at the start.
import { readFileSync } from 'node:fs';
import type * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { ConfigError, unitNorm } from '../../src/index.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { OnnxModel } from '../../src/onnx/model.js';
import type { Schedule } from '../../src/training/schedule.js';
import { type SpliceOptions, splice } from '../../src/training/splice.js';
import { parseStepDescription } from '../../src/training/stepDescription.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { openStep, randomFeeds, runStep, type StepTensor, stepPath, toOrt } from '../support/trainSteps.js';

const pair = { input: 'w', output: 'w_new', constraint: unitNorm({ axis: 1 }) };

function spliced(name: string, schedule: Schedule, options: SpliceOptions = {}): Uint8Array {
  const model = OnnxModel.decode(readFileSync(stepPath(`small/${name}.onnx`)));
  const output = name === 'adamw' ? 'out_0' : 'w_new';
  splice(model, { parameters: { w: { ...pair, output } }, schedule }, options);
  return model.encode();
}

interface Run {
  /** In which steps, from 1 on, the new weight satisfied the constraint. */
  readonly held: readonly number[];
  readonly losses: readonly number[];
}

/** Ten steps; `feed` says what a step is given beside what the last one gave. */
async function train(
  bytes: Uint8Array,
  carry: Readonly<Record<string, string>>,
  feed: (step: number) => Record<string, ort.Tensor> = () => ({}),
): Promise<Run> {
  const session = await openStep(bytes);
  const { inputs } = OnnxModel.decode(bytes);
  let feeds: Record<string, ort.Tensor> = { ...startFeeds(inputs), ...feed(1) };
  const held: number[] = [];
  const losses: number[] = [];
  for (let step = 1; step <= 10; step++) {
    const outputs = await session.run({ ...feeds, ...feed(step) });
    losses.push((outputs.loss as ort.Tensor).data[0] as number);
    for (const [output, input] of Object.entries(carry))
      feeds = { ...feeds, [input]: outputs[output] as ort.Tensor };
    const w = feeds.w as ort.Tensor;
    const norms = reference.norms(Array.from(w.data as Float32Array), [4, 3], 1).values;
    if (norms.every((norm) => Math.abs(norm - 1) < 1e-5)) held.push(step);
  }
  await session.release();
  return { held, losses };
}

function scalar(value: number): ort.Tensor {
  return randomFeeds([{ name: 'x', dtype: 'float32', shape: [] }], { numbers: () => [value] } as never)
    .x as ort.Tensor;
}

function flag(value: boolean): ort.Tensor {
  const { x } = randomFeeds([{ name: 'x', dtype: 'bool', shape: [] }], new Random(1)) as { x: ort.Tensor };
  (x.data as Uint8Array)[0] = value ? 1 : 0;
  return x;
}

/** Feeds as a step may have them: a second moment is no less than zero. */
function startFeeds(inputs: Parameters<typeof randomFeeds>[0]): Record<string, ort.Tensor> {
  const feeds = { ...randomFeeds(inputs, new Random(5)), lr: scalar(0.01) };
  const v = (feeds as Record<string, ort.Tensor>).v?.data as Float32Array | undefined;
  v?.set(v.map(Math.abs));
  return feeds;
}

const adam = { out_0: 'w', out_1: 'm', out_2: 'v', out_3: 't' };

describe('steps that apply the constraint', () => {
  test.each([
    [{ every: 3, step: 't' }, [3, 6, 9]],
    [{ every: 3, step: 't', warmUp: 2 }, [5, 8]],
    [{ warmUp: 7, step: 't' }, [8, 9, 10]],
    [{ every: 3, step: 't', firstStep: 0 }, [2, 5, 8]],
  ] as const)('%j: %j', async (schedule, wanted) => {
    for (const options of [{}, { functions: true }, { provider: 'cpu' }]) {
      expect((await train(spliced('adamw', schedule, options), adam)).held).toEqual(wanted);
    }
  });

  test.each([
    [{ every: 4, counter: 'updates' }, [4, 8]],
    [{ warmUp: 8, counter: 'updates' }, [9, 10]],
  ] as const)('%j with a counter of its own: %j', async (schedule, wanted) => {
    const bytes = spliced('adamw', schedule);
    const { inputs, outputs } = OnnxModel.decode(bytes);
    expect(inputs.at(-1)).toEqual({ name: 'updates', dtype: 'int64', shape: [] });
    expect(outputs.at(-1)).toEqual({ name: 'updates_new', dtype: 'int64', shape: [] });
    const carry = { ...adam, updates_new: 'updates' };
    const start = randomFeeds(inputs, new Random(5)).updates as ort.Tensor;
    (start.data as BigInt64Array)[0] = 0n;
    expect((await train(bytes, carry, (step) => (step === 1 ? { updates: start } : {}))).held).toEqual(
      wanted,
    );
  });

  test('only steps that update, and each second of those', async () => {
    const carry = { w_new: 'w', sum_new: 'sum' };
    const updates = (step: number) => ({ update: flag(step % 3 === 0) });
    const each = await train(spliced('accumulate_if', { when: 'update' }), carry, updates);
    // Between updates the weight stays as the last update left it.
    expect(each.held).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    const bytes = spliced('accumulate_if', { when: 'update', every: 2, counter: 'n' });
    const start = randomFeeds(OnnxModel.decode(bytes).inputs, new Random(5)).n as ort.Tensor;
    (start.data as BigInt64Array)[0] = 0n;
    const second = await train(bytes, { ...carry, n_new: 'n' }, (step) => ({
      ...updates(step),
      ...(step === 1 && { n: start }),
    }));
    expect(second.held).toEqual([6, 7, 8]);
  });

  test('inside a Loop, by the count of outer steps', async () => {
    const bytes = spliced('inner_loop', { every: 2, counter: 'n' });
    const start = randomFeeds(OnnxModel.decode(bytes).inputs, new Random(5)).n as ort.Tensor;
    (start.data as BigInt64Array)[0] = 0n;
    const session = await openStep(bytes);
    let feeds: Record<string, ort.Tensor> = {
      ...randomFeeds(OnnxModel.decode(bytes).inputs, new Random(5)),
      n: start,
      lr: scalar(0.01),
    };
    const held: boolean[] = [];
    for (let step = 1; step <= 4; step++) {
      const { w_new, n_new } = (await session.run(feeds)) as Record<string, ort.Tensor>;
      feeds = { ...feeds, w: w_new as ort.Tensor, n: n_new as ort.Tensor };
      const norms = reference.norms(Array.from(w_new?.data as Float32Array), [4, 3], 1).values;
      held.push(norms.every((norm) => Math.abs(norm - 1) < 1e-5));
    }
    await session.release();
    expect(held).toEqual([false, true, false, true]);
  });
});

test('initial weights are projected once, before the first loss is taken', async () => {
  const plain = await train(spliced('adamw', { every: 100, step: 't' }), adam);
  const bytes = spliced('adamw', { every: 100, step: 't', initial: true });
  const projected = await train(bytes, adam);
  expect(plain.held).toEqual([]);
  expect(projected.losses[0]).not.toBe(plain.losses[0]);
  // The first loss is that of the projected weights, fed to the step as it was exported.
  const step = OnnxModel.decode(readFileSync(stepPath('small/adamw.onnx')));
  const feeds = startFeeds(step.inputs);
  const w = feeds.w as ort.Tensor;
  (w.data as Float32Array).set(reference.unitNorm(Array.from(w.data as Float32Array), [4, 3], { axis: 1 }));
  const session = await openStep(step.encode());
  const { loss } = (await session.run(feeds)) as Record<string, ort.Tensor>;
  await session.release();
  expect(Math.abs((loss?.data[0] as number) - (projected.losses[0] as number))).toBeLessThan(1e-6);
});

describe('wrong schedules', () => {
  test.each([
    ['adamw', { every: 2 }, 'every and warm_up need to know the step'],
    ['adamw', { initial: true }, 'initial needs to know the step'],
    ['adamw', { every: 0, step: 't' }, 'schedule.every: must be a whole number from 1, found 0'],
    ['adamw', { warmUp: -1, step: 't' }, 'schedule.warm_up: must be a whole number from 0, found -1'],
    ['adamw', { step: 't', counter: 'n' }, 'not both'],
    ['adamw', { counter: 'n', firstStep: 3, every: 2 }, 'first_step goes with step'],
    ['adamw', { step: 'steps', every: 2 }, "schedule.step: the step has no input 'steps'"],
    [
      'adamw',
      { step: 'm', every: 2 },
      "schedule.step: 'm' is float32 [4, 3]; a count of steps is one number",
    ],
    ['adamw', { counter: 't', every: 2 }, "schedule.counter: the step has a value 't' already"],
    ['adamw', { when: 'maybe' }, "schedule.when: the step has no value 'maybe'"],
    ['adamw', { when: 'lr' }, "schedule.when: 'lr' is float32 []; one boolean is accepted"],
  ] as const)('%s: %j', (name, schedule, message) => {
    expect(() => spliced(name, schedule)).toThrow(ConfigError);
    expect(() => spliced(name, schedule)).toThrow(message);
  });

  test('in a file: unknown keys', () => {
    const file = { parameters: { w: { input: 'w', output: 'v', constraint: null } } };
    const read = (schedule: unknown) => () =>
      parseStepDescription({ ...file, schedule }, { file: 'step.json' });
    expect(read({ evry: 2 })).toThrow(
      'step.json: schedule.evry: unknown key; accepted are every, warm_up, initial',
    );
    expect(read([])).toThrow('schedule: must be an object');
    expect(read({ every: '2', step: 't' })).toThrow(
      'schedule.every: must be a whole number from 1, found "2"',
    );
    expect(read({ every: 2, warm_up: 3, first_step: 0, step: 't' })()).toMatchObject({
      schedule: { every: 2, warmUp: 3, firstStep: 0, step: 't' },
    });
  });
});

describe('a flag that the step computes', () => {
  /** `w_new = w - g`; its copy comes before or behind the flag `ok = g < limit`. */
  function step(copyComesFirst: boolean): OnnxModel {
    const builder = new GraphBuilder({ opset: 18 });
    for (const name of ['w', 'g']) builder.input({ name, dtype: 'float32', shape: [1, 2] });
    builder.input({ name: 'limit', dtype: 'float32', shape: [] });
    for (const name of ['w_new', 'copy']) builder.output({ name, dtype: 'float32', shape: [1, 2] });
    const copy = () => builder.node('Identity', ['w_new'], {}, 'copy');
    builder.node('Sub', ['w', 'g'], {}, 'w_new');
    if (copyComesFirst) copy();
    const sum = builder.node('ReduceSum', ['g'], { keepdims: { type: 'int', value: 0 } });
    builder.node('Less', [sum, 'limit'], {}, 'ok');
    if (!copyComesFirst) copy();
    return OnnxModel.decode(encodeGraph(builder.build('step')));
  }

  const parameters = { w: { ...pair } };

  test.each([
    [true, [0.6, 0.8]],
    [false, [3, 4]],
  ])('computed behind the update, it decides: %s', async (ok, wanted) => {
    const model = step(false);
    splice(model, { parameters, schedule: { when: 'ok' } });
    const vector = (data: number[]): StepTensor => ({ data: Float32Array.from(data), dims: [1, 2] });
    const limit: StepTensor = { data: Float32Array.of(ok ? 1 : -1), dims: [] };
    const found = await runStep(model.encode(), {
      w: toOrt(vector([3, 4])),
      g: toOrt(vector([0, 0])),
      limit: toOrt(limit),
    });
    for (const output of ['w_new', 'copy']) {
      for (const [i, value] of wanted.entries()) {
        expect(Math.abs((found[output]?.data[i] as number) - value)).toBeLessThan(1e-6);
      }
    }
  });

  test('what reads the update before it is refused, unless it sees the unconstrained value', () => {
    const schedule = { when: 'ok' };
    expect(() => splice(step(true), { parameters, schedule })).toThrow(
      "parameters[\"w\"].output: node 'Identity_0' (Identity) reads 'w_new' before schedule.when is computed",
    );
    const [spliced] = splice(step(true), { parameters, schedule }, { others: 'unconstrained' });
    expect(spliced?.otherReaders).toBe(1);
  });
});
