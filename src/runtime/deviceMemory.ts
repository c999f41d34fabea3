// Tensors that stay on a GPU: sent there, fetched from there, and projected there in place. Browsers hold them in
// GPUBuffers of their own; onnxruntime-node in tensors that only its WebGPU sessions can read.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { elementCount } from '../graph/tensorValue.js';
import { RunGraph } from '../lowering/runGraph.js';
import { encodeGraph } from '../onnx/encodeGraph.js';
import { applyOp } from '../ops/symbolicTensor.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import type { NumberArray } from './outputRoute.js';
import { createSession, type SessionSettings } from './sessions.js';

/** The part of WebGPU's buffers and devices that is used here. */
export interface GpuBuffer {
  readonly size: number;
  destroy(): void;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
}

export interface GpuDevice {
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView): void;
    submit(commands: readonly unknown[]): void;
  };
  createBuffer(descriptor: { readonly size: number; readonly usage: number }): GpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, toAt: number, size: number): void;
    finish(): unknown;
  };
  pushErrorScope(filter: 'validation'): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

// From the WebGPU specification: GPUBufferUsage and GPUMapMode.
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 128;

/** The bytes a GPUBuffer of a tensor must have: ONNX Runtime's shaders read and write 16 at a time. */
export function bufferSize(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** ONNX Runtime's own device in a browser, which is there once it has made a WebGPU session. */
export function deviceOf(ort: OrtModule): GpuDevice | undefined {
  return ort.env?.webgpu?.device as GpuDevice | undefined;
}

/** A buffer on the device that ONNX Runtime can bind and that can be copied from and to. */
export function makeBuffer(device: GpuDevice, bytes: number): GpuBuffer {
  return device.createBuffer({ size: bufferSize(bytes), usage: STORAGE | COPY_SRC | COPY_DST });
}

/** A tensor over a buffer, seen with these dims. */
export function tensorOnBuffer(
  ort: OrtModule,
  buffer: unknown,
  type: string,
  dims: readonly number[],
): OrtTensor {
  if (ort.Tensor.fromGpuBuffer === undefined) {
    throw new ProviderError('this package of ONNX Runtime makes no tensors on GPU buffers');
  }
  return ort.Tensor.fromGpuBuffer(buffer as never, { dataType: type, dims } as never);
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
      const buffer = makeBuffer(device, array.byteLength);
      device.queue.writeBuffer(buffer, 0, wholeWords(array));
      return tensorOnBuffer(this.ort, buffer, type, dims);
    }
    const session = await this.#identity(type, 'gpu-buffer');
    const { w_out: tensor } = await session.run({ w: tensorOver(this.ort, type, array, dims) });
    return tensor as OrtTensor;
  }

  /** Fills the array with what the tensor holds. */
  async download(tensor: OrtTensor, array: NumberArray): Promise<void> {
    const device = deviceOf(this.ort);
    if (device !== undefined)
      return readBuffer(device, (tensor as unknown as { gpuBuffer: GpuBuffer }).gpuBuffer, array);
    const session = await this.#identity(tensor.type);
    await session.run({ w: tensor }, { w_out: tensorOver(this.ort, tensor.type, array, tensor.dims) });
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
  const staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  try {
    copyBuffer(device, from, staging, size);
    await staging.mapAsync(1);
    const bytes = new Uint8Array(staging.getMappedRange(), 0, array.byteLength);
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes);
  } finally {
    staging.destroy();
  }
}

export function copyBuffer(device: GpuDevice, from: GpuBuffer, to: GpuBuffer, size: number): void {
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, to, 0, size);
  device.queue.submit([encoder.finish()]);
}

/** The bytes in whole 32-bit words, as WebGPU writes them. */
function wholeWords(array: NumberArray): ArrayBufferView {
  if (array.byteLength % 4 === 0) return array;
  const padded = new Uint8Array(Math.ceil(array.byteLength / 4) * 4);
  padded.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return padded;
}

/** The number of bytes a tensor of the device takes. */
export function bytesOf({ type, dims }: OrtTensor): number {
  return elementCount(dims) * (type === 'float16' ? 2 : 4);
}
