// What a Projector does beside projecting: calls that overlap, failures half-way, and what it refuses.
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { maxNorm, minMaxNorm, nonNeg } from '../../src/index.js';
import { ProjectionError, Projector } from '../../src/node.js';

function numbers(count: number, seed = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.37 + seed));
}

const halfway = minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5, axis: 0 });

/** A module whose run number `n`, counted over all sessions, throws. */
function failingAt(n: () => number): never {
  let runs = 0;
  const create = async (model: Uint8Array, options?: object): Promise<object> => {
    const session = await ort.InferenceSession.create(model, options);
    const run = (...args: [never, never]): Promise<unknown> => {
      if (++runs === n()) throw new Error('the device is lost');
      return session.run(...args);
    };
    return { run, release: () => session.release() };
  };
  return { Tensor: ort.Tensor, InferenceSession: { create } } as never;
}

test('100 overlapping calls of 10 callers give what they give one after the other', async () => {
  const parameters = {
    large: { shape: [2600, 1700], constraint: halfway },
    one: { shape: [6, 5], constraint: halfway },
    two: { shape: [6, 5], constraint: halfway },
  };
  const projectors = [await Projector.create(parameters), await Projector.create(parameters)];
  const make = (seed: number): Record<string, Float32Array> => ({
    large: numbers(2600 * 1700, seed),
    one: numbers(30, seed),
    two: numbers(30, seed + 1),
  });
  // Callers 0 to 4 share one set of weights, the others have one each.
  const setOf = (caller: number): number => Math.max(0, caller - 4);
  const overlapping = Array.from({ length: 6 }, (_, i) => make(i));
  const ordered = Array.from({ length: 6 }, (_, i) => make(i));
  const calls = Array.from({ length: 100 }, (_, i) => i % 10);
  const done: number[] = [];
  await Promise.all(
    calls.map((caller, i) =>
      projectors[i % 2]?.project(overlapping[setOf(caller)] as never).then(() => {
        if (setOf(caller) === 0) done.push(i);
      }),
    ),
  );
  for (const caller of calls) await projectors[0]?.project(ordered[setOf(caller)] as never);
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  for (const [i, set] of ordered.entries()) {
    for (const [name, array] of Object.entries(set)) {
      expect(
        Buffer.from(array.buffer).equals(Buffer.from(overlapping[i]?.[name]?.buffer as ArrayBuffer)),
      ).toBe(true);
    }
  }
  for (const projector of projectors) await projector.dispose();
});

test('other work gets its turn between the tiles of a large weight', async () => {
  const projector = await Projector.create({ w: { shape: [5000, 4200], constraint: maxNorm(0.5) } });
  const w = numbers(5000 * 4200);
  let turns = 0;
  let going = true;
  const count = (): void => {
    turns++;
    if (going) setImmediate(count);
  };
  setImmediate(count);
  await projector.project({ w });
  going = false;
  expect(turns).toBeGreaterThanOrEqual(16);
  await projector.dispose();
});

describe('a failure half-way', () => {
  const parameters = {
    large: { shape: [2600, 1700], constraint: nonNeg() },
    small: { shape: [4], constraint: nonNeg() },
  };

  test.each([true, false])('names what is written, transactional %s', async (transactional) => {
    let at = -1;
    const projector = await Projector.create(parameters, { ort: failingAt(() => at), transactional });
    const weights = { large: numbers(2600 * 1700), small: Float32Array.of(-1, 1, -2, 2) };
    const before = weights.large.slice();
    // The large weight is two runs, of which the last fails; one run before was the probe.
    await projector.project({ large: new Float32Array(2600 * 1700), small: new Float32Array(4) });
    at = Number.NaN;
    const failing = await Projector.create(parameters, {
      ort: failingAt(() => at),
      transactional,
      noCopy: false,
    });
    at = 3;
    const error: unknown = await failing.project(weights).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProjectionError);
    const { written, partlyWritten, message } = error as ProjectionError;
    expect(message).toMatch(/the device is lost/);
    expect(written).toEqual([]);
    expect(partlyWritten).toEqual(transactional ? [] : ['large']);
    expect([...weights.small]).toEqual([-1, 1, -2, 2]);
    expect(weights.large.every((x, i) => x === before[i])).toBe(transactional);
    await projector.dispose();
    await failing.dispose();
  });
});

describe('refuses', () => {
  const parameters = { w: { shape: [2, 2], constraint: nonNeg() } };
  const given = (): Float32Array => Float32Array.of(-1, 1, -1, 1);

  test.each([
    ['no weight', {}, /no weight for w/],
    ['an unknown name', { w: given(), v: given() }, /no parameter v/],
    ['another length', { w: new Float32Array(3) }, /shape \(2, 2\) holds 4 weights, found 3/],
    ['another shape', { w: { data: given(), dims: [4] } }, /made for shape \(2, 2\), found \(4,\)/],
    ['a list', { w: [1, 2, 3, 4] }, /in a Float32Array, found/],
    ['another dtype', { w: new Float64Array(4) }, /in a Float32Array, found Float64Array/],
    ['shared memory', { w: new Float32Array(new SharedArrayBuffer(16)) }, /SharedArrayBuffer.*copy it out/],
  ])('%s', async (_, weights, message) => {
    const projector = await Projector.create(parameters);
    await expect(projector.project(weights as never)).rejects.toThrow(message);
    await projector.dispose();
  });

  test('memory that is gone, before the call and while it waits', async () => {
    const projector = await Projector.create(parameters);
    const gone = given();
    structuredClone(gone, { transfer: [gone.buffer] });
    await expect(projector.project({ w: gone })).rejects.toThrow(/detached.*make the typed array anew/);
    const going = given();
    const call = projector.project({ w: going });
    structuredClone(going, { transfer: [going.buffer] });
    await expect(call).rejects.toThrow(/detached/);
    await projector.dispose();
  });

  test('two parameters in one memory', async () => {
    const projector = await Projector.create({ a: parameters.w, b: parameters.w });
    const memory = new Float32Array(6);
    const weights = { a: memory.subarray(0, 4), b: memory.subarray(2, 6) };
    await expect(projector.project(weights)).rejects.toThrow(/a and b share memory/);
    await projector.dispose();
  });

  test('work once it is disposed of; calls under way are finished', async () => {
    const projector = await Projector.create(parameters);
    const w = given();
    const call = projector.project({ w });
    await Promise.all([call, projector.dispose()]);
    expect([...w]).toEqual([0, 1, 0, 1]);
    await expect(projector.project({ w })).rejects.toThrow(/disposed; make a new one/);
  });

  test('providers that are not there, and options that have no place', async () => {
    await expect(Projector.create(parameters, { providers: ['abacus'] })).rejects.toThrow(
      /abacus: .*accepted are cpu/,
    );
    const options = { providers: ['abacus', 'cpu'] };
    await expect(Projector.create(parameters, { ...options, strict: true })).rejects.toThrow(/strict/);
    const projector = await Projector.create(parameters, options);
    expect(projector.report()[0]).toMatchObject({
      provider: 'cpu',
      refusals: [{ code: 'unknown-provider' }],
    });
    await projector.dispose();
    for (const key of ['executionProviders', 'preferredOutputLocation']) {
      const sessionOptions = { [key]: 'cpu' };
      await expect(Projector.create(parameters, { sessionOptions })).rejects.toThrow(key);
    }
  });
});
