// Carries out a projection plan in a worker thread, so that the event loop is held up only by copying the weights to
// arrays of the worker and back, a piece at a time.
// Must not touch ONNX Runtime in this thread.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ProviderError, ShapeError, UsageError } from '../graph/errors.js';
import type { Executing, Progress } from './executor.js';
import { checkAttached, type Target } from './inPlaceWeights.js';
import type { NumberArray, OutputRoute } from './outputRoute.js';
import type { ProjectionPlan } from './projectionPlan.js';

/** What the worker starts with. */
export interface WorkerSetup {
  readonly plan: ProjectionPlan;
  readonly route: OutputRoute;
  readonly sessionOptions: Readonly<Record<string, unknown>>;
}

/** Weights to project; without any, the end. */
export interface WorkerRequest {
  readonly id: number;
  readonly weights?: ReadonlyMap<string, NumberArray>;
}

/** The weights back, projected unless there is an error; the answer to 0 says that the worker is ready. */
export interface WorkerAnswer extends WorkerRequest {
  readonly error?: string;
  /** The parameters at which it failed. */
  readonly at?: readonly string[];
}

type Weights = ReadonlyMap<string, NumberArray>;
type Waiting = { resolve(answer: WorkerAnswer): void; reject(error: Error): void };

/** How many bytes are copied before other work gets its turn. */
const PIECE_BYTES = 2 ** 24;

/** A plan carried out in a worker. A failed run changes no weight. */
export class WorkerExecutor implements Executing {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  /** Arrays that came back, to be sent again. */
  readonly #spare: Weights[] = [];
  #calls = 0;
  /** Why the worker is there no more. */
  #end: string | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#fail(`the worker thread failed: ${error.message}`));
    worker.on('exit', () => this.#fail('the worker thread has ended'));
  }

  /** @param script where the worker's script lies */
  static async create(script: URL, setup: WorkerSetup): Promise<WorkerExecutor> {
    const executor = new WorkerExecutor(startWorker(script, setup));
    const { error } = await executor.#answer(0);
    if (error === undefined) return executor;
    await executor.#worker.terminate();
    throw new ProviderError(error);
  }

  async run(targets: ReadonlyMap<string, Target>, progress: Progress): Promise<void> {
    const arrays = arraysOf(targets);
    const copies = this.#spare.pop() ?? new Map([...arrays].map(([name, array]) => [name, like(array)]));
    for (const [name, copy] of copies) await copyInPieces(arrays.get(name) as NumberArray, copy);
    const answer = await this.#send({ id: ++this.#calls, weights: copies });
    const back = answer.weights as Weights;
    this.#spare.push(back);
    if (answer.error !== undefined)
      throw new Error(`${answer.error} (in the worker, at ${answer.at?.join(', ')})`);
    // What went away meanwhile is found before anything is written.
    for (const [name, array] of arrays) checkAttached(name, { kind: 'array', array });
    for (const [name, array] of arrays) {
      checkAttached(name, { kind: 'array', array });
      progress.touched.add(name);
      await copyInPieces(back.get(name) as NumberArray, array);
      progress.touched.delete(name);
      progress.written.add(name);
    }
  }

  async release(): Promise<void> {
    if (this.#end === undefined) await this.#send({ id: ++this.#calls });
    await this.#worker.terminate();
  }

  #send(request: WorkerRequest): Promise<WorkerAnswer> {
    const arrays = [...(request.weights ?? new Map<string, NumberArray>()).values()];
    const answer = this.#answer(request.id);
    this.#worker.postMessage(
      request,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
    return answer;
  }

  /** Keeps the process alive while an answer is awaited, and no longer. */
  #answer(id: number): Promise<WorkerAnswer> {
    // It would be awaited for ever.
    if (this.#end !== undefined)
      return Promise.reject(new ProviderError(`${this.#end}; make a new Projector`));
    this.#worker.ref();
    return new Promise<WorkerAnswer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    }).finally(() => {
      if (this.#waiting.size === 0) this.#worker.unref();
    });
  }

  #settle(answer: WorkerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    waiting?.resolve(answer);
  }

  #fail(reason: string): void {
    this.#end ??= reason;
    for (const { reject } of this.#waiting.values()) reject(new ProviderError(reason));
    this.#waiting.clear();
  }
}

function startWorker(script: URL, setup: WorkerSetup): Worker {
  try {
    // Not the flags of this process, some of which are for its own script alone.
    return new Worker(script, { workerData: setup, execArgv: [] });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`sessionOptions and providers cannot be sent to a worker thread: ${reason}`, {
      cause,
    });
  }
}

function arraysOf(targets: ReadonlyMap<string, Target>): Weights {
  const arrays = new Map<string, NumberArray>();
  for (const [name, target] of targets) {
    if (target.kind !== 'array') {
      throw new ShapeError(
        `${name}: a tensor on a device cannot go to a worker thread; give its weights as an array`,
      );
    }
    arrays.set(name, target.array);
  }
  return arrays;
}

function like(array: NumberArray): NumberArray {
  if (array instanceof Float64Array) return new Float64Array(array.length);
  return array instanceof Float32Array ? new Float32Array(array.length) : new Uint16Array(array.length);
}

async function copyInPieces(from: NumberArray, to: NumberArray): Promise<void> {
  const piece = PIECE_BYTES / from.BYTES_PER_ELEMENT;
  for (let start = 0; start < from.length; start += piece) {
    if (start > 0) await nextTurn();
    to.set(from.subarray(start, start + piece), start);
  }
}
