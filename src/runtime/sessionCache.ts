// Sessions by the graph they run, the ones used last kept: a limit that changes at every step makes a graph at every step.
// Must not import files or cli.
import type { OrtSession } from './ort.js';

/** How many sessions are kept. */
const CAPACITY = 64;

interface Entry {
  readonly session: Promise<OrtSession>;
  uses: number;
  /** Whether it has left the cache and is released when no use is left. */
  evicted: boolean;
}

/** Keeps sessions, and releases each when it is used no more. */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();

  /** Uses the session of a graph, which is made if it is not there. */
  async use<T>(
    model: Uint8Array,
    create: () => Promise<OrtSession>,
    run: (session: OrtSession) => Promise<T>,
  ): Promise<T> {
    const key = Array.from(model, (byte) => String.fromCharCode(byte)).join('');
    const entry = this.#entries.get(key) ?? { session: create(), uses: 0, evicted: false };
    // Put last: a Map keeps the order, so the first is the one whose last use is longest ago.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.uses++;
    this.#evict();
    try {
      return await run(await entry.session);
    } catch (error) {
      // A session that could not be made is tried anew.
      await entry.session.catch(() => this.#entries.delete(key));
      throw error;
    } finally {
      entry.uses--;
      await release(entry);
    }
  }

  /** Releases all sessions; those in use when they are done. */
  async clear(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) {
      entry.evicted = true;
      await release(entry);
    }
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= CAPACITY) return;
      this.#entries.delete(key);
      entry.evicted = true;
      void release(entry);
    }
  }
}

async function release(entry: Entry): Promise<void> {
  if (!entry.evicted || entry.uses > 0) return;
  entry.evicted = false;
  const session = await entry.session.catch(() => undefined);
  await session?.release();
}
