// Weights in GPUBuffers of the caller's: what cannot be projected is refused before anything is written, and a
// transactional projection that fails brings back what it had written on the device.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import * as webGpuBuild from 'onnxruntime-web/webgpu';
import { describe, expect, test } from 'vitest';
import { nonNeg, ops } from '../../src/index.js';
import { type OrtModule, type OrtTensor, ProjectionError, Projector } from '../../src/web.js';
import { failingOrt } from '../support/failingOrt.js';

interface Buffer {
  readonly size: number;
  destroy(): void;
  mapAsync(mode: number): Promise<void>;
}

interface Device {
  createBuffer(descriptor: { size: number; usage: number }): Buffer;
}

const usage = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 };
const all = usage.STORAGE + usage.COPY_SRC + usage.COPY_DST;

const before = Float32Array.of(-1, 2, -3, 4, -5);
const after = [0, 2, 0, 4, 0];
const parameters = {
  good: { shape: [5], constraint: nonNeg() },
  array: { shape: [5], constraint: nonNeg() },
  bad: { shape: [5], constraint: nonNeg() },
};

async function foreignDevice(): Promise<Device> {
  const { gpu } = navigator as unknown as {
    gpu: { requestAdapter(): Promise<{ requestDevice(): Promise<Device> }> };
  };
  return (await gpu.requestAdapter()).requestDevice();
}

/** A constraint with an operator that WebGPU has not. */
const halve = (w: Parameters<typeof ops.sign>[0]): ReturnType<typeof ops.sign> =>
  ops.multiply(ops.sign(w), 0.5);

const refused: readonly (readonly [string, (own: Device) => Buffer | Promise<Buffer>, RegExp])[] = [
  [
    'destroyed',
    (own) => {
      const buffer = own.createBuffer({ size: 32, usage: all });
      buffer.destroy();
      return buffer;
    },
    /bad: WebGPU refuses the GPUBuffer: .*destroyed.*; give one that is not destroyed/,
  ],
  [
    'of another device',
    async () => (await foreignDevice()).createBuffer({ size: 32, usage: all }),
    /bad: WebGPU refuses the GPUBuffer: .*Device.*; give one .* on ONNX Runtime's own device/,
  ],
  [
    'without STORAGE',
    (own) => own.createBuffer({ size: 32, usage: usage.COPY_SRC + usage.COPY_DST }),
    /bad: the GPUBuffer has no STORAGE usage; make it with usage: GPUBufferUsage.STORAGE \| /,
  ],
  [
    'that cannot be copied from or to',
    (own) => own.createBuffer({ size: 32, usage: usage.STORAGE }),
    /bad: the GPUBuffer has no COPY_SRC and no COPY_DST usage/,
  ],
  [
    'of a size that is no multiple of 16',
    (own) => own.createBuffer({ size: 20, usage: all }),
    /bad: the GPUBuffer has 20 bytes; .* it must have at least 32/,
  ],
];

describe.each([
  ['onnxruntime-web', ort],
  ['onnxruntime-web/webgpu', webGpuBuild],
] as const)('%s', (_name, module) => {
  const own = module as unknown as OrtModule;

  test.each(refused)(
    'a buffer %s is refused, and the others stay as they were',
    async (_kind, make, message) => {
      const projector = await Projector.create(parameters, { ort: own, providers: ['webgpu'], strict: true });
      const tensors = await projector.upload({ good: before, array: before.slice(), bad: before.slice() });
      const buffer = await make(module.env.webgpu.device as unknown as Device);
      const bad = module.Tensor.fromGpuBuffer(buffer as never, { dataType: 'float32', dims: [5] });
      const array = before.slice();
      await expect(projector.project({ ...tensors, array, bad } as never)).rejects.toThrow(message);
      const left = await projector.download(tensors);
      expect([...(left.good as Float32Array)]).toEqual([...before]);
      expect([...array]).toEqual([...before]);
      // The Projector goes on.
      await projector.project({ ...tensors, array });
      expect([...array]).toEqual(after);
      expect([...((await projector.download(tensors)).good as Float32Array)]).toEqual(after);
      await projector.dispose();
    },
  );

  test('a tensor that is disposed of is refused', async () => {
    const projector = await Projector.create(
      { w: parameters.good },
      { ort: own, providers: ['webgpu'], strict: true },
    );
    const tensors = await projector.upload({ w: before });
    tensors.w?.dispose?.();
    await expect(projector.project(tensors)).rejects.toThrow(
      /w: the tensor's location is none; accepted are/,
    );
    await expect(projector.download(tensors)).rejects.toThrow(/location is none/);
    await projector.dispose();
  });

  test.each([true, false])(
    'a failure after the device was written, transactional %s',
    async (transactional) => {
      const failing = failingOrt(own);
      const projector = await Projector.create(
        { onDevice: parameters.good, onHost: { shape: [2], constraint: halve } },
        { ort: failing.ort, providers: ['webgpu', 'wasm'], transactional },
      );
      expect(projector.report().map(({ provider }) => provider)).toEqual(['webgpu', 'wasm']);
      const onHost = Float32Array.of(3, 4);
      const { onDevice } = (await projector.upload({ onDevice: before, onHost })) as { onDevice: OrtTensor };
      failing.failOn('wasm');
      const error: unknown = await projector.project({ onDevice, onHost }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ProjectionError);
      const { message, written, partlyWritten } = error as ProjectionError;
      expect(message).toMatch(
        transactional
          ? /the device is lost; all weights are as they were/
          : /the device is lost; projected: onDevice; perhaps in part: onHost/,
      );
      expect({ written, partlyWritten }).toEqual(
        transactional
          ? { written: [], partlyWritten: [] }
          : { written: ['onDevice'], partlyWritten: ['onHost'] },
      );
      const left = await projector.download({ onDevice, onHost: onHost as never });
      expect([...(left.onDevice as Float32Array)]).toEqual(transactional ? [...before] : after);
      expect([...onHost]).toEqual([3, 4]);
      await projector.dispose();
    },
  );

  test('enableGraphCapture is refused, with its reason', async () => {
    const options = { ort: own, providers: ['webgpu'], sessionOptions: { enableGraphCapture: true } };
    await expect(Projector.create({ w: parameters.good }, options)).rejects.toThrow(
      /sessionOptions.enableGraphCapture: a captured graph goes on with the buffers it was captured with/,
    );
  });

  test('calls that overlap on other tensors keep apart what they write', async () => {
    const projector = await Projector.create(
      { w: { shape: [64], constraint: nonNeg() } },
      { ort: own, providers: ['webgpu'], strict: true },
    );
    const sets = Array.from({ length: 20 }, (_, i) =>
      Float32Array.from({ length: 64 }, (_x, at) => Math.sin(at + i)),
    );
    const tensors = await Promise.all(sets.map((w) => projector.upload({ w })));
    await Promise.all(tensors.map((given) => projector.project(given)));
    for (const [i, given] of tensors.entries()) {
      const { w } = await projector.download(given);
      expect([...(w as Float32Array)]).toEqual([...(sets[i] as Float32Array)].map((x) => Math.max(0, x)));
    }
    await projector.dispose();
  });
});

test('the build that has no float64 says so', async () => {
  const parameter = { w: { shape: [2], dtype: 'float64', constraint: nonNeg() } } as const;
  await expect(
    Projector.create(parameter, { ort: webGpuBuild as never, providers: ['wasm'] }),
  ).rejects.toThrow(/w: .* on wasm: .*no such kernel.*onnxruntime-web has float64/);
});
