// The weights of a call as they were before it, for projections that change all of them or none.
// Must not import files or cli.
import type { DeviceMemory } from './deviceMemory.js';
import type { Target } from './inPlaceWeights.js';
import type { OrtTensor } from './ort.js';
import type { NumberArray } from './outputRoute.js';

type Copy =
  | { readonly kind: 'array'; readonly array: NumberArray; readonly copy: NumberArray }
  | { readonly kind: 'device'; readonly tensor: OrtTensor; readonly copy: OrtTensor };

/** Copies of weights, each where its weight is. */
export class Snapshot {
  private constructor(
    readonly memory: DeviceMemory,
    readonly copies: readonly Copy[],
  ) {}

  static async take(targets: Iterable<Target>, memory: DeviceMemory): Promise<Snapshot> {
    const copies: Copy[] = [];
    const snapshot = new Snapshot(memory, copies);
    try {
      for (const target of targets) {
        if (target.kind === 'array') copies.push({ ...target, copy: target.array.slice() });
        else copies.push({ ...target, copy: await memory.copyOf(target.tensor) });
      }
    } catch (error) {
      snapshot.free();
      throw error;
    }
    return snapshot;
  }

  /** @throws when the device does not take a weight back */
  async restore(): Promise<void> {
    for (const one of this.copies) {
      if (one.kind === 'device') await this.memory.restore(one.tensor, one.copy);
      // Memory that was detached in the meantime holds nothing any more.
      else if (one.array.length > 0) one.array.set(one.copy);
    }
  }

  free(): void {
    for (const one of this.copies) if (one.kind === 'device') one.copy.dispose?.();
  }
}
