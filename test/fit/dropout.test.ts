// Layers that leave out at random: the right share, the mean kept, other elements in each step, and the same ones on the way
// forward and back.
import { describe, expect, test } from 'vitest';
import { StepLoop } from '../../src/node.js';
import {
  alphaDropout,
  dropout,
  input,
  predict,
  sequential,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from '../../src/train.js';
import { agreement, maskedSteps, maskFaults } from '../support/dropoutMasks.js';

describe.each(['cpu', 'webgpu'])('in the forms for %s', (provider) => {
  test.each([0.5, 0.2, 0.9])('Dropout of rate %s', async (rate) => {
    const steps = await maskedSteps(StepLoop, dropout({ rate }), [4000], 3, { provider });
    expect(maskFaults(steps, rate)).toEqual([]);
    const [first, second, third] = steps as [never, never, never];
    const alike = rate ** 2 + (1 - rate) ** 2;
    for (const share of [agreement(first, second), agreement(second, third), agreement(first, third)]) {
      expect(Math.abs(share - alike)).toBeLessThan(4 * Math.sqrt((alike * (1 - alike)) / 4000));
    }
  });

  test.each([
    ['Dropout with a noise shape', dropout({ rate: 0.5, noiseShape: [null, 1, 500] }), [3, 500], 500],
    ['SpatialDropout1D', spatialDropout1d({ rate: 0.5 }), [3, 500], 500],
    ['SpatialDropout2D', spatialDropout2d({ rate: 0.5 }), [2, 3, 400], 400],
    ['SpatialDropout3D', spatialDropout3d({ rate: 0.5 }), [2, 2, 2, 300], 300],
  ])('%s leaves out channels as a whole', async (_, layer, shape, channels) => {
    const steps = await maskedSteps(StepLoop, layer, shape, 2, { provider });
    expect(maskFaults(steps, 0.5, (element) => element % channels)).toEqual([]);
  });

  test('SpatialDropout2D with its channels first', async () => {
    const layer = spatialDropout2d({ rate: 0.5, dataFormat: 'channels_first' });
    const steps = await maskedSteps(StepLoop, layer, [400, 2, 3], 2, { provider });
    expect(maskFaults(steps, 0.5, (element) => Math.floor(element / 6))).toEqual([]);
  });

  test('AlphaDropout puts its least value where it leaves out, and scales', async () => {
    const [rate, least] = [0.3, -1.6732632423543772 * 1.0507009873554805];
    const a = ((1 - rate) * (1 + rate * least ** 2)) ** -0.5;
    const b = -a * least * rate;
    for (const { mask, given, weights, sum } of await maskedSteps(
      StepLoop,
      alphaDropout({ rate }),
      [4000],
      2,
      {
        provider,
      },
    )) {
      expect(mask.filter((value) => Math.abs(value) > 1e-3 && Math.abs(value - a) > 1e-3)).toEqual([]);
      const dropped = mask.map((value) => value < a / 2);
      const share = dropped.filter(Boolean).length / 4000;
      expect(Math.abs(share - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 4000));
      const passed = weights.reduce((total, w, i) => {
        const kept = dropped[i] ? least : (given[i] as number);
        return total + w * (a * kept + b);
      }, 0);
      expect(Math.abs(passed - sum)).toBeLessThan(5e-3);
    }
  });
});

test('the same seed leaves out the same, another one other elements', async () => {
  const draw = async (seed: number) =>
    (await maskedSteps(StepLoop, dropout({ rate: 0.5 }), [2000], 1, { seed }))[0] as never;
  const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
  expect(agreement(first, again)).toBe(1);
  expect(Math.abs(agreement(first, other) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 2000));
});

test('outside of training, everything comes through as it is', async () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => i - 5.5);
  const layers = [dropout({ rate: 0.5 }), spatialDropout1d({ rate: 0.5 }), alphaDropout({ rate: 0.5 })];
  const model = sequential([input({ shape: [3, 4] }), ...layers]);
  expect((await predict(model, x)).data).toEqual(x);
});
