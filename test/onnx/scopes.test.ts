import { expect, test } from 'vitest';
import type { Consumer } from '../../src/onnx/model.js';
import { OnnxModel } from '../../src/onnx/model.js';
import { decodeFixture, tensorNamed } from './fixtures.js';
import { delimited, initializer, modelWith, varint } from './wire.js';

const model = decodeFixture('scopes.onnx');
const uses = (consumers: readonly Consumer[] | undefined) =>
  consumers?.map(({ nodeName, inputIndex }) => `${nodeName}:${inputIndex}`);
const usesAt = (path: string) => uses(model.tensors().find((tensor) => tensor.path === path)?.consumers);

test('tensors are listed graph by graph, nested ones at their node', () => {
  expect(model.tensors().map((tensor) => tensor.path)).toEqual([
    'graph.initializer[0]',
    'graph.initializer[1]',
    'graph.initializer[2]',
    'graph.initializer[3]',
    'graph.initializer[4]',
    'graph.node[1](many).branches[0].node[0](hides_shared).value',
    'graph.node[1](many).branches[0].node[1](nested).else_branch.initializer[0]',
    'graph.node[1](many).branches[0].node[1](nested).then_branch.initializer[0]',
  ]);
});

test('uses in nested subgraphs count', () => {
  expect(usesAt('graph.initializer[0]')).toEqual([
    'twice:0',
    'twice:1',
    'inner_mul:0',
    'inner_mul:0',
    'uses_hidden:1',
  ]);
});

test('an inner constant, initializer, node output or input hides the outer tensor', () => {
  expect(usesAt('graph.initializer[1]')).toEqual(['twice:2']);
  expect(usesAt('graph.node[1](many).branches[0].node[0](hides_shared).value')).toEqual([
    'inner_mul:1',
    'inner_mul:1',
  ]);
  expect(usesAt('graph.initializer[2]')).toEqual(['many:1']);
  const inner = 'graph.node[1](many).branches[0].node[1](nested)';
  expect(usesAt(`${inner}.then_branch.initializer[0]`)).toEqual(['inner_add:1']);
  expect(usesAt('graph.initializer[3]')).toEqual(['many:0']);
  expect(usesAt('graph.initializer[4]')).toEqual(['many:3']);
});

test('a consumer tells its operator, outputs and simple attributes', () => {
  const [first] = tensorNamed(model, 'outer').consumers;
  expect(first).toMatchObject({
    opType: 'Gemm',
    domain: '',
    nodeName: 'twice',
    inputIndex: 0,
    outputs: ['g'],
  });
  expect({ ...first?.attributes }).toEqual({ alpha: 0.5, transB: 1 });
  const [nested] = model.tensors().at(-1)?.consumers ?? [];
  expect({ ...nested?.attributes }).toEqual({ axis: 3, mode: 'fast' });
});

test('an initializer that is also an input is found with its uses', () => {
  expect(tensorNamed(model, 'outer').alsoInput).toBe(true);
  const old = tensorNamed(decodeFixture('opset08.onnx'), 'kernel');
  expect([old.alsoInput, uses(old.consumers)]).toEqual([true, ['dense:1']]);
});

test('captured in If, Loop and Scan bodies', () => {
  const full = decodeFixture('opset26.onnx');
  expect(uses(tensorNamed(full, 'bias').consumers)).toEqual(['else_add:1', 'then_add:1']);
  expect(uses(tensorNamed(full, 'square').consumers)).toEqual(['loop_matmul:1']);
  expect(uses(tensorNamed(full, 'scan_scale').consumers)).toEqual(['scan_mul:1']);
  expect(uses(tensorNamed(full, 'offset').consumers)).toEqual(['function_add:1']);
});

test('an attribute name cannot reach a prototype, and 64-bit attributes are exact', () => {
  const attribute = (name: string, value: bigint) =>
    delimited(5, delimited(1, name), varint(3, value), varint(20, 2));
  const node = delimited(1, delimited(1, 'w'), attribute('__proto__', 1n), attribute('big', 2n ** 63n - 1n));
  const [tensor] = OnnxModel.decode(modelWith(node, initializer({}))).tensors();
  const attributes = tensor?.consumers[0]?.attributes ?? {};
  expect(Object.keys(attributes)).toEqual(['__proto__', 'big']);
  expect(attributes.big).toBe(2n ** 63n - 1n);
  expect(({} as Record<string, unknown>).big).toBeUndefined();
});
