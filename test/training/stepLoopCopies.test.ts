// On the CPU a step writes its parameters where they lie: seen by the memory that it takes anew, which copies would.
import { expect, test } from 'vitest';
import { buildTrainStep, dense, input, sequential, sgd } from '../../src/fit/index.js';
import { StepLoop } from '../../src/node.js';

const SIZE = 2048;

/** How many pages of memory a step makes the system hand out, in the mean once it is under way. */
async function takenAnew(noCopy: boolean): Promise<number> {
  const model = sequential([input({ shape: [SIZE] }), dense({ units: SIZE, kernelConstraint: 'max_norm' })]);
  const step = buildTrainStep(model, { optimizer: sgd({ momentum: 0.9 }), loss: 'mse', batchSize: 1 });
  const pairs = Object.entries(step.parameters).map(
    ([path, pair]) => [path, { ...pair, constraint: null }] as const,
  );
  const loop = await StepLoop.create(
    step.model,
    { parameters: Object.fromEntries(pairs) },
    { initial: step.initial, state: step.state, inputs: { learning_rate: 0.1 }, noCopy },
  );
  expect(loop.report().route).toBe(noCopy ? 'no-copy' : 'in-place');
  const batch = { x: new Float32Array(SIZE).fill(1), y: new Float32Array(SIZE) };
  const faults: number[] = [];
  await loop.run(Array(8).fill(batch), {
    onStep: () => void faults.push(process.resourceUsage().minorPageFault),
  });
  await loop.dispose();
  const [first, last] = [faults[1] as number, faults.at(-1) as number];
  return (last - first) / (faults.length - 2);
}

// Windows does not count the pages that are handed out, so that nothing could be seen there.
test.skipIf(process.platform === 'win32')('a step takes no memory for copies, unless told to', async () => {
  const copying = await takenAnew(false);
  expect(copying).toBeGreaterThan(0);
  expect(await takenAnew(true)).toBeLessThan(copying / 8);
});
