// A Projector in a worker thread, from the build, since the worker's script is a file of it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, test } from 'vitest';
import type { SymbolicTensor } from '../../src/index.js';
import type { Projector as ProjectorType } from '../../src/node.js';
import * as web from '../../src/web.js';
import { countTurns } from '../support/countTurns.js';
import { overlap } from '../support/overlap.js';

const dist = new URL('../../dist/', import.meta.url).href;
const { Projector } = (await import(`${dist}node.js`)) as typeof import('../../src/node.js');
const { maxNorm, minMaxNorm, nonNeg, ops } = (await import(
  `${dist}index.js`
)) as typeof import('../../src/index.js');

const made: ProjectorType[] = [];
afterAll(() => Promise.all(made.map((projector) => projector.dispose())));

async function create(...args: Parameters<typeof Projector.create>): Promise<ProjectorType> {
  const projector = await Projector.create(...args);
  made.push(projector);
  return projector;
}

const parameters = {
  kernel: { shape: [3000, 700], constraint: maxNorm({ maxValue: 0.5, axis: 0 }) },
  small: { shape: [4, 5], constraint: minMaxNorm({ minValue: 0.5, rate: 0.5, axis: 1 }) },
  bias: { shape: [5], constraint: nonNeg() },
  half: { shape: [64], dtype: 'float16', constraint: nonNeg() },
} as const;

function weights(seed: number): Record<keyof typeof parameters, Float32Array | Uint16Array> {
  const numbers = (count: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7 + seed));
  return {
    kernel: numbers(3000 * 700),
    small: numbers(20),
    bias: numbers(5),
    half: Uint16Array.from({ length: 64 }, (_, i) => (i % 2) * 0x8000 + 0x3c00 + i),
  };
}

/** A digest, since comparing millions of numbers one by one takes a minute. */
function bytesOf(arrays: Readonly<Record<string, Float32Array | Uint16Array>> = {}): string {
  const hash = createHash('sha256');
  for (const array of Object.values(arrays)) hash.update(array);
  return hash.digest('hex');
}

describe.each([
  [true, 'no-copy'],
  [false, 'in-place'],
])('with noCopy %s', (noCopy, route) => {
  test('gives the answers of this thread, also when calls overlap', async () => {
    const here = await create(parameters, { noCopy });
    const there = await create(parameters, { noCopy, worker: true });
    expect(there.report()).toEqual(here.report());
    expect(new Set(there.report().map((report) => report.route))).toEqual(new Set([route]));
    const own = [weights(1), weights(2), weights(3)];
    const sent = [weights(1), weights(2), weights(3)];
    const arrays = sent.map(({ kernel }) => kernel);
    // Each twice, so that the copies that came back are used again.
    for (let i = 0; i < 2; i++) {
      for (const one of own) await here.project(one);
      await Promise.all(sent.map((one) => there.project(one)));
    }
    expect(bytesOf(own[0])).not.toBe(bytesOf(weights(1)));
    expect(sent.map(bytesOf)).toEqual(own.map(bytesOf));
    expect(sent.every(({ kernel }, i) => kernel === arrays[i])).toBe(true);
    expect(sent[0]?.kernel.byteLength).toBe(3000 * 700 * 4);
  });

  test('100 overlapping calls of 10 callers give what they give one after the other', async () => {
    const halfway = minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5, axis: 0 });
    const made = {
      tiles: { shape: [2600, 1700], constraint: halfway },
      one: { shape: [6, 5], constraint: halfway },
      two: { shape: [6, 5], constraint: halfway },
      alone: { shape: [7], dtype: 'float64', constraint: maxNorm(0.5) },
    } as const;
    const there = [
      await create(made, { noCopy, worker: true }),
      await create(made, { noCopy, worker: true }),
    ];
    expect(there[0]?.report().map(({ schedule }) => schedule)).toEqual([
      'tiles',
      'grouped',
      'grouped',
      'one run',
    ]);
    const { overlapping, ordered, order } = await overlap(made, there);
    expect(overlapping).toEqual(ordered);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    // And here, one after the other.
    const here = await overlap(made, [await create(made, { noCopy })]);
    expect(overlapping).toEqual(here.ordered);
  });

  test('other work goes on while a large weight is projected', async () => {
    const w = Float32Array.from({ length: 4096 * 2048 }, (_, i) => Math.sin(i * 1.37));
    const spec = { shape: [4096, 2048], constraint: maxNorm(0.5) };
    const there = await create({ w: spec }, { noCopy, worker: true });
    // A worker that ran in this thread would leave about as many turns as there are runs.
    const here = await create({ w: spec }, { noCopy });
    const copy = w.slice();
    const turnsHere = await countTurns(() => here.project({ w: copy }));
    const turnsThere = await countTurns(() => there.project({ w }));
    expect(turnsHere).toBeGreaterThanOrEqual(1);
    expect(turnsThere).toBeGreaterThan(turnsHere);
    expect(bytesOf({ w })).toBe(bytesOf({ w: copy }));
  });
});

test('what is refused here is refused before anything goes there', async () => {
  const { kernel, small, bias, half } = weights(1);
  const there = await create(parameters, { worker: true });
  const before = bytesOf(weights(1));
  const calls = [
    [{ kernel, small, bias }, /no weight for half/],
    [{ kernel, small, bias, half: new Float32Array(64) }, /half: .*found Float32Array/],
    [{ kernel, small: bias, bias, half }, /small: shape \(4, 5\) holds 20 weights, found 5/],
    [{ kernel, small, bias: small.subarray(0, 5), half }, /small and bias share memory/],
  ] as const;
  for (const [given, message] of calls) await expect(there.project(given as never)).rejects.toThrow(message);
  const going = small.slice();
  const call = there.project({ kernel, small: going as Float32Array, bias, half });
  structuredClone(going, { transfer: [going.buffer] });
  await expect(call).rejects.toThrow(/small: .*detached/);
  expect(bytesOf({ kernel, small, bias, half })).toBe(before);
  await there.dispose();
  await expect(there.project(weights(1))).rejects.toThrow(/disposed/);
});

test('a run that fails in the worker changes no weight, and the worker goes on', async () => {
  const doubles = (w: SymbolicTensor): SymbolicTensor =>
    // Through a computed shape, so that only running tells that it is another.
    ops.reshape(ops.concatenate([w, w]), ops.multiply(ops.shape(w), 2));
  const broken = await create(
    { ok: { shape: [2, 600, 700], constraint: nonNeg() }, bad: { shape: [3], constraint: doubles } },
    { worker: true },
  );
  const ok = new Float32Array(2 * 600 * 700).fill(-1);
  for (let i = 0; i < 2; i++) {
    const error: unknown = await broken
      .project({ ok, bad: new Float32Array(3) })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ProjectionError', written: [], partlyWritten: [] });
    expect(String(error)).toMatch(/a constraint must keep the shape \(3,\).*in the worker, at bad/);
  }
  expect(ok.every((weight) => weight === -1)).toBe(true);
});

test('is refused where there is none', async () => {
  await expect(Projector.create(parameters, { worker: true, ort: ort as never })).rejects.toThrow(
    /leave out ort/,
  );
  await expect(web.Projector.create(parameters, { worker: true })).rejects.toThrow(/only Node has it/);
  await expect(
    Projector.create(parameters, { worker: true, sessionOptions: { extra: { call: () => {} } } }),
  ).rejects.toThrow(/cannot be sent to a worker thread/);
});

test('an idle worker does not keep the process from ending', async () => {
  const script = `
    import { Projector } from '${dist}node.js';
    const projector = await Projector.create({ w: { shape: [2], constraint: 'non_neg' } }, { worker: true });
    const w = Float32Array.of(-1, 1);
    await projector.project({ w });
    console.log(w.join());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    timeout: 60_000,
  });
  expect(stdout).toBe('0,1\n');
});
