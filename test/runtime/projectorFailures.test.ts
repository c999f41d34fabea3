// A projection that fails half-way: on each kind of job, on both routes, in this thread and in a worker. What is written
// is named, and nothing is with `transactional`. The worker is from the build.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { maxNorm, minMaxNorm, nonNeg, ops, type SymbolicTensor } from '../../src/index.js';
import { ProjectionError, Projector } from '../../src/node.js';
import { WorkerExecutor } from '../../src/runtime/nodeWorkerExecutor.js';
import type { OrtModule } from '../../src/runtime/ort.js';
import { Projector as ProjectorClass } from '../../src/runtime/projector.js';

/** onnxruntime-node of which one run fails, counted from when it is told to. */
class FailingOrt {
  #left = Number.POSITIVE_INFINITY;
  /** The memory that each run reads first. */
  readonly runs: unknown[] = [];

  readonly module = {
    Tensor: ort.Tensor,
    InferenceSession: {
      create: async (model: Uint8Array, options?: object): Promise<object> => {
        const session = await ort.InferenceSession.create(model, options);
        const run = (feeds: Record<string, ort.Tensor>, fetches: never): Promise<unknown> => {
          const [first] = Object.values(feeds) as [ort.Tensor];
          this.runs.push((first.data as Float32Array).buffer);
          if (--this.#left === 0) throw new Error('the device is lost');
          return session.run(feeds, fetches);
        };
        return { run, release: () => session.release() };
      },
    },
  } as unknown as OrtModule;

  failAt(run: number): void {
    this.#left = run;
  }
}

// Divided by no block, so that it is measured in several runs.
const SUMS = 4_500_007;
/** Where each weight ends up when all goes well. */
const parameters = {
  // Tiles of units, tiles of single weights, and one unit through all tiles.
  units: { shape: [2600, 1700], constraint: maxNorm({ maxValue: 0.5, axis: 1 }) },
  elements: { shape: [2600, 1700], constraint: nonNeg() },
  sums: { shape: [SUMS], constraint: maxNorm({ maxValue: 0.5, axis: 0 }) },
  // All the rest is one run: a group, one in a form of its own, and one of no known form.
  first: { shape: [4, 5], constraint: minMaxNorm({ minValue: 0.5, rate: 0.5, axis: 1 }) },
  second: { shape: [3, 5], constraint: minMaxNorm({ minValue: 0.5, rate: 0.5, axis: 1 }) },
  single: { shape: [7, 5], constraint: maxNorm({ maxValue: 0.5, axis: 0 }) },
  opaque: { shape: [3], constraint: (w: SymbolicTensor) => ops.subtract(w, ops.mean(w)) },
} as const;
type Name = keyof typeof parameters;
type Weights = Record<Name, Float32Array>;
const names = Object.keys(parameters) as Name[];
const inOneRun: readonly Name[] = ['first', 'second', 'single', 'opaque'];

const before = Object.fromEntries(
  names.map((name) => {
    const array = new Float32Array(parameters[name].shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < array.length; i++) array[i] = Math.sin(i * 1.37);
    return [name, array];
  }),
) as Weights;

function makeWeights(): Weights {
  return Object.fromEntries(names.map((name) => [name, before[name].slice()])) as Weights;
}

function same(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer).equals(Buffer.from(b.buffer));
}

function changed(weights: Weights): Name[] {
  return names.filter((name) => !same(weights[name], before[name]));
}

async function errorOf(call: Promise<unknown>): Promise<ProjectionError> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProjectionError);
  return error as ProjectionError;
}

test('the parameters reach each schedule', async () => {
  const projector = await Projector.create(parameters);
  expect(projector.report().map(({ name, schedule }) => [name, schedule])).toEqual([
    ['units', 'tiles'],
    ['elements', 'tiles'],
    ['sums', 'tiles'],
    ['first', 'grouped'],
    ['second', 'grouped'],
    ['single', 'one run'],
    ['opaque', 'one run'],
  ]);
  await projector.dispose();
});

describe.each([
  [true, false],
  [true, true],
  [false, false],
  [false, true],
])('with noCopy %s, transactional %s', (noCopy, transactional) => {
  test('whichever run fails, what is named is what has changed', async () => {
    const failing = new FailingOrt();
    const options = { ort: failing.module, noCopy, transactional };
    const projector = await Projector.create(parameters, options);
    const projected = makeWeights();
    await projector.project(projected);
    failing.runs.length = 0;
    await projector.project(makeWeights());
    const count = failing.runs.length;
    expect(count).toBeGreaterThanOrEqual(7);
    const seen = new Set<string>();
    for (let run = 1; run <= count; run++) {
      const weights = makeWeights();
      failing.failAt(run);
      const { message, written, partlyWritten } = await errorOf(projector.project(weights));
      expect(message).toMatch(/the device is lost/);
      if (transactional) {
        expect(message).toMatch(/all weights are as they were/);
        expect([written, partlyWritten, changed(weights)]).toEqual([[], [], []]);
        continue;
      }
      for (const name of written as Name[]) expect(same(weights[name], projected[name])).toBe(true);
      const untouched = names.filter((name) => !written.includes(name) && !partlyWritten.includes(name));
      expect(changed(weights).filter((name) => untouched.includes(name))).toEqual([]);
      seen.add(partlyWritten.join());
    }
    if (!transactional) expect([...seen]).toEqual(['units', 'elements', 'sums', inOneRun.join()]);
    // It goes on after all that.
    const weights = makeWeights();
    await projector.project(weights);
    for (const name of names) expect(same(weights[name], projected[name])).toBe(true);
    await projector.dispose();
  });
});

describe('in a worker', () => {
  const script = new URL('../support/failingWorker.mjs', import.meta.url);

  /** A Projector whose worker fails at one run. */
  function create(failAt: number, fatal: boolean, transactional = false): Promise<ProjectorClass> {
    return ProjectorClass.on(
      {
        ort: ort as never,
        platform: 'node',
        providers: ['cpu'],
        transactional,
        execute: (plan, route) => {
          const setup = { plan, route, sessionOptions: {}, failAt, fatal };
          return WorkerExecutor.create(script, setup);
        },
      },
      parameters,
    );
  }

  /** The number of the first run of each weight, and of the one that all small ones share. */
  async function findRuns(): Promise<readonly (readonly [string, number])[]> {
    const { module, runs } = new FailingOrt();
    const projector = await Projector.create(parameters, { ort: module });
    runs.length = 0;
    const weights = makeWeights();
    await projector.project(weights);
    await projector.dispose();
    const runOf = (name: Name): readonly [string, number] => [name, runs.indexOf(weights[name].buffer) + 1];
    return [runOf('units'), runOf('elements'), runOf('sums'), [inOneRun.join(', '), runs.length]];
  }

  test('a failure, wherever, changes no weight, and the next call works', async () => {
    for (const [at, failAt] of await findRuns()) {
      expect(failAt).toBeGreaterThan(0);
      await failsAt(failAt, at);
    }
  });

  async function failsAt(failAt: number, at: string): Promise<void> {
    for (const transactional of [false, true]) {
      const projector = await create(failAt, false, transactional);
      const weights = makeWeights();
      const { message, written, partlyWritten } = await errorOf(projector.project(weights));
      expect(message).toMatch(`the device is lost (in the worker, at ${at})`);
      expect([written, partlyWritten, changed(weights)]).toEqual([[], [], []]);
      await projector.project(weights);
      expect(changed(weights)).toEqual(names);
      await projector.dispose();
    }
  }

  test('the end of the thread is told, at once and later, and it can be disposed of', async () => {
    const projector = await create(3, true);
    const weights = makeWeights();
    const { message } = await errorOf(projector.project(weights));
    expect(message).toMatch(/the worker thread has ended/);
    const again = await errorOf(projector.project(weights));
    expect(again.message).toMatch(/the worker thread has ended; make a new Projector/);
    expect(changed(weights)).toEqual([]);
    await projector.dispose();
  });
});
