// Sums along a last dimension so long that float32 loses digits, and that no block divides.
import { expect, test } from 'vitest';
import { unitNorm } from '../../src/index.js';
import { Projector } from '../../src/node.js';

// Weights of one sign and about one size: with both signs the errors of a float32 sum cancel out.
test.each([
  [
    [2, 3, 1000003],
    [0, 2],
  ],
  [
    [2, 2, 1500007],
    [0, 2],
  ],
  [[4500007], [0]],
  [[3, 1000003], [1]],
])('%j with norms over %j', async (shape, axis) => {
  const [length = 1, units = 1] = shape.toReversed();
  const w = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 1 + (i % 10) / 13);
  const squares = new Float64Array(units);
  const unitOf = (i: number): number => Math.floor(i / length) % units;
  for (const [i, x] of w.entries()) (squares[unitOf(i)] as number) += x * x;
  const before = w.slice();
  const projector = await Projector.create({ w: { shape, constraint: unitNorm({ axis }) } });
  expect(projector.report()[0]).toMatchObject({ lowering: 'rows', schedule: 'tiles' });
  await projector.project({ w });
  await projector.dispose();
  let worst = 0;
  for (const [i, x] of before.entries()) {
    const wanted = x / (Math.sqrt(squares[unitOf(i)] as number) + 1e-7);
    worst = Math.max(worst, Math.abs((w[i] as number) / wanted - 1));
  }
  expect(worst).toBeLessThan(2e-6);
});
