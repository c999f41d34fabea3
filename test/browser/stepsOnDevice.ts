// Steps of a model with Dropout and a metric, all of it on the device.
// Must not import Node.
import { expect } from 'vitest';
import { buildTrainStep } from '../../src/fit/index.js';
import { type Loops, openLoop } from '../support/followTraining.js';
import { smallData, smallModel, smallOptions } from '../support/smallTraining.js';

/** @param options those of the loop, which say that the CPU must not help */
export async function stepsOnDevice(
  loops: Loops,
  batchSize: number | undefined,
  options: object,
): Promise<void> {
  const { optimizer, loss, metrics } = smallOptions;
  const size = batchSize === undefined ? {} : { batchSize };
  const step = buildTrainStep(smallModel(0.4), { optimizer, loss, metrics, ...size, provider: 'webgpu' });
  const loop = await openLoop(loops, step, {
    inputs: { learning_rate: 0 },
    fetch: step.metrics.map(({ name }) => name),
    ...options,
  });
  const { x, y } = smallData();
  const batch = {
    x: { data: (x as { data: Float32Array }).data.slice(0, 8 * 98), dims: [8, 7, 7, 2] },
    y: { data: (y as Int32Array).slice(0, 8), dims: [8] },
  };
  const losses: number[] = [];
  await loop.run([batch, batch, batch, batch], {
    onStep: (result) => {
      losses.push(result.loss);
      expect((result.outputs.accuracy?.data[0] as number) * 8).toBeCloseTo(
        Math.round((result.outputs.accuracy?.data[0] as number) * 8),
      );
    },
  });
  await loop.dispose();
  // The weights stay as they are, so that what is left out alone makes the difference.
  expect(new Set(losses).size).toBe(4);
}
