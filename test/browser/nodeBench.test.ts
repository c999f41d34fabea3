// The benchmark's contenders in Chromium: each gives the step that the others give, or the benchmark ends.
import { afterAll, expect, test } from 'vitest';
import { startChromium } from '../bench/chromium/startChromium.mjs';
import { measure } from '../bench/rounds.mjs';
import { stepCases } from '../bench/steps/stepCases.mjs';

const contenders = await startChromium('software');
afterAll(() => contenders[0]?.close?.());

test('this package and tfjs take a step in Chromium, on WebGPU and wasm', async () => {
  const digits = stepCases.find(({ name }) => name.includes('digits'));
  if (digits === undefined) throw new Error('the benchmark has no step of the digits');
  const able = contenders.map(({ name, step }) => ({
    name,
    prepare: () => step?.(digits.network) as never,
  }));
  const times = await measure({ ...digits, repeats: 1 }, able, 1);
  expect(Object.keys(times)).toEqual([
    'fit in Chromium, webgpu',
    'fit in Chromium, wasm',
    'tfjs in Chromium, webgpu',
    'tfjs in Chromium, wasm',
  ]);
  expect(Object.values(times).every(({ median }) => median > 0)).toBe(true);
  expect(contenders[0]?.versions?.['its WebGPU']).toContain('swiftshader');
});
