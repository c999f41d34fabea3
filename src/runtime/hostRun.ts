// Runs on weights in the processor's memory: many weights in one run, small ones by way of arrays that they share.
// Must not import files or cli.
import { elementCount } from '../graph/tensorValue.js';
import { inTurn, type Queue, queuesOf } from './bufferQueue.js';
import type { Target } from './inPlaceWeights.js';
import { type OrtModule, type OrtSession, tensorOver } from './ort.js';
import { type InPlace, type NumberArray, type OutputRoute, runInPlace } from './outputRoute.js';
import type { Slot } from './projectionPlan.js';

type Targets = ReadonlyMap<string, Target>;

/** The runs of one session. */
export class HostRun {
  readonly #groups = new Map<Slot, SharedArray>();
  readonly #queues: readonly Queue[];
  /** The tensors over arrays that were here before, and most often come again. */
  readonly #known = new Map<Slot, WeakMap<NumberArray, InPlace>>();

  constructor(
    readonly ort: OrtModule,
    readonly session: OrtSession,
    readonly slots: readonly Slot[],
    readonly route: OutputRoute,
  ) {
    for (const slot of slots) if (slot.members.length > 1) this.#groups.set(slot, new SharedArray(slot));
    this.#queues = queuesOf([...this.#groups.values()].map(({ array }) => array.buffer));
  }

  async run(targets: Targets): Promise<void> {
    // Calls that overlap share the arrays of the groups.
    await inTurn(this.#queues, async () => {
      const arrays = this.slots.map((slot) => {
        const group = this.#groups.get(slot);
        group?.gather(targets);
        return this.#inPlace(slot, group?.array ?? arrayOf(targets, slot.members[0]?.parameter ?? ''));
      });
      await runInPlace(this.session, arrays, {}, this.route);
      for (const group of this.#groups.values()) group.scatter(targets);
    });
  }

  #inPlace(slot: Slot, array: NumberArray): InPlace {
    const known = this.#known.get(slot) ?? new WeakMap<NumberArray, InPlace>();
    this.#known.set(slot, known);
    const before = known.get(array);
    if (before !== undefined) return before;
    const { input, output, dtype, dims } = slot;
    const inPlace = { input, output, array, tensor: tensorOver(this.ort, dtype, array, dims) };
    known.set(array, inPlace);
    return inPlace;
  }
}

/** The array of a slot that several parameters share. */
class SharedArray {
  readonly array: NumberArray;
  /** Where each member's weights lie, piece by piece. */
  readonly #pieces: readonly { readonly parameter: string; readonly views: readonly NumberArray[] }[];

  constructor(readonly slot: Slot) {
    this.array = arrayFor(slot);
    this.#pieces = slot.members.map(({ parameter, offset, runs, length, stride }) => ({
      parameter,
      views: Array.from({ length: runs }, (_, i) => {
        const start = offset + i * stride;
        return this.array.subarray(start, start + length);
      }),
    }));
  }

  /** Copies the members' weights here. */
  gather(targets: Targets): void {
    // A unit that became NaN or infinite has left it in the room beside it.
    if (this.slot.padded) this.array.fill(0);
    for (const { parameter, views } of this.#pieces) {
      const weights = arrayOf(targets, parameter);
      for (const [i, view] of views.entries()) {
        view.set(views.length === 1 ? weights : weights.subarray(i * view.length, (i + 1) * view.length));
      }
    }
  }

  /** Copies them back. */
  scatter(targets: Targets): void {
    for (const { parameter, views } of this.#pieces) {
      const weights = arrayOf(targets, parameter);
      for (const [i, view] of views.entries()) weights.set(view, i * view.length);
    }
  }
}

export function arrayOf(targets: Targets, name: string): NumberArray {
  return (targets.get(name) as Extract<Target, { kind: 'array' }>).array;
}

function arrayFor({ dtype, dims }: Slot): NumberArray {
  const count = elementCount(dims);
  if (dtype === 'float64') return new Float64Array(count);
  return dtype === 'float32' ? new Float32Array(count) : new Uint16Array(count);
}
