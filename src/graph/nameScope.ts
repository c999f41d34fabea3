// One place that gives out names, so that no two values or nodes of a graph collide.
// Must not import anything.

/** Gives out names that are unique in one graph: the prefix, what is named, and a counter where needed. */
export class NameScope {
  readonly #taken: Set<string>;
  readonly #counters = new Map<string, number>();

  /**
   * @param prefix goes in front of every fresh name
   * @param taken names of the host graph that must not be used
   */
  constructor(
    readonly prefix = '',
    taken: Iterable<string> = [],
  ) {
    this.#taken = new Set(taken);
  }

  /** Takes a name as it is. Returns false when it was taken before. */
  reserve(name: string): boolean {
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return true;
  }

  /** A new name: `prefix + base + '_' + n` with the first free n, counted from 0 for each base. */
  fresh(base: string): string {
    for (let n = this.#counters.get(base) ?? 0; ; n++) {
      const name = `${this.prefix}${base}_${n}`;
      if (this.reserve(name)) {
        this.#counters.set(base, n + 1);
        return name;
      }
    }
  }
}
