// Projectors by the graph they run, the ones used last kept: a limit that changes at every step makes a graph at every
// step.
// Must not import files or cli.
import { bytesKey } from './bytesKey.js';
import type { Projector } from './projector.js';

/** How many are kept. */
const CAPACITY = 64;

interface Entry {
  readonly projector: Promise<Projector>;
  uses: number;
  /** Whether it has left the cache and is disposed of when no use is left. */
  evicted: boolean;
}

/** Keeps Projectors, and disposes of each when it is used no more. */
export class ProjectorCache {
  readonly #entries = new Map<string, Entry>();

  /** Uses the Projector of a graph, which is made if it is not there. */
  async use<T>(
    graph: Uint8Array,
    create: () => Promise<Projector>,
    run: (projector: Projector) => Promise<T>,
  ): Promise<T> {
    const key = bytesKey(graph);
    const entry = this.#entries.get(key) ?? { projector: create(), uses: 0, evicted: false };
    // Put last: a Map keeps the order, so the first is the one whose last use is longest ago.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.uses++;
    this.#evict();
    try {
      return await run(await entry.projector);
    } catch (error) {
      // One that could not be made is tried anew.
      await entry.projector.catch(() => this.#entries.delete(key));
      throw error;
    } finally {
      entry.uses--;
      await dispose(entry);
    }
  }

  /** Disposes of all; of those in use when they are done. */
  async clear(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) {
      entry.evicted = true;
      await dispose(entry);
    }
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= CAPACITY) return;
      this.#entries.delete(key);
      entry.evicted = true;
      void dispose(entry);
    }
  }
}

async function dispose(entry: Entry): Promise<void> {
  if (!entry.evicted || entry.uses > 0) return;
  entry.evicted = false;
  const projector = await entry.projector.catch(() => undefined);
  await projector?.dispose();
}
