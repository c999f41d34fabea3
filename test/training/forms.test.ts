// The fast forms inside a step: on shapes that reach each of them, they answer as the readable nodes and the reference do.
import { describe, expect, test } from 'vitest';
import { type Constraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from '../../src/index.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { splice } from '../../src/training/splice.js';
import { sgdStepBytes } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import { applyKerasConstraint } from '../support/reference.js';
import { randomFeeds, runStep } from '../support/trainSteps.js';

const cases: readonly (readonly [readonly number[], number | number[] | null, string])[] = [
  [[5], 0, 'rows'],
  [[6, 4], 0, 'columns'],
  [[6, 4], 1, 'rows'],
  [[6, 4], null, 'rows'],
  [[3, 3, 4, 8], [0, 1, 2], 'columns'],
  [[8, 4, 3, 3], [1, 2, 3], 'rows'],
  [[4, 3, 5], [0, 2], 'rows'],
  // Long columns are summed in blocks, seen under other dims than the host's.
  [[2048, 3], 0, 'columns'],
  // Units so large that their squares are summed in float64.
  [[70_000, 2], 0, 'columns'],
  [[1, 70_001], 1, 'rows'],
];

describe.each(cases)('%j over %j', (shape, axis, form) => {
  const before = sgdStepBytes({ shape });
  const constraints: readonly Constraint[] = [
    maxNorm({ maxValue: 0.5, axis }),
    minMaxNorm({ minValue: 0.2, maxValue: 0.5, rate: 0.3, axis }),
    unitNorm({ axis }),
    nonNeg(),
  ];

  test.each(constraints)('$constructor.name', async (constraint) => {
    const feeds = randomFeeds(OnnxModel.decode(before).inputs, new Random(9));
    const updated = (await runStep(before, feeds)).w_new?.data as number[];
    const { name } = constraint.constructor;
    const wanted = applyKerasConstraint({ class_name: name, config: constraint.getConfig() }, updated, shape);
    for (const provider of [undefined, 'cpu']) {
      const model = OnnxModel.decode(before);
      const parameters = { w: { input: 'w', output: 'w_new', constraint } };
      const [report] = splice(model, { parameters }, { provider });
      const fast = name === 'NonNeg' ? 'elementwise' : form;
      expect(report?.form).toBe(provider === undefined ? 'canonical' : fast);
      const found = (await runStep(model.encode(), feeds)).w_new;
      expect(found?.dims).toEqual(shape);
      // The readable form sums the squares of a unit in float32 at any size, and loses digits where it is large.
      const tolerance = provider === undefined && updated.length > 65_536 ? 2e-5 : 2e-6;
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const worst = wanted.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (found?.data[i] as number))),
        0,
      );
      expect(worst).toBeLessThanOrEqual(tolerance * largest);
    }
  });
});
