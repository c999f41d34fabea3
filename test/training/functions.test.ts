// Constraints as functions of the model: one for each body, with the answers of the nodes in the open.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maxNorm, nonNeg, ops, type SymbolicTensor, unitNorm } from '../../src/index.js';
import { decodeModelProto } from '../../src/onnx/codec.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { type SpliceOptions, splice } from '../../src/training/splice.js';
import type { StepDescription } from '../../src/training/stepDescription.js';
import { sgdPair, sgdStepBytes } from '../support/makeStep.js';
import { Random } from '../support/random.js';
import { spliceDiff } from '../support/spliceDiff.js';
import { randomFeeds, runStep, stepPath } from '../support/trainSteps.js';

function spliced(
  bytes: Uint8Array,
  parameters: StepDescription['parameters'],
  options: SpliceOptions = {},
): Uint8Array {
  const model = OnnxModel.decode(bytes);
  splice(model, { parameters }, options);
  return model.encode();
}

function functionsOf(bytes: Uint8Array) {
  return decodeModelProto(bytes).functions.map(
    ({ name, domain, docString }) => `${domain}.${name}: ${docString}`,
  );
}

const halve = (w: SymbolicTensor) => ops.multiply(w, 0.5);
const parameters = {
  a: { ...sgdPair('a'), constraint: maxNorm({ maxValue: 1, axis: 1 }) },
  b: { ...sgdPair('b'), constraint: maxNorm({ maxValue: 1, axis: 1 }) },
  c: { ...sgdPair('c'), constraint: maxNorm({ maxValue: 2 }) },
  d: { ...sgdPair('d'), constraint: nonNeg() },
  e: { ...sgdPair('e'), constraint: halve },
};

test.each([15, 18, 26])(
  'opset %i: calls answer as the nodes do; equal constraints share a function',
  async (opset) => {
    const before = sgdStepBytes({ opset, names: Object.keys(parameters) });
    for (const provider of [undefined, 'cpu']) {
      const called = spliced(before, parameters, { functions: true, provider });
      expect(functionsOf(called)).toEqual(
        [
          'keras.constraints.MaxNorm: MaxNorm(max_value=1, axis=1)',
          'keras.constraints.MaxNorm_1: MaxNorm(max_value=2, axis=0)',
          'keras.constraints.NonNeg: NonNeg()',
          'keras.constraints.halve: ',
        ].map((line) =>
          expect.stringMatching(
            new RegExp(`^${line.replace(/[().]/g, '\\$&').replace(/: $/, ': (null)?$')}`),
          ),
        ),
      );
      expect(spliceDiff(before, called).inserted).toEqual(
        ['MaxNorm', 'MaxNorm', 'MaxNorm_1', 'NonNeg', 'halve'].map((name) => `graph: ${name}`),
      );
      const feeds = randomFeeds(OnnxModel.decode(before).inputs, new Random(opset));
      expect(await runStep(called, feeds)).toEqual(
        await runStep(spliced(before, parameters, { provider }), feeds),
      );
    }
  },
);

test('inside a Loop, beside functions of the host', async () => {
  const pair = { w: { input: 'w', output: 'w_new', constraint: unitNorm({ axis: 1 }) } };
  for (const name of ['inner_loop', 'function_sgd']) {
    const before = readFileSync(stepPath(`small/${name}.onnx`));
    const feeds = randomFeeds(OnnxModel.decode(before).inputs, new Random(3));
    const called = spliced(before, pair, { functions: true });
    expect(await runStep(called, feeds)).toEqual(await runStep(spliced(before, pair), feeds));
    expect(OnnxModel.decode(called).opset('keras.constraints')).toBe(1);
  }
});

test('names avoid the functions that are there: a model spliced before, for other parameters', () => {
  const { a, c } = parameters;
  const once = spliced(sgdStepBytes({ names: ['a', 'c'] }), { a }, { functions: true });
  const twice = spliced(once, { c }, { functions: true });
  expect(decodeModelProto(twice).functions.map(({ name }) => name)).toEqual(['MaxNorm', 'MaxNorm_1']);
  expect(() => spliced(twice, { c })).toThrow(
    "comes out of a constraint already (node 'keras.constraints/c/MaxNorm_1_0')",
  );
});

test('IR version 7 has no functions', () => {
  const before = sgdStepBytes({ opset: 14, names: ['a'] });
  expect(() => spliced(before, { a: parameters.a }, { functions: true })).toThrow(
    'functions need IR version 8; the model has 7, which is kept',
  );
});
