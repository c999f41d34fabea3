// Batches that users give one after another: generators, iterables, iterators, or a function that makes one.
// Must not import other folders of fit.
import { UsageError } from '../../graph/errors.js';

/**
 * Batches one after another. What is iterable anew, and a function, begins anew; a generator goes on where it was, and
 * can be gone through once.
 */
export type Batches<T> = BatchRun<T> | (() => BatchRun<T> | Promise<BatchRun<T>>);

type BatchRun<T> = Iterable<T> | AsyncIterable<T> | Iterator<T> | AsyncIterator<T>;
type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Whether these are batches one after another, and no samples in memory. */
export function isBatches(given: unknown): given is Batches<unknown> {
  if (typeof given === 'function') return true;
  if (typeof given !== 'object' || given === null || ArrayBuffer.isView(given)) return false;
  return Symbol.asyncIterator in given || Symbol.iterator in given || isIterator(given);
}

/** Takes the batches of users, knows how many, and begins anew where that can be done. */
export class BatchStream {
  readonly #given: unknown;
  #iterator: AnyIterator | undefined;
  #first: IteratorResult<unknown> | undefined;
  #isWaiting = false;
  /** How many batches were taken since the beginning. */
  taken = 0;
  /** Whether it can begin anew. Known once `open` is done. */
  canRestart = false;

  /** @param what the argument that it is, for messages */
  constructor(
    given: Batches<unknown>,
    readonly what: string,
  ) {
    this.#given = given;
  }

  /** Begins, and looks at the first batch, which stays the next one. @throws {UsageError} where there is none */
  async open(): Promise<unknown> {
    const made = typeof this.#given === 'function' ? await this.#given() : this.#given;
    this.#iterator = iteratorOf(made, this.what);
    this.canRestart = typeof this.#given === 'function' || this.#iterator !== made;
    this.taken = 0;
    this.#first = await this.#take(this.#iterator);
    if (this.#first.done !== true) return this.#first.value;
    this.#iterator = undefined;
    throw new UsageError('gave no batch', { path: this.what });
  }

  /** The next batch; undefined at the end. */
  async next(): Promise<{ readonly value: unknown } | undefined> {
    if (this.#iterator === undefined) return undefined;
    const result = this.#first ?? (await this.#take(this.#iterator));
    this.#first = undefined;
    if (result.done === true) {
      this.#iterator = undefined;
      return undefined;
    }
    this.taken += 1;
    return result;
  }

  /** Tells what gives the batches that no more are taken. Not waited for where it still makes one, which may hang. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    this.#first = undefined;
    const closed = Promise.resolve(iterator?.return?.());
    if (this.#isWaiting) closed.catch(() => {});
    else await closed;
  }

  async #take(iterator: AnyIterator): Promise<IteratorResult<unknown>> {
    this.#isWaiting = true;
    try {
      return await iterator.next();
    } finally {
      this.#isWaiting = false;
    }
  }
}

const isIterator = (value: object): value is AnyIterator =>
  'next' in value && typeof value.next === 'function';

function iteratorOf(made: unknown, what: string): AnyIterator {
  if (typeof made === 'object' && made !== null) {
    if (Symbol.asyncIterator in made) return (made as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in made) return (made as Iterable<unknown>)[Symbol.iterator]();
    if (isIterator(made)) return made;
  }
  throw new UsageError(
    `the function must give an iterable or an iterator of batches, found ${made === null ? 'null' : typeof made}`,
    { path: what },
  );
}
