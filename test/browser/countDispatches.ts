// Counts what is really sent to the GPU: every dispatch of a compute shader in this page.
// Must not import ONNX Runtime, whose work it counts, nor Node.

type Dispatch = (this: unknown, ...sizes: unknown[]) => void;

interface Counted {
  dispatchWorkgroups: Dispatch;
  dispatchWorkgroupsIndirect: Dispatch;
}

let count = 0;

const { GPUComputePassEncoder } = globalThis as unknown as { GPUComputePassEncoder: { prototype: Counted } };
const { prototype } = GPUComputePassEncoder;
for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'] as const) {
  const dispatch = prototype[name];
  prototype[name] = function counted(...sizes): void {
    count++;
    dispatch.apply(this, sizes);
  };
}

/** How many dispatches `work` caused. */
export async function countDispatches(work: () => Promise<void>): Promise<number> {
  const before = count;
  await work();
  return count - before;
}
