// Calls that overlap: several Projectors on one module of onnxruntime-web, whose runs share memory and one device.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webGpuBuild from 'onnxruntime-web/webgpu';
import { expect, test } from 'vitest';
import { maxNorm, minMaxNorm, nonNeg, unitNorm } from '../../src/index.js';
import { type OrtModule, Projector } from '../../src/web.js';

const PROJECTORS = 5;
const CALLS = 60;

const constraints = [
  maxNorm({ maxValue: 0.5 }),
  minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5 }),
  minMaxNorm({ minValue: 2, maxValue: 4, rate: 0.25, axis: 1 }),
  unitNorm({ axis: null }),
];

const shapeOf = (i: number): readonly number[] => [3 + i * 4, 5 + i];

function weights(i: number): Record<string, Float32Array> {
  const [rows = 1, columns = 1] = shapeOf(i);
  const a = Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(at * 1.37 + i));
  return { a, b: Float32Array.from({ length: 7 + i }, (_, at) => Math.cos(at + i)) };
}

async function createAll(module: OrtModule, provider: string): Promise<Projector[]> {
  const make = (i: number): Promise<Projector> =>
    Projector.create(
      {
        a: { shape: shapeOf(i), constraint: constraints[i % constraints.length] as never },
        b: { shape: [7 + i], constraint: nonNeg() },
      },
      { ort: module, providers: [provider], strict: true },
    );
  // Sessions are made at once, too.
  return Promise.all(Array.from({ length: PROJECTORS }, (_, i) => make(i)));
}

const plain = (sets: readonly Record<string, Float32Array>[]): number[][] =>
  sets.flatMap(({ a, b }) => [[...(a as Float32Array)], [...(b as Float32Array)]]);

test.each([
  ['onnxruntime-web', 'wasm', ort],
  ['onnxruntime-web', 'webgpu', ort],
  ['onnxruntime-web/webgpu', 'wasm', webGpuBuild],
  ['onnxruntime-web/webgpu', 'webgpu', webGpuBuild],
] as const)(
  '%s on %s: overlapping calls answer as calls one after the other',
  async (_name, provider, module) => {
    const projectors = await createAll(module as never, provider);
    const calls = Array.from({ length: CALLS }, (_, i) => i % PROJECTORS);
    const overlapping = projectors.map((_, i) => weights(i));
    const ordered = projectors.map((_, i) => weights(i));
    await Promise.all(calls.map((i) => projectors[i]?.project(overlapping[i] as never)));
    for (const i of calls) await projectors[i]?.project(ordered[i] as never);
    expect(plain(overlapping)).toEqual(plain(ordered));
    expect(plain(overlapping)).not.toEqual(plain(projectors.map((_, i) => weights(i))));
    for (const projector of projectors) await projector.dispose();
  },
);
