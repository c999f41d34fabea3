// Pairs found in steps without a description: parameters, optimizer state, and what is left open.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/graph/graphBuilder.js';
import { encodeGraph } from '../../src/onnx/encodeGraph.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { findPairs, isNewNameOf } from '../../src/training/findPairs.js';
import { stepPath } from '../support/trainSteps.js';

function found(name: string) {
  const { pairs, unclear } = findPairs(OnnxModel.decode(readFileSync(stepPath(`${name}.onnx`))));
  expect(unclear).toEqual([]);
  return pairs.map(({ input, output, how, role }) => `${input} → ${output}: ${role} by ${how}`);
}

test.each([
  [
    'mlp_sgd/step',
    [
      'fc1.weight → fc1.weight_new: parameter by name',
      'fc1.bias → fc1.bias_new: parameter by name',
      'fc2.weight → fc2.weight_new: parameter by name',
      'fc2.bias → fc2.bias_new: parameter by name',
    ],
  ],
  [
    'jax_momentum/step',
    [
      'in_0 → sub_out_3: parameter by structure',
      'in_1 → sub_out_4: parameter by structure',
      'in_2 → sub_out_5: parameter by structure',
      'in_3 → sub_out_6: parameter by structure',
      'in_4 → add_out_2: state by structure',
      'in_5 → add_out_3: state by structure',
      'in_6 → add_out_4: state by structure',
      'in_7 → add_out_5: state by structure',
    ],
  ],
  [
    'small/momentum_ema',
    [
      'w → w_new: parameter by name',
      'velocity → velocity_new: state by name',
      'average → average_new: state by name',
    ],
  ],
  [
    'small/adamw',
    ['w → out_0: parameter by structure', 'm → out_1: state by structure', 'v → out_2: state by structure'],
  ],
  ['small/accumulate_if', ['w → w_new: parameter by name', 'sum → sum_new: state by name']],
  ['small/inner_loop', ['w → w_new: parameter by name']],
  ['small/inner_scan', ['w → w_new: parameter by name']],
  ['small/function_sgd', ['w → w_new: parameter by name']],
  ['small/masters', ['master → master_new: parameter by name']],
])('%s', (name, pairs) => {
  expect(found(name)).toEqual(pairs);
});

test.each([
  ['fc1.weight_new', 'fc1.weight', true],
  ['new_fc1.weight', 'fc1.weight', true],
  ['updated/w', 'w', true],
  ['w_out', 'w_in', true],
  ['fc1.weight_new', 'fc2.weight', false],
  ['out_0', 'in_1', false],
  ['new', 'old', false],
])('%s is the new name of %s: %s', (output, input, is) => {
  expect(isNewNameOf(output, input)).toBe(is);
});

/** A step of nodes `operator(first, second) → output` on inputs a and b of one type. */
function stepOf(...nodes: readonly (readonly [string, string, string, string])[]): OnnxModel {
  const builder = new GraphBuilder({ opset: 18 });
  for (const name of ['a', 'b']) builder.input({ name, dtype: 'float32', shape: [2] });
  for (const [operator, first, second, output] of nodes) {
    if (/^out/.test(output)) builder.output({ name: output, dtype: 'float32', shape: [2] });
    builder.node(operator, [first, second], {}, output);
  }
  return OnnxModel.decode(encodeGraph(builder.build('step')));
}

test('what is equally near goes by its place', () => {
  const { pairs } = findPairs(stepOf(['Add', 'a', 'b', 'out0'], ['Sub', 'a', 'b', 'out1']));
  expect(pairs.map(({ input, output, how }) => [input, output, how])).toEqual([
    ['a', 'out0', 'position'],
    ['b', 'out1', 'position'],
  ]);
});

test('what is equally near to one output is left open, with the reason', () => {
  const { pairs, unclear } = findPairs(stepOf(['Add', 'a', 'b', 'out0']));
  expect(pairs).toEqual([]);
  expect(unclear.map(({ input, reason }) => `${input}: ${reason}`)).toEqual([
    'a: it may become out0, to which it is equally near',
    'b: it may become out0, to which it is equally near',
  ]);
});

test('a weight that is mixed from other state belongs to the output that is left', () => {
  // Schedule-free SGD in short: b is stepped, the weight a is an average of it.
  const { pairs } = findPairs(
    stepOf(
      ['Mul', 'a', 'a', 'slow'],
      ['Sub', 'b', 'slow', 'out0'],
      ['Neg', 'a', '', 'turned'],
      ['Neg', 'turned', '', 'back'],
      ['Add', 'out0', 'back', 'out1'],
    ),
  );
  expect(pairs.map(({ input, output }) => `${input} → ${output}`)).toEqual(['a → out1', 'b → out0']);
});
