// Keras's own training, step by step: the same losses, the same variables in the end, every constraint held after every step.
import { describe, expect, test } from 'vitest';
import { StepLoop } from '../../src/node.js';
import { fitCases, readFitCase } from '../support/fitCases.js';
import { farFromKeras, followFit } from '../support/followFit.js';

describe.each(fitCases)('%s', (name) => {
  const answered = readFitCase(name);

  test.each([{}, { batchSize: answered.batchSize }])(
    'as Keras trains it, with options %j',
    async (options) => {
      expect(farFromKeras(await followFit(StepLoop, answered, options), answered)).toEqual([]);
    },
  );

  test('without its constraints, violates them', async () => {
    const { violated } = await followFit(StepLoop, answered, { constraints: false });
    expect(violated.length).toBeGreaterThan(0);
  });
});
