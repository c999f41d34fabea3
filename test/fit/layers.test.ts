// Keras's own training of tiny networks around every layer, in all its settings: every loss and variable, and each
// constraint held after every step.
import { describe, expect, test } from 'vitest';
import { layerKindNames } from '../../src/fit/layers/layerKinds.js';
import { StepLoop } from '../../src/node.js';
import { isEnforced } from '../support/followTraining.js';
import { BATCH, followLayer, layerFaults, layerModel } from '../support/layerCases.js';
import { layerCases } from '../support/readLayerCases.js';

const { cases } = layerCases;

describe.each(cases.map((own) => [own.id, own] as const))('%s', (_, own) => {
  test('as Keras trains it', async () => {
    const followed = await followLayer(StepLoop, layerCases, own, { batchSize: BATCH });
    expect(layerFaults(layerCases, own, followed)).toEqual([]);
  });

  test('without its constraints, violates each of them', async () => {
    const { violated } = await followLayer(StepLoop, layerCases, own, { constraints: false });
    const constrained = layerModel(layerCases, own).variables.filter(
      ({ constraint, trainable }) => trainable && isEnforced(constraint),
    );
    expect([...violated].sort()).toEqual(constrained.map(({ path }) => path).sort());
    expect(violated.length).toBeGreaterThan(0);
  });
});

test('every layer that can be trained has a case', () => {
  const covered = new Set(cases.map(({ layer }) => layer));
  expect(layerKindNames.filter((name) => !covered.has(name))).toEqual([]);
});
