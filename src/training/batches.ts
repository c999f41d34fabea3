// Batches one after another, from a list or a stream, until there are enough or an abort signal comes.
// Must not import runtime, files or cli.

/**
 * The batches. An abort is thrown where the next one is waited for, and what gives them is told to stop.
 *
 * @throws the reason of the signal
 */
export async function* takeBatches<T>(
  batches: AsyncIterable<T> | Iterable<T>,
  most: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator =
    Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  let isDone = false;
  try {
    for (let taken = 0; taken < most; taken++) {
      signal?.throwIfAborted();
      const next = await orAbort(Promise.resolve(iterator.next()), signal);
      if (next.done === true) {
        isDone = true;
        return;
      }
      yield next.value;
    }
    signal?.throwIfAborted();
  } finally {
    // Not waited for: one that hangs in next() would hang here too.
    if (!isDone) Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** What is waited for, unless the signal comes first. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    // What gives the batch may have aborted as soon as it was asked.
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    // A signal outlives a run of many steps; it must not gather a listener from each.
    signal.removeEventListener('abort', stop);
  }
}
