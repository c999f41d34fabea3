// How fast steps follow each other.
// Must not import anything.

/** How many steps count. */
const SPAN = 20;

/** The steps per second of late. */
export class Pace {
  #seconds = 0;
  #steps = 0;
  #last: number = performance.now();

  /** A step is done. */
  step(): number {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#steps += 1;
    // A plain mean at first, so that the first step, often the slowest, weighs no more than the others.
    this.#seconds += (seconds - this.#seconds) / Math.min(this.#steps, SPAN);
    return this.#seconds > 0 ? 1 / this.#seconds : Number.POSITIVE_INFINITY;
  }
}
