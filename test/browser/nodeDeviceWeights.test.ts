// Weights on the device in Node: a transactional projection that fails brings them back, and thousands of projections
// neither fail nor grow.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { maxNorm, minMaxNorm, nonNeg, ops } from '../../src/index.js';
import { type OrtTensor, ProjectionError, Projector } from '../../src/node.js';
import { failingOrt } from '../support/failingOrt.js';

/** A constraint with an operator that WebGPU has not. */
const halve = (w: Parameters<typeof ops.sign>[0]): ReturnType<typeof ops.sign> =>
  ops.multiply(ops.sign(w), 0.5);

describe.each([true, false])('a failure after the device was written, transactional %s', (transactional) => {
  test.each([5, 4096])('%i weights', async (count) => {
    const failing = failingOrt(ort as never);
    const projector = await Projector.create(
      { onDevice: { shape: [count], constraint: nonNeg() }, onHost: { shape: [2], constraint: halve } },
      { ort: failing.ort, providers: ['webgpu', 'cpu'], transactional },
    );
    expect(projector.report().map(({ provider }) => provider)).toEqual(['webgpu', 'cpu']);
    const before = Float32Array.from({ length: count }, (_, i) => Math.sin(i + 4));
    const onHost = Float32Array.of(3, 4);
    const { onDevice } = (await projector.upload({ onDevice: before, onHost })) as { onDevice: OrtTensor };
    failing.failOn('cpu');
    const error: unknown = await projector.project({ onDevice, onHost }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProjectionError);
    expect((error as ProjectionError).written).toEqual(transactional ? [] : ['onDevice']);
    const left = await projector.download({ onDevice, onHost: onHost as never });
    const wanted = transactional ? before : before.map((x) => Math.max(0, x));
    expect([...(left.onDevice as Float32Array)]).toEqual([...wanted]);
    expect([...onHost]).toEqual([3, 4]);
    failing.failOn('none');
    await projector.project({ onDevice, onHost });
    expect([...onHost]).toEqual([0.5, 0.5]);
    await projector.dispose();
  });
});

test('a transactional projection that succeeds projects', async () => {
  const projector = await Projector.create(
    { w: { shape: [3], constraint: nonNeg() } },
    { providers: ['webgpu'], strict: true, transactional: true },
  );
  const tensors = await projector.upload({ w: Float32Array.of(-1, 0, 2) });
  for (let i = 0; i < 3; i++) await projector.project(tensors);
  expect([...((await projector.download(tensors)).w as Float32Array)]).toEqual([0, 0, 2]);
  await projector.dispose();
});

test('2,000 projections on the device: the memory of the process does not grow, and the answer stays', async () => {
  const parameters = {
    a: { shape: [128, 64], constraint: maxNorm({ maxValue: 0.5 }) },
    b: { shape: [64, 64], constraint: minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5 }) },
  };
  const projector = await Projector.create(parameters, { providers: ['webgpu'], strict: true });
  const fill = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const tensors = await projector.upload({ a: fill(128 * 64), b: fill(64 * 64) });
  const run = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await projector.project(tensors);
    return process.memoryUsage().rss;
  };
  const warm = await run(1000);
  const settled = await projector.download(tensors);
  const grown = (await run(2000)) - warm;
  // A copy of the weights a projection would be 96 MB.
  expect(grown).toBeLessThan(32 * 2 ** 20);
  const { a, b } = await projector.download(tensors);
  const norms = Array.from({ length: 64 }, (_, column) =>
    Math.hypot(...Array.from({ length: 128 }, (_x, row) => (a as Float32Array)[row * 64 + column] as number)),
  );
  expect(Math.max(...norms)).toBeLessThan(0.5 * (1 + 1e-5));
  expect(Math.min(...norms)).toBeGreaterThan(0.49);
  expect(
    (b as Float32Array).every((x, i) => Math.abs(x - ((settled.b as Float32Array)[i] as number)) < 1e-4),
  ).toBe(true);
  await projector.dispose();
});
