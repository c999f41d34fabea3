// What a Projector does beside projecting: calls that overlap, and other work that gets its turn; on both routes of outputs.
import { describe, expect, test } from 'vitest';
import { maxNorm, minMaxNorm, nonNeg, ops, type SymbolicTensor } from '../../src/index.js';
import { Projector } from '../../src/node.js';
import { countTurns } from '../support/countTurns.js';
import { overlap } from '../support/overlap.js';

const halfway = minMaxNorm({ minValue: 0.5, maxValue: 1, rate: 0.5, axis: 0 });

const parameters = {
  tiles: { shape: [2600, 1700], constraint: halfway },
  // Copied to an array that all calls share, and back.
  one: { shape: [6, 5], constraint: halfway },
  two: { shape: [6, 5], constraint: halfway },
  alone: { shape: [7], dtype: 'float64', constraint: maxNorm(0.5) },
  opaque: { shape: [9], constraint: (w: SymbolicTensor) => ops.multiply(w, ops.mean(ops.abs(w))) },
} as const;

describe.each([
  [true, 'no-copy'],
  [false, 'in-place'],
])('with noCopy %s', (noCopy, route) => {
  test('100 overlapping calls of 10 callers give what they give one after the other', async () => {
    const projectors = [
      await Projector.create(parameters, { noCopy }),
      await Projector.create(parameters, { noCopy }),
    ];
    expect(projectors[0]?.report().map((report) => [report.schedule, report.route])).toEqual([
      ['tiles', route],
      ['grouped', route],
      ['grouped', route],
      ['one run', route],
      ['one run', route],
    ]);
    const { overlapping, ordered, order } = await overlap(parameters, projectors);
    expect(overlapping).toEqual(ordered);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    for (const projector of projectors) await projector.dispose();
  });

  test('other work gets its turn between the tiles of a large weight', async () => {
    const projector = await Projector.create(
      { w: { shape: [9000, 4200], constraint: maxNorm(0.5) } },
      { noCopy },
    );
    expect(projector.report()[0]?.route).toBe(route);
    const w = Float32Array.from({ length: 9000 * 4200 }, (_, i) => Math.sin(i * 1.37));
    // Runs that make copies take longer, and are shorter for that.
    const runs = noCopy ? 6 : 60;
    expect(await countTurns(() => projector.project({ w }))).toBeGreaterThanOrEqual(runs);
    await projector.dispose();
  });

  test('calls under way are finished when it is disposed of', async () => {
    const projector = await Projector.create({ w: { shape: [2, 2], constraint: nonNeg() } }, { noCopy });
    const w = Float32Array.of(-1, 1, -1, 1);
    await Promise.all([projector.project({ w }), projector.dispose()]);
    expect([...w]).toEqual([0, 1, 0, 1]);
  });
});
