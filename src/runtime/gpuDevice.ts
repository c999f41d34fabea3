// What is used of WebGPU in browsers: ONNX Runtime's device, and buffers that are checked before they are written.
// Must not import ONNX Runtime, Node or browser modules.
import { ShapeError } from '../graph/errors.js';
import { elementCount } from '../graph/tensorValue.js';
import type { OrtModule, OrtTensor } from './ort.js';

/** The part of WebGPU's buffers that is used here. */
export interface GpuBuffer {
  readonly size: number;
  readonly usage: number;
  readonly mapState: string;
  destroy(): void;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
}

/** The part of WebGPU's devices that is used here. */
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

/** From the WebGPU specification: GPUBufferUsage. */
export const usages: Readonly<Record<'MAP_READ' | 'COPY_SRC' | 'COPY_DST' | 'STORAGE', number>> = {
  MAP_READ: 1,
  COPY_SRC: 4,
  COPY_DST: 8,
  STORAGE: 128,
};

/** What ONNX Runtime binds, and what is copied from and to. */
const needed = ['STORAGE', 'COPY_SRC', 'COPY_DST'] as const;

/** ONNX Runtime's own device in a browser, which is there once it has made a WebGPU session. */
export function deviceOf(ort: OrtModule): GpuDevice | undefined {
  return ort.env?.webgpu?.device as GpuDevice | undefined;
}

/** The buffer of a tensor on a device; in onnxruntime-node a handle that only it can use. */
export function bufferOf(tensor: OrtTensor): GpuBuffer | undefined {
  return (tensor as { gpuBuffer?: GpuBuffer }).gpuBuffer;
}

/** The number of bytes a tensor of the device takes. */
export function bytesOf({ type, dims }: Pick<OrtTensor, 'type' | 'dims'>): number {
  return elementCount(dims) * (type === 'float16' ? 2 : 4);
}

/** The bytes a GPUBuffer of a tensor must have: ONNX Runtime's shaders read and write 16 at a time. */
function bufferSize(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/** A buffer on the device that ONNX Runtime can bind and that can be copied from and to. */
export function makeBuffer(device: GpuDevice, bytes: number): GpuBuffer {
  const usage = needed.reduce((sum, name) => sum + usages[name], 0);
  return device.createBuffer({ size: bufferSize(bytes), usage });
}

/** Copies the first bytes of a buffer, in whole 32-bit words. */
export function copyBuffer(device: GpuDevice, from: GpuBuffer, to: GpuBuffer, bytes: number): void {
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, to, 0, Math.ceil(bytes / 4) * 4);
  device.queue.submit([encoder.finish()]);
}

/**
 * Checks what a buffer tells of itself.
 *
 * @throws {ShapeError} when it is too small, mapped, or lacks a usage
 */
export function checkBuffer(name: string, tensor: OrtTensor): void {
  const buffer = bufferOf(tensor);
  // What onnxruntime-node gives as the buffer is no GPUBuffer, and tells nothing.
  if (typeof buffer?.usage !== 'number') return;
  const bytes = bytesOf(tensor);
  if (buffer.size < bufferSize(bytes)) {
    throw new ShapeError(
      `${name}: the GPUBuffer has ${buffer.size} bytes; ONNX Runtime reads and writes 16 at a time, so it must have at least ${bufferSize(bytes)}`,
    );
  }
  // Bit by bit, as usages are flags.
  const missing = needed.filter((usage) => Math.floor(buffer.usage / usages[usage]) % 2 === 0);
  if (missing.length > 0) {
    throw new ShapeError(
      `${name}: the GPUBuffer has no ${missing.join(' and no ')} usage; make it with usage: ${needed.map((usage) => `GPUBufferUsage.${usage}`).join(' | ')}`,
    );
  }
  if (buffer.mapState !== 'unmapped') {
    throw new ShapeError(`${name}: the GPUBuffer is mapped; call its unmap() first`);
  }
}

/**
 * Checks what only the device knows of buffers: that they are its own, and not destroyed.
 *
 * @throws {ShapeError} when one is not
 */
export async function checkOnDevice(
  device: GpuDevice,
  buffers: ReadonlyMap<string, GpuBuffer>,
): Promise<void> {
  // Asked of all at once, as an answer takes its time; whom it is about matters where there is one.
  if ((await refusalOf(device, [...buffers.values()])) === undefined) return;
  for (const [name, buffer] of buffers) {
    const refusal = await refusalOf(device, [buffer]);
    if (refusal === undefined) continue;
    throw new ShapeError(
      `${name}: WebGPU refuses the GPUBuffer: ${refusal.split('\n')[0]}; give one that is not destroyed, on ONNX Runtime's own device (ort.env.webgpu.device), as upload() makes it`,
    );
  }
}

/** What the device says against buffers, asked by writing nothing to each. */
function refusalOf(device: GpuDevice, buffers: readonly GpuBuffer[]): Promise<string | undefined> {
  // Closed before anybody else's turn, so that no other's errors lie inside.
  device.pushErrorScope('validation');
  for (const buffer of buffers) device.queue.writeBuffer(buffer, 0, new Uint8Array(0));
  return device.popErrorScope().then((error) => error?.message);
}
