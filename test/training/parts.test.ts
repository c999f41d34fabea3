// Several parameters in one tensor: layers stacked along a dimension, all weights of a model in one vector.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  type ConstraintIdentifier,
  maxNorm,
  nonNeg,
  ShapeError,
  unitNorm,
} from '../../src/index.js';
import { OnnxModel } from '../../src/onnx/model.js';
import type { Part } from '../../src/training/parts.js';
import { splice } from '../../src/training/splice.js';
import { parseStepDescription, type StepParameter } from '../../src/training/stepDescription.js';
import { sgdStepBytes } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import * as reference from '../support/reference.js';
import { spliceDiff } from '../support/spliceDiff.js';
import { randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

const pair = { input: 'w', output: 'w_new' };

function part(
  part: Part,
  constraint: ConstraintIdentifier,
  more: Partial<StepParameter> = {},
): StepParameter {
  return { ...pair, part, constraint, ...more };
}

/** The updated values before and after splicing, on the same inputs. */
async function runBoth(before: Uint8Array, parameters: Record<string, StepParameter>, options = {}) {
  const model = OnnxModel.decode(before);
  const report = splice(model, { parameters }, options);
  const feeds = randomFeeds(model.inputs, new Random(7));
  const [plain, constrained] = [await runStep(before, feeds), await runStep(model.encode(), feeds)];
  expect(constrained.w_new?.dims).toEqual(plain.w_new?.dims);
  expect(spliceDiff(before, model.encode()).rewired).toHaveLength(1);
  return { plain: plain.w_new?.data as number[], constrained: constrained.w_new?.data as number[], report };
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries())
    expect(Math.abs((found[i] as number) - value)).toBeLessThan(1e-6);
}

test.each([{}, { provider: 'cpu' }, { functions: true }])(
  'two layers of a stack have their own: %j',
  async (options) => {
    const before = readFileSync(stepPath('small/stacked.onnx'));
    const { plain, constrained, report } = await runBoth(
      before,
      {
        second: part({ axis: 0, start: 1, size: 1, shape: [4, 3] }, unitNorm({ axis: 1 })),
        first: part({ axis: 0, start: 0, size: 1, shape: [4, 3] }, nonNeg()),
      },
      options,
    );
    expectClose(constrained.slice(0, 12), reference.nonNeg(plain.slice(0, 12)));
    expectClose(constrained.slice(12), reference.unitNorm(plain.slice(12), [4, 3], { axis: 1 }));
    expect(report.map(({ name, nodes }) => [name, nodes > 0])).toEqual([
      ['second', true],
      ['first', false],
    ]);
  },
);

test('parts of one vector, with gaps that are left alone', async () => {
  const before = sgdStepBytes({ shape: [40] });
  const { plain, constrained } = await runBoth(before, {
    kernel: part({ axis: 0, start: 5, size: 12, shape: [4, 3] }, maxNorm({ maxValue: 0.5, axis: 0 })),
    bias: part({ axis: 0, start: 20, size: 3 }, nonNeg()),
    free: part({ axis: 0, start: 30, size: 10 }, null),
  });
  expectClose(constrained, [
    ...plain.slice(0, 5),
    ...reference.maxNorm(plain.slice(5, 17), [4, 3], { maxValue: 0.5, axis: 0 }),
    ...plain.slice(17, 20),
    ...reference.nonNeg(plain.slice(20, 23)),
    ...plain.slice(23),
  ]);
});

test('columns of a matrix', async () => {
  const { plain, constrained } = await runBoth(sgdStepBytes({ shape: [2, 4] }), {
    left: part({ axis: 1, start: 0, size: 1 }, nonNeg()),
  });
  expectClose(
    constrained,
    plain.map((value, i) => (i % 4 === 0 ? Math.max(0, value) : value)),
  );
});

describe('refused', () => {
  const first = part({ axis: 0, start: 0, size: 2 }, nonNeg());

  test.each([
    [{ first, second: { ...pair, constraint: nonNeg() } }, ConfigError, 'or says which part of one it is'],
    [{ first, second: { ...first, output: 'v_new' } }, ConfigError, 'input \'w\' is that of "first" already'],
    [
      { first, second: part({ axis: 0, start: 1, size: 2 }, nonNeg()) },
      ConfigError,
      'parameters["second"].part: lies over "first"',
    ],
    [
      { first, second: part({ axis: 1, start: 1, size: 1 }, nonNeg()) },
      ConfigError,
      'parts of one tensor lie along one axis; first lies along 0',
    ],
    [
      { first, second: part({ axis: 0, start: 2, size: 1 }, nonNeg(), { others: 'unconstrained' }) },
      ConfigError,
      'the readers of one tensor see one value',
    ],
    [
      { first: part({ axis: 0, start: 3, size: 2 }, nonNeg()) },
      ShapeError,
      'places 3 to 5 of axis 0 do not lie in the tensor (4, 3)',
    ],
    [
      { first: part({ axis: 2, start: 0, size: 1 }, nonNeg()) },
      ShapeError,
      'of axis 2 do not lie in the tensor (4, 3)',
    ],
    [
      { first: part({ axis: 0, start: 0, size: 2, shape: [2, 2] }, nonNeg()) },
      ShapeError,
      'shape (2, 2) does not hold the elements of the part (2, 3)',
    ],
    [{ first: part({ axis: 0, start: 0, size: 2 }, maxNorm({ axis: 3 })) }, ShapeError, 'axis'],
  ] as const)('%#', (parameters, kind, message) => {
    const before = sgdStepBytes();
    const model = OnnxModel.decode(before);
    const run = () => splice(model, { parameters });
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
    expect(model.encode()).toBe(before);
  });

  test.each([
    {},
    { axis: 0, start: 0, size: 0 },
    { axis: 0, start: 0, size: 1, end: 3 },
    { axis: 0, start: 0, size: 1, shape: 3 },
    [],
  ])('in a file: %j', (found) => {
    const w = { ...pair, constraint: null, part: found };
    expect(() => parseStepDescription({ parameters: { w } })).toThrow(
      'parameters["w"].part: must be an object with whole numbers axis, start and size',
    );
  });
});
