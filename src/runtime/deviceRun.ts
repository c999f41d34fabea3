// Runs on a device: weights that are there are projected in place and stay there, others are sent and fetched.
// Must not import files or cli.
import { ProviderError } from '../graph/errors.js';
import { inTurn, type Queue } from './bufferQueue.js';
import { makeTensor, tensorOnBuffer } from './deviceMemory.js';
import { bufferOf, bytesOf, copyBuffer, deviceOf, type GpuBuffer, type GpuDevice } from './gpuDevice.js';
import type { Target } from './inPlaceWeights.js';
import { type OrtModule, type OrtSession, type OrtTensor, tensorOver } from './ort.js';
import { takeFrom } from './outputRoute.js';
import type { Slot } from './projectionPlan.js';

type Targets = ReadonlyMap<string, Target>;
type OnDevice = Extract<Target, { kind: 'device' }>;

/** After so many runs that read nothing back, one waits for the device, or queued work would take more and more memory. */
const RUNS_A_WAIT = 256;

/** The runs of one session on a device. */
export class DeviceRun {
  /** Where browsers, which refuse one buffer as input and output, write to. */
  readonly #spares = new Map<Slot, OrtTensor>();
  readonly #turns: Queue = { tail: undefined };
  #failed = false;
  #unread = 0;

  constructor(
    readonly ort: OrtModule,
    readonly session: OrtSession,
    readonly slots: readonly Slot[],
  ) {}

  /** @param wait waits until the device has done what it was given */
  run(targets: Targets, wait: () => Promise<void>): Promise<void> {
    // Calls that overlap share the spares.
    return inTurn([this.#turns], () => this.#run(targets, wait));
  }

  async #run(targets: Targets, wait: () => Promise<void>): Promise<void> {
    // onnxruntime-web gives wrong answers, or none, after a run that failed.
    if (this.#failed) throw new ProviderError('a run on the device failed before; make a new Projector');
    const device = deviceOf(this.ort);
    try {
      if (device === undefined) await this.#runInPlace(targets);
      else await this.#runBeside(targets, device);
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    const reads = this.slots.some((slot) => targetOf(slot, targets).kind === 'array');
    this.#unread = reads ? 0 : this.#unread + 1;
    if (this.#unread < RUNS_A_WAIT) return;
    this.#unread = 0;
    await wait();
  }

  release(): void {
    for (const spare of this.#spares.values()) spare.dispose?.();
    this.#spares.clear();
  }

  /** onnxruntime-node takes a tensor as input and output. */
  async #runInPlace(targets: Targets): Promise<void> {
    const feeds: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor | null> = {};
    for (const slot of this.slots) {
      const target = targetOf(slot, targets);
      const tensor = this.#fed(slot, target);
      feeds[slot.input] = tensor;
      fetches[slot.output] = target.kind === 'device' ? tensor : null;
    }
    const results = await this.session.run(feeds, fetches);
    for (const slot of this.slots) {
      const target = targetOf(slot, targets);
      const result = results[slot.output] as OrtTensor;
      // A returned tensor on the device is another name for the one that was given.
      if (target.kind === 'array') takeFrom(result, target.array, slot.dims);
      else if (result !== target.tensor) result.dispose?.();
    }
  }

  async #runBeside(targets: Targets, device: GpuDevice): Promise<void> {
    const feeds: Record<string, OrtTensor> = {};
    const fetches: Record<string, OrtTensor | null> = {};
    for (const slot of this.slots) {
      const target = targetOf(slot, targets);
      feeds[slot.input] = this.#fed(slot, target);
      fetches[slot.output] = target.kind === 'device' ? this.#spare(slot, device) : null;
    }
    const results = await this.session.run(feeds, fetches);
    for (const slot of this.slots) {
      const target = targetOf(slot, targets);
      if (target.kind === 'array') takeFrom(results[slot.output] as OrtTensor, target.array, slot.dims);
      else this.#copyBack(slot, target, device);
    }
  }

  #fed({ dtype, dims }: Slot, target: Target): OrtTensor {
    if (target.kind === 'array') return tensorOver(this.ort, dtype, target.array, dims);
    const { tensor } = target;
    if (tensor.dims.join() === dims.join()) return tensor;
    return tensorOnBuffer(this.ort, bufferOf(tensor), dtype, dims);
  }

  #spare(slot: Slot, device: GpuDevice): OrtTensor {
    const known = this.#spares.get(slot);
    if (known !== undefined) return known;
    const spare = makeTensor(this.ort, device, slot.dtype, slot.dims);
    this.#spares.set(slot, spare);
    return spare;
  }

  #copyBack(slot: Slot, { tensor }: OnDevice, device: GpuDevice): void {
    const from = bufferOf(this.#spares.get(slot) as OrtTensor) as GpuBuffer;
    copyBuffer(device, from, bufferOf(tensor) as GpuBuffer, bytesOf(tensor));
  }
}

function targetOf({ members }: Slot, targets: Targets): Target {
  return targets.get(members[0]?.parameter ?? '') as Target;
}
