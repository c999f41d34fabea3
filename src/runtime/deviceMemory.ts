// Tensors that stay on a GPU: sent there, fetched from there, and projected there in place. Browsers hold them in
// GPUBuffers of their own; onnxruntime-node in tensors that only its WebGPU sessions can read.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { RunGraph } from '../lowering/runGraph.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { applyOp } from '../ops/symbolicTensor.js';
import {
  bufferOf,
  bytesOf,
  copyBuffer,
  deviceOf,
  type GpuBuffer,
  type GpuDevice,
  makeBuffer,
  usages,
} from './gpuDevice.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import type { NumberArray } from './outputRoute.js';
import { createSession, type SessionSettings } from './sessions.js';

/** A tensor over a buffer, seen with these dims. */
export function tensorOnBuffer(
  ort: OrtModule,
  buffer: unknown,
  type: string,
  dims: readonly number[],
  dispose?: () => void,
): OrtTensor {
  if (ort.Tensor.fromGpuBuffer === undefined) {
    throw new ProviderError('this package of ONNX Runtime makes no tensors on GPU buffers');
  }
  return ort.Tensor.fromGpuBuffer(buffer as never, { dataType: type, dims, dispose } as never);
}

/** A new tensor on the device, whose buffer goes when it is disposed of. */
export function makeTensor(
  ort: OrtModule,
  device: GpuDevice,
  type: string,
  dims: readonly number[],
): OrtTensor {
  const buffer = makeBuffer(device, bytesOf({ type, dims }));
  return tensorOnBuffer(ort, buffer, type, dims, () => buffer.destroy());
}

/** Sends weights to the device and fetches them. */
export class DeviceMemory {
  readonly #sessions = new Map<string, Promise<OrtSession>>();

  constructor(
    readonly ort: OrtModule,
    readonly settings: SessionSettings,
  ) {}

  async upload(type: string, array: NumberArray, dims: readonly number[]): Promise<OrtTensor> {
    const device = deviceOf(this.ort);
    if (device !== undefined) {
      const tensor = makeTensor(this.ort, device, type, dims);
      device.queue.writeBuffer(bufferOf(tensor) as GpuBuffer, 0, wholeWords(array));
      return tensor;
    }
    const session = await this.#identity(type, 'gpu-buffer');
    const { w_out: tensor } = await session.run({ w: tensorOver(this.ort, type, array, dims) });
    return tensor as OrtTensor;
  }

  /** Fills the array with what the tensor holds. */
  async download(tensor: OrtTensor, array: NumberArray): Promise<void> {
    const device = deviceOf(this.ort);
    if (device !== undefined) return readBuffer(device, bufferOf(tensor) as GpuBuffer, array);
    const session = await this.#identity(tensor.type);
    await session.run({ w: tensor }, { w_out: tensorOver(this.ort, tensor.type, array, tensor.dims) });
  }

  /** A new tensor on the device with what the tensor holds. */
  async copyOf(tensor: OrtTensor): Promise<OrtTensor> {
    const { type, dims } = tensor;
    const device = deviceOf(this.ort);
    if (device !== undefined) {
      const copy = makeTensor(this.ort, device, type, dims);
      copyBuffer(device, bufferOf(tensor) as GpuBuffer, bufferOf(copy) as GpuBuffer, bytesOf(tensor));
      return copy;
    }
    const session = await this.#identity(type, 'gpu-buffer');
    const { w_out: copy } = await session.run({ w: tensor });
    return copy as OrtTensor;
  }

  /** Fills the tensor with what its copy holds. */
  async restore(tensor: OrtTensor, copy: OrtTensor): Promise<void> {
    const device = deviceOf(this.ort);
    if (device !== undefined) {
      const [from, to] = [bufferOf(copy), bufferOf(tensor)] as [GpuBuffer, GpuBuffer];
      return copyBuffer(device, from, to, bytesOf(tensor));
    }
    const session = await this.#identity(tensor.type);
    const { w_out: result } = await session.run({ w: copy }, { w_out: tensor });
    if (result !== tensor) result?.dispose?.();
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #identity(type: string, location?: string): Promise<OrtSession> {
    const key = `${type} ${location}`;
    const run = new RunGraph({ opset: 18 });
    const w = run.input('w', type as 'float32', undefined);
    run.output('w_out', applyOp('Identity', [w], w));
    const { sessionOptions } = this.settings;
    const settings = {
      ...this.settings,
      sessionOptions: {
        ...sessionOptions,
        ...(location !== undefined && { preferredOutputLocation: location }),
      },
    };
    const session =
      this.#sessions.get(key) ?? createSession(this.ort, encodeGraph(run.build('copy')), settings);
    this.#sessions.set(key, session);
    return session;
  }
}

async function readBuffer(device: GpuDevice, from: GpuBuffer, array: NumberArray): Promise<void> {
  const size = Math.ceil(array.byteLength / 4) * 4;
  const staging = device.createBuffer({ size, usage: usages.MAP_READ + usages.COPY_DST });
  try {
    copyBuffer(device, from, staging, size);
    await staging.mapAsync(1);
    const bytes = new Uint8Array(staging.getMappedRange(), 0, array.byteLength);
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes);
  } finally {
    staging.destroy();
  }
}

/** The bytes in whole 32-bit words, as WebGPU writes them. */
function wholeWords(array: NumberArray): ArrayBufferView {
  if (array.byteLength % 4 === 0) return array;
  const padded = new Uint8Array(Math.ceil(array.byteLength / 4) * 4);
  padded.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return padded;
}
