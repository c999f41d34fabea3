// How often other work gets its turn of the event loop: a count, so that a slow machine is no failure.
// Must not import anything from src.

/** The turns of the event loop while something is done. */
export async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let going = true;
  const count = (): void => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  await work();
  going = false;
  return turns;
}
