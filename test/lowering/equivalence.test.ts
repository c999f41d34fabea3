// Every form of a constraint against the float64 reference, on shapes that reach each row of the table and each schedule.
import { expect, test } from 'vitest';
import { deserialize } from '../../src/index.js';
import { Projector } from '../../src/node.js';
import * as web from '../../src/web.js';
import { mismatch } from '../support/mismatch.js';
import { applyKerasConstraint } from '../support/reference.js';

const constraints = [
  ['MaxNorm', { max_value: 0.5 }],
  ['MinMaxNorm', { min_value: 0.5, max_value: 1, rate: 0.9 }],
  ['UnitNorm', {}],
] as const;

function weights(count: number): Float32Array {
  const data = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.37) * (1 + (i % 7)));
  data.fill(0, 0, Math.min(3, count));
  return data;
}

const cases: readonly (readonly [number[], number[], string, string])[] = [
  [[7], [0], 'rows', 'one run'],
  [[30, 41], [0], 'columns', 'one run'],
  [[30, 41], [1], 'rows', 'one run'],
  [[30, 41], [0, 1], 'rows', 'one run'],
  [[1, 41], [0], 'canonical', 'one run'],
  [[1031, 3], [0], 'columns', 'one run'],
  [[3, 3, 64, 65], [0, 1, 2], 'columns', 'one run'],
  [[64, 65, 3, 3], [1, 2, 3], 'rows', 'one run'],
  [[5, 7, 9, 11], [0, 2], 'columns', 'one run'],
  [[5, 7, 9, 11], [1, 3], 'rows', 'one run'],
  [[5, 7, 9, 2, 3], [1], 'columns', 'one run'],
  [[70001, 2], [0], 'columns', 'tiles'],
  [[2, 3, 70001], [2], 'rows', 'tiles'],
  [[2600, 1700], [0], 'columns', 'tiles'],
  [[2600, 1700], [1], 'rows', 'tiles'],
  [[2, 2300000], [1], 'rows', 'tiles'],
  [[4500001], [0], 'rows', 'tiles'],
];

test.each(cases)('%j with norms over %j: %s, %s', async (shape, axis, lowering, schedule) => {
  const count = shape.reduce((a, b) => a * b, 1);
  for (const [class_name, config] of count > 1e6 ? constraints.slice(0, 1) : constraints) {
    const wire = { class_name, config: { ...config, axis } };
    const before = weights(count);
    const wanted = applyKerasConstraint(wire as never, before, shape);
    for (const [make, noCopy] of [
      [Projector, true],
      [Projector, false],
      [web.Projector, true],
    ] as const) {
      const projector = await make.create(
        { w: { shape, constraint: deserialize(wire) as never } },
        { noCopy },
      );
      if (make === Projector) {
        const route = noCopy ? 'no-copy' : 'in-place';
        expect(projector.report()[0]).toMatchObject({ lowering, schedule, route });
      }
      const w = before.slice();
      await projector.project({ w });
      await projector.dispose();
      expect(mismatch(w, wanted, { relative: 2e-6, absolute: 1e-9 })).toBeUndefined();
    }
  }
});

test.each([true, false])('elementwise forms in tiles, noCopy %s', async (noCopy) => {
  const shape = [2600, 1700];
  const projector = await Projector.create({ w: { shape, constraint: 'non_neg' } }, { noCopy });
  expect(projector.report()[0]).toMatchObject({ lowering: 'elementwise', schedule: 'tiles' });
  const before = weights(2600 * 1700);
  const w = before.slice();
  await projector.project({ w });
  await projector.dispose();
  expect(w.every((x, i) => x === Math.max(0, before[i] as number))).toBe(true);
});
