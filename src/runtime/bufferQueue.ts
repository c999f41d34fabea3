// Turns on buffers: what is called on one buffer runs in call order, what is called on others does not wait.
// Must not import anything.

const tails = new WeakMap<object, Promise<void>>();

/**
 * Runs `work` when all that was called before on any of these buffers is done. Turns are taken when this is called, so
 * that no two calls can wait for each other.
 */
export async function inTurn<T>(buffers: Iterable<object>, work: () => Promise<T>): Promise<T> {
  const own = [...new Set(buffers)];
  const before = own.map((buffer) => tails.get(buffer));
  let done: () => void = () => {};
  const turn = new Promise<void>((resolve) => {
    done = resolve;
  });
  for (const buffer of own) tails.set(buffer, turn);
  try {
    await Promise.all(before);
    return await work();
  } finally {
    for (const buffer of own) if (tails.get(buffer) === turn) tails.delete(buffer);
    done();
  }
}
