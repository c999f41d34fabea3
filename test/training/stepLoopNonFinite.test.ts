// A loss or gradient that is no number: the step and the parameter are named, and no checkpoint keeps it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NonFiniteError, parseStepDescription, type StepBatch, StepLoop } from '../../src/node.js';
import { batches, initial, inputs } from '../support/loopTrajectory.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';

const trajectory = readTrajectory('mlp_sgd');
const description = parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8'));
const bytes = new Uint8Array(readFileSync(stepPath('mlp_sgd/step.onnx')));

/** The batches, one of which is spoilt. */
async function* spoilt(at: number, spoil: (batch: StepBatch) => StepBatch): AsyncGenerator<StepBatch> {
  let step = 0;
  for await (const batch of batches(trajectory)) {
    step += 1;
    yield step === at ? spoil(batch) : batch;
  }
}

/** The error of a run. */
async function failure(
  loop: StepLoop,
  stream: AsyncIterable<StepBatch>,
  options = {},
): Promise<NonFiniteError> {
  const error = await loop.run(stream, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NonFiniteError);
  await loop.dispose();
  return error as NonFiniteError;
}

const makeLoop = (more: object = {}): Promise<StepLoop> =>
  StepLoop.create(bytes, description, { initial: initial(trajectory), inputs, ...more });

test.each([true, false])(
  'NaN in a batch shows in the loss of its step (projector: %s)',
  async (projector) => {
    const loop = await makeLoop({ projector });
    const spoil = (batch: StepBatch): StepBatch => {
      const { data, dims } = batch.x as { data: Float32Array; dims: number[] };
      return { ...batch, x: { data: data.with(7, Number.NaN), dims } };
    };
    const error = await failure(loop, spoilt(6, spoil));
    expect(error).toMatchObject({ code: 'NON_FINITE', step: 6, parameter: 'fc1.weight' });
    expect(error.message).toMatch(
      /^the loss of step 6 is NaN: parameter 'fc1.weight' came out of step 6 with NaN \(element \d+ of 2048\)$/,
    );
  },
);

test.each([true, false])(
  'a rate that is no number spoils the step before the loss tells (noCopy: %s)',
  async (noCopy) => {
    const rate = (step: number): number => (step === 4 ? Number.NaN : 0.2);
    const loop = await makeLoop({ noCopy, inputs: { ...inputs, lr: rate } });
    const error = await failure(loop, batches(trajectory));
    expect(error).toMatchObject({ step: 4, parameter: 'fc1.weight' });
    expect(error.message).toMatch(
      /^the loss of step 5 is NaN: parameter 'fc1.weight' came out of step 4 with NaN/,
    );
  },
);

test('after the last step, which no loss follows, the parameters themselves are looked at', async () => {
  const rate = (step: number): number => (step === 40 ? Number.NaN : 0.2);
  const loop = await makeLoop({ inputs: { ...inputs, lr: rate } });
  const error = await failure(loop, batches(trajectory));
  expect(error).toMatchObject({ step: 40, parameter: 'fc1.weight' });
  expect(error.message).toMatch(/^after step 40 parameter 'fc1.weight' holds NaN/);
});

test('no checkpoint keeps it', async () => {
  const kept: number[] = [];
  const rate = (step: number): number => (step === 10 ? Number.POSITIVE_INFINITY : 0.2);
  const loop = await makeLoop({ inputs: { ...inputs, lr: rate } });
  const write = (): void => void kept.push(loop.step);
  const error = await failure(loop, batches(trajectory), { checkpoint: { every: 5, write } });
  expect(error.step).toBe(10);
  expect(kept).toEqual([5]);
});

test('an initial value that is no number is named', async () => {
  const start = initial(trajectory);
  const { data, dims } = start['fc2.bias'] as { data: Float32Array; dims: number[] };
  const loop = await makeLoop({
    initial: { ...start, 'fc2.bias': { data: data.with(2, Number.NaN), dims } },
  });
  expect((await failure(loop, batches(trajectory))).message).toBe(
    "the loss of step 1 is NaN: parameter 'fc2.bias' was given with NaN (element 2 of 10)",
  );
});
