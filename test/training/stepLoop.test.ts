// The step loop on the CPU, by every route: PyTorch's trajectory, constraints after every step, callbacks, abort, inputs.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseStepDescription, readModel, StepLoop, splice } from '../../src/node.js';
import { batches, followTrajectory, initial, inputs, STEPS, violations } from '../support/loopTrajectory.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';

const trajectory = readTrajectory('mlp_sgd');
const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
const bytes = new Uint8Array(readFileSync(stepPath('mlp_sgd/step.onnx')));
const start = { initial: initial(trajectory), inputs };

describe.each([
  { noCopy: true, route: 'no-copy' },
  { noCopy: false, route: 'in-place' },
])('$route', ({ noCopy, route }) => {
  test.each([
    { projector: false, constraints: 'splice' },
    { projector: true, constraints: 'projector' },
  ])('forty steps follow PyTorch by $constraints', async ({ projector, constraints }) => {
    const loop = await StepLoop.create(bytes, description, { ...start, noCopy, projector });
    expect(loop.report()).toMatchObject({ provider: 'cpu', route, constraints, refusals: [], state: [] });
    expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
    await loop.dispose();
  });
});

async function makeLoop(options: object = {}) {
  return StepLoop.create(bytes, description, { ...start, ...options });
}

test('a step that was spliced before runs as it is, and is not projected again', async () => {
  const model = await readModel(stepPath('mlp_sgd/step.onnx'));
  splice(model, description);
  const loop = await StepLoop.create(model, description, start);
  expect(loop.report()).toMatchObject({ constraints: 'spliced', parameters: [] });
  expect(await followTrajectory(loop, trajectory, description)).toEqual([]);
  await loop.dispose();
  await expect(StepLoop.create(model, description, { ...start, projector: true })).rejects.toThrow(
    /spliced, so its constraints would be applied twice/,
  );
});

test('the model that was given stays as it was', async () => {
  const model = await readModel(stepPath('mlp_sgd/step.onnx'));
  await (await StepLoop.create(model, description, start)).dispose();
  expect(Buffer.from(model.encode()).equals(Buffer.from(bytes))).toBe(true);
});

test('without constraints the steps leave them, as the step that was exported does', async () => {
  const parameters = Object.fromEntries(
    Object.entries(description.parameters).map(([name, own]) => [name, { ...own, constraint: null }]),
  );
  const loop = await StepLoop.create(bytes, { parameters }, start);
  expect(loop.report().constraints).toBe('none');
  await loop.run(batches(trajectory));
  expect(await violations(loop, description)).not.toEqual([]);
  await loop.dispose();
});

describe('a run', () => {
  test('stops after so many steps, and the next one goes on', async () => {
    const loop = await makeLoop();
    const seen: number[] = [];
    const onStep = ({ step }: { step: number }): void => void seen.push(step);
    const stream = batches(trajectory);
    expect(await loop.run(stream, { steps: 3, onStep })).toMatchObject({ step: 3 });
    expect(await loop.run(batches(trajectory, 3), { onStep })).toMatchObject({ step: STEPS });
    expect(seen).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    expect((await stream.next()).done).toBe(true);
    await loop.dispose();
  });

  test('fetches nothing but the loss and what is asked for', async () => {
    const loop = await makeLoop({ loss: 'loss' });
    const outputs: object[] = [];
    await loop.run(batches(trajectory), { steps: 2, onStep: (result) => void outputs.push(result.outputs) });
    expect(outputs).toEqual([{}, {}]);
    await loop.dispose();
    await expect(makeLoop({ fetch: ['accuracy'] })).rejects.toThrow(
      "the step has no output 'accuracy'; those to be fetched are loss",
    );
    await expect(makeLoop({ fetch: ['fc1.bias_new'] })).rejects.toThrow(/'fc1.bias_new' is carried/);
  });

  test('is aborted between steps, also while it waits for a batch', async () => {
    const loop = await makeLoop();
    const controller = new AbortController();
    const run = loop.run(batches(trajectory), {
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 5) controller.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(loop.step).toBe(5);
    const waiting = new AbortController();
    async function* never() {
      await new Promise(() => {});
      yield {};
    }
    setTimeout(() => waiting.abort(), 10);
    await expect(loop.run(never(), { signal: waiting.signal })).rejects.toThrow(/abort/i);
    expect(await loop.run(batches(trajectory, 5))).toMatchObject({ step: STEPS });
    await loop.dispose();
  });

  test('ends when the loop is disposed of', async () => {
    const loop = await makeLoop();
    let disposal: Promise<void> | undefined;
    const run = loop.run(batches(trajectory), {
      onStep: () => {
        disposal = loop.dispose();
      },
    });
    await expect(run).rejects.toThrow(/disposed/);
    await disposal;
    expect(loop.step).toBe(1);
    expect(() => loop.weights()).toThrow(/disposed/);
  });

  test('tells the pace, callbacks included', async () => {
    const loop = await makeLoop();
    const started = performance.now();
    const last = await loop.run(batches(trajectory), {
      onStep: () => new Promise((resolve) => setTimeout(resolve, 10)),
      steps: 20,
    });
    const seconds = (performance.now() - started) / 1000;
    // The wait behind the last step is in the one time and not in the other.
    expect(last?.stepsPerSecond).toBeGreaterThan(20 / seconds);
    expect(last?.stepsPerSecond).toBeLessThan((1.5 * 20) / seconds);
    await loop.dispose();
  });
});

describe('refuses', () => {
  const [x, y] = [trajectory('x'), trajectory('y')].map(({ data }) => data.slice(0, 4));

  test.each([
    ['nothing for an input', {}, "step 1: input 'x' has no value; give it in each batch, or once as inputs"],
    ['an unknown input', { x, y, z: x }, "the batch of step 1 has 'z', which is no input to be given"],
    ['too few elements', { x, y }, "input 'x': shape (64, 64) holds 4096 elements, found 4"],
    [
      'integers',
      { x: Int32Array.of(1), y },
      "input 'x' is float32, which lies in a Float32Array; found Int32Array",
    ],
  ])('a batch with %s', async (_, batch, message) => {
    const loop = await makeLoop();
    await expect(loop.run([batch as never])).rejects.toThrow(message);
    expect(loop.step).toBe(0);
    await loop.dispose();
  });

  test.each([
    ['an unknown option', { intial: {} }, "there is no option 'intial'; accepted are initial, inputs, state"],
    [
      'an unknown constant',
      { inputs: { rate: 1 } },
      "inputs has 'rate', which is no input to be given; those are x, y, lr, t",
    ],
    ['no initial value', { initial: {} }, "initial has no value for parameter 'fc1.weight'"],
    [
      'an unknown initial value',
      { initial: { fc3: Float32Array.of(1) } },
      "initial has 'fc3', which is not carried",
    ],
    [
      'an initial value of another dtype',
      { initial: { ...start.initial, 'fc1.bias': new Float64Array(32) } },
      'initial.fc1.bias is float32, which lies in a Float32Array; found Float64Array',
    ],
    [
      'an initial value of another size',
      { initial: { ...start.initial, 'fc1.bias': new Float32Array(3) } },
      "initial.fc1.bias has 3 elements; the step's input has shape (32,)",
    ],
    ['no such loss', { loss: 'cost' }, "the step has no output 'cost'; those to be fetched are loss"],
    [
      'no such state',
      { state: { m: { input: 'm', output: 'm_new' } } },
      `state["m"].input: the step has no input 'm'`,
    ],
    ['no such provider', { providers: ['cdua'] }, /the train step: no provider of the list runs it: cdua: /],
    [
      'options that lead elsewhere',
      { sessionOptions: { executionProviders: ['cpu'] } },
      /^sessionOptions.executionProviders/,
    ],
  ])('%s', async (_, options, message) => {
    await expect(makeLoop(options)).rejects.toThrow(message);
  });

  test.each([
    [{ steps: 0 }, 'steps must be a whole number from 1, found 0'],
    [{ checkpoint: { every: 1.5, file: 'x' } }, 'checkpoint.every must be a whole number from 1, found 1.5'],
    [{ until: 3 }, "there is no option 'until'; accepted are steps, signal, onStep, checkpoint, progress"],
    [{ checkpoint: { path: 'x' } }, "there is no option 'path'; accepted are every, file, write"],
    [{ checkpoint: { every: 2 } }, 'checkpoint takes file or write, one of them'],
  ])('to run with %j', async (options, message) => {
    const loop = await makeLoop();
    expect(() => loop.run([], options as object)).toThrow(message);
    await loop.dispose();
  });
});
