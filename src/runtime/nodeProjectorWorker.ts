// The worker thread of a Projector: takes copies of the weights, projects them, and sends them back. A script of its own.
// Must not be imported.
import { parentPort, workerData } from 'node:worker_threads';
import { Executor } from './executor.js';
import type { Target } from './inPlaceWeights.js';
import { loadNodeOrt } from './nodeOrt.js';
import type { WorkerAnswer, WorkerRequest, WorkerSetup } from './nodeWorkerExecutor.js';
import type { NumberArray } from './outputRoute.js';

const port = parentPort;
if (port !== null) await serve(workerData as WorkerSetup, port);

async function serve(
  { plan, route, sessionOptions }: WorkerSetup,
  to: NonNullable<typeof port>,
): Promise<void> {
  const answer = (message: WorkerAnswer, arrays: readonly NumberArray[] = []): void =>
    to.postMessage(
      message,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  let executor: Executor;
  try {
    executor = await Executor.create(await loadNodeOrt(), plan, route, { sessionOptions });
  } catch (error) {
    answer({ id: 0, error: messageOf(error) });
    return;
  }
  to.on('message', async ({ id, weights }: WorkerRequest) => {
    if (weights === undefined) {
      await executor.release();
      answer({ id });
      return to.close();
    }
    const targets = new Map<string, Target>();
    for (const [name, array] of weights) targets.set(name, { kind: 'array', array });
    const progress = { written: new Set<string>(), touched: new Set<string>() };
    const error = await executor.run(targets, progress).then(() => undefined, messageOf);
    // Given back also when it failed, to be used again.
    answer({ id, weights, ...(error !== undefined && { error, at: [...progress.touched] }) }, [
      ...weights.values(),
    ]);
  });
  answer({ id: 0 });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
