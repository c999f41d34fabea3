// Keras's golden answers by the Projector, in place: on the CPU with and without the route that skips copies, and on wasm.
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { Projector } from '../../src/node.js';
import * as web from '../../src/web.js';
import { projectGolden } from '../support/projectGolden.js';
import { readGoldenCases } from '../support/readGoldenCases.js';

const cases = readGoldenCases();

/** The routes that a Projector says it takes. */
function watch({ create }: typeof Projector): { routes: Set<unknown>; create: typeof create } {
  const routes = new Set<unknown>();
  return {
    routes,
    create: async (...args) => {
      const projector = await create(...args);
      for (const { route, schedule } of projector.report()) if (schedule !== 'none') routes.add(route);
      return projector;
    },
  };
}

/** onnxruntime-node, counting the runs that end with tensors that were copied, and those that end before. */
function counting(): { ort: never; runs: { copied: number; skipped: number } } {
  const runs = { copied: 0, skipped: 0 };
  const create = async (model: Uint8Array, options?: object): Promise<object> => {
    const session = await ort.InferenceSession.create(model, options);
    const run = async (...args: [never, never]): Promise<unknown> => {
      const results = await session.run(...args).catch((error: unknown) => {
        runs.skipped++;
        throw error;
      });
      runs.copied++;
      return results;
    };
    return { run, release: () => session.release() };
  };
  return { ort: { Tensor: ort.Tensor, InferenceSession: { create } } as never, runs };
}

test.each([
  [true, 'no-copy'],
  [false, 'in-place'],
])('all 374 cases on cpu, noCopy %s: %s', async (noCopy, route) => {
  expect(cases).toHaveLength(374);
  const { routes, create } = watch(Projector);
  const { ort: counted, runs } = counting();
  expect(await projectGolden(cases, { create }, { noCopy, ort: counted })).toEqual([]);
  expect([...routes]).toEqual([route]);
  expect(noCopy ? runs.copied : runs.skipped).toBe(0);
  // The probe is the first.
  expect(noCopy ? runs.skipped : runs.copied).toBeGreaterThan(1);
});

test('all 374 cases on wasm', async () => {
  const { routes, create } = watch(web.Projector);
  expect(await projectGolden(cases, { create }, {})).toEqual([]);
  expect([...routes]).toEqual(['returned']);
});
