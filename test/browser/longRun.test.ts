// Hundreds of projections of weights that stay in GPUBuffers: no buffer is left behind, and the answer stays.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webGpuBuild from 'onnxruntime-web/webgpu';
import { expect, test } from 'vitest';
import { maxNorm, minMaxNorm } from '../../src/index.js';
import { Projector } from '../../src/web.js';
import { mismatch } from '../support/mismatch.js';
import { maxNorm as referenceMaxNorm } from '../support/reference.js';

interface Buffer {
  readonly size: number;
}

interface Api {
  GPUDevice: { prototype: { createBuffer(this: unknown, descriptor: object): Buffer } };
  GPUBuffer: { prototype: { destroy(this: Buffer): void } };
}

/** The buffers that are made and not destroyed. */
const live = new Set<Buffer>();
const { GPUDevice, GPUBuffer } = globalThis as unknown as Api;
const { createBuffer } = GPUDevice.prototype;
const { destroy } = GPUBuffer.prototype;
GPUDevice.prototype.createBuffer = function counted(descriptor): Buffer {
  const buffer = createBuffer.call(this, descriptor);
  live.add(buffer);
  return buffer;
};
GPUBuffer.prototype.destroy = function counted(): void {
  live.delete(this);
  destroy.call(this);
};

test.each([
  ['onnxruntime-web', ort],
  ['onnxruntime-web/webgpu', webGpuBuild],
] as const)('500 projections on %s', async (_name, module) => {
  for (const transactional of [false, true]) {
    const projector = await Projector.create(
      {
        a: { shape: [64, 32], constraint: maxNorm({ maxValue: 0.5 }) },
        b: { shape: [32, 8], constraint: minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5 }) },
      },
      { ort: module as never, providers: ['webgpu'], strict: true, transactional },
    );
    const fill = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
    const tensors = await projector.upload({ a: fill(64 * 32), b: fill(32 * 8) });
    const run = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i++) await projector.project(tensors);
      return live.size;
    };
    const warm = await run(50);
    expect(warm).toBeGreaterThan(2);
    expect(await run(500)).toBeLessThanOrEqual(warm);
    const { a } = await projector.download(tensors);
    const wanted = referenceMaxNorm(fill(64 * 32), [64, 32], { maxValue: 0.5 });
    // Each of 550 projections shrinks by epsilon, and rounds.
    expect(mismatch(a as Float32Array, wanted, { relative: 3e-4, absolute: 1e-7 })).toBeUndefined();
    for (const tensor of Object.values(tensors)) tensor.dispose?.();
    await projector.dispose();
  }
});
