// The worked example in Node. DIGITS_SVG=<file> keeps the picture.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseStepDescription, StepLoop } from '../../src/node.js';
import { readTrajectory, stepPath } from '../support/trainSteps.js';
import { drawCurves } from './drawCurves.js';
import { trainDigits } from './trainDigits.js';

const LIMIT = 0.8;

test('digits are learned within the limit, and beyond it without the constraint', async () => {
  const files = {
    step: new Uint8Array(readFileSync(stepPath('mlp_sgd/step.onnx'))),
    description: parseStepDescription(readFileSync(stepPath('mlp_sgd/constraints.json'), 'utf8')),
    trajectory: readTrajectory('mlp_sgd'),
  };
  const kept = await trainDigits(StepLoop, { ...files, constrained: true });
  const free = await trainDigits(StepLoop, { ...files, constrained: false });
  expect(kept.loss).toHaveLength(40);
  expect(Math.max(...kept.norm)).toBeLessThanOrEqual(LIMIT * (1 + 1e-5));
  expect(Math.max(...free.norm)).toBeGreaterThan(LIMIT * 1.05);
  expect(kept.loss.at(-1)).toBeLessThan((kept.loss[0] as number) * 0.75);
  const svg = drawCurves([kept, free], LIMIT);
  expect(svg.match(/<polyline/g)).toHaveLength(4);
  expect(svg).not.toContain('NaN');
  if (process.env.DIGITS_SVG !== undefined) writeFileSync(process.env.DIGITS_SVG, svg);
});
