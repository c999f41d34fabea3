// Turns: what is called on one buffer, or another thing, runs in call order; what is called on others does not wait.
// Must not import anything.

/** The queue of one thing: what was called last. */
export interface Queue {
  tail: Promise<void> | undefined;
}

const queues = new WeakMap<object, Queue>();

/** The queues of buffers or other things, each once; to be kept where the same buffers are used again and again. */
export function queuesOf(buffers: Iterable<object>): readonly Queue[] {
  return [...new Set(buffers)].map((buffer) => {
    const queue = queues.get(buffer) ?? { tail: undefined };
    queues.set(buffer, queue);
    return queue;
  });
}

/**
 * Runs `work` when all that was called before in any of these queues is done. Turns are taken when this is called, so
 * that no two calls can wait for each other.
 */
export async function inTurn<T>(own: readonly Queue[], work: () => Promise<T>): Promise<T> {
  const before = own.flatMap(({ tail }) => tail ?? []);
  let done: () => void = () => {};
  const turn = new Promise<void>((resolve) => {
    done = resolve;
  });
  for (const queue of own) queue.tail = turn;
  try {
    await (before.length > 0 ? Promise.all(before) : undefined);
    return await work();
  } finally {
    for (const queue of own) if (queue.tail === turn) queue.tail = undefined;
    done();
  }
}
