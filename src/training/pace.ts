// How fast steps follow each other.
// Must not import anything.

/** Weight of the last step against those before: some twenty steps count. */
const NEWEST = 0.05;

/** The steps per second of late. */
export class Pace {
  #seconds: number | undefined;
  #last: number = performance.now();

  /** A step is done. */
  step(): number {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#seconds =
      this.#seconds === undefined ? seconds : this.#seconds + NEWEST * (seconds - this.#seconds);
    return this.#seconds > 0 ? 1 / this.#seconds : Number.POSITIVE_INFINITY;
  }
}
