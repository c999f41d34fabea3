// Which way outputs come into the caller's arrays: what the probe finds on modules that behave differently, and what turns
// the shortest way off.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as ort from 'onnxruntime-node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { maxNorm, nonNeg } from '../../src/index.js';
import { createRunner, Projector } from '../../src/node.js';
import type { OrtSession, OrtTensor } from '../../src/runtime/ort.js';
import * as web from '../../src/web.js';

type Feeds = Record<string, OrtTensor>;
type Fetches = Record<string, OrtTensor | null>;
type Run = (session: OrtSession, feeds: Feeds, fetches: Fetches | undefined) => Promise<Feeds>;

/** onnxruntime-node with runs of another kind. */
function withRuns(run: Run): never {
  const create = async (model: Uint8Array, options?: object): Promise<OrtSession> => {
    const session = (await ort.InferenceSession.create(model, options)) as unknown as OrtSession;
    return {
      run: (feeds, fetches) => run(session, feeds, fetches),
      release: () => session.release(),
    };
  };
  return { Tensor: ort.Tensor, InferenceSession: { create } } as never;
}

/** A run without preallocated outputs. */
const returning: Run = (session, feeds, fetches) =>
  session.run(feeds, fetches && Object.fromEntries(Object.keys(fetches).map((name) => [name, null])));

const asksForSequence = (fetches: Fetches | undefined): boolean => fetches?.no_copy !== undefined;

const onnxRuntimes: readonly (readonly [string, string, Run])[] = [
  ['is onnxruntime-node', 'no-copy', (session, feeds, fetches) => session.run(feeds, fetches)],
  [
    'never writes to preallocated outputs',
    'returned',
    (session, feeds, fetches) =>
      asksForSequence(fetches)
        ? Promise.reject(new Error('Non tensor type is temporarily not supported.'))
        : returning(session, feeds, fetches),
  ],
  [
    'throws another error on sequences',
    'in-place',
    (session, feeds, fetches) =>
      asksForSequence(fetches)
        ? Promise.reject(new Error('sequences are not supported'))
        : session.run(feeds, fetches),
  ],
  [
    'throws on sequences before it writes',
    'in-place',
    (session, feeds, fetches) =>
      asksForSequence(fetches)
        ? Promise.reject(new Error('Non tensor type is temporarily not supported.'))
        : session.run(feeds, fetches),
  ],
  [
    'can convert sequences, and so makes the copies',
    'in-place',
    async (session, feeds, fetches) => {
      const results = session.run(feeds, fetches);
      return asksForSequence(fetches) ? results.catch(() => ({})) : results;
    },
  ],
];

const parameters = {
  kernel: { shape: [3, 2], constraint: maxNorm({ maxValue: 1, axis: 1 }) },
  tiles: { shape: [2600, 1700], constraint: nonNeg() },
  free: { shape: [2], constraint: 'Constraint' },
};

describe.each(onnxRuntimes)('a module that %s', (_, route, run) => {
  test(`is used by the route ${route}, and the answers are right`, async () => {
    const projector = await Projector.create(parameters, { ort: withRuns(run) });
    const report = Object.fromEntries(projector.report().map((one) => [one.name, one.route]));
    // Nothing is written to what has no constraint.
    expect(report).toEqual({ kernel: route, tiles: route, free: undefined });
    const kernel = Float32Array.of(3, 4, 0.3, 0.4, 6, 8);
    const tiles = Float32Array.from({ length: 2600 * 1700 }, (_, i) => (i % 3) - 1);
    await projector.project({ kernel, tiles, free: Float32Array.of(1, -1) });
    for (const [i, wanted] of [0.6, 0.8, 0.3, 0.4, 0.6, 0.8].entries()) expect(kernel[i]).toBeCloseTo(wanted);
    expect(tiles.every((x, i) => x === Math.max(0, (i % 3) - 1))).toBe(true);
    await projector.dispose();
  });
});

async function routeOf(make: typeof Projector, options: { noCopy?: boolean; worker?: boolean } = {}) {
  const projector = await make.create({ w: { shape: [2], constraint: nonNeg() } }, options);
  const [report] = projector.report();
  await projector.dispose();
  return report?.route;
}

describe('the route without copies', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('is taken unless noCopy is false; onnxruntime-web has another', async () => {
    expect(await routeOf(Projector)).toBe('no-copy');
    expect(await routeOf(Projector, { noCopy: true })).toBe('no-copy');
    expect(await routeOf(Projector, { noCopy: false })).toBe('in-place');
    expect(await routeOf(web.Projector, { noCopy: true })).toBe('returned');
  });

  test('is turned off by ONNX_CONSTRAINTS_NO_COPY=0, whatever the options say', async () => {
    vi.stubEnv('ONNX_CONSTRAINTS_NO_COPY', '0');
    expect(await routeOf(Projector)).toBe('in-place');
    expect(await routeOf(Projector, { noCopy: true })).toBe('in-place');
    const runner = await createRunner({ noCopy: true });
    await runner.probe();
    expect(runner.report()[0]?.route).toBe('in-place');
    await runner.dispose();
    vi.stubEnv('ONNX_CONSTRAINTS_NO_COPY', '1');
    expect(await routeOf(Projector)).toBe('no-copy');
  });

  test.each([
    ['0', 'in-place'],
    ['', 'no-copy'],
  ])(
    'is turned off in a process that is started with ONNX_CONSTRAINTS_NO_COPY=%j: %s',
    async (value, route) => {
      const script = `
      import { Projector } from '${new URL('../../dist/node.js', import.meta.url).href}';
      const routes = [];
      for (const worker of [false, true]) {
        const projector = await Projector.create({ w: { shape: [2], constraint: 'non_neg' } }, { worker });
        const w = Float32Array.of(-1, 1);
        await projector.project({ w });
        routes.push(projector.report()[0].route, w.join());
        await projector.dispose();
      }
      console.log(routes.join(' '));`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, ONNX_CONSTRAINTS_NO_COPY: value },
        timeout: 60_000,
      });
      expect(stdout).toBe(`${route} 0,1 ${route} 0,1\n`);
    },
  );
});
