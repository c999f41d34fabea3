// Mistakes that are refused while tracing, with the op's name and what was found.
// Must not run anything.
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/graph/dtype.js';
import { ShapeError } from '../../src/graph/errors.js';
import type { Shape } from '../../src/graph/shape.js';
import * as ops from '../../src/ops/index.js';
import { type SymbolicTensor, symbolicInput } from '../../src/ops/symbolicTensor.js';
import { tensor } from '../support/runOps.js';

function w(shape: Shape = [2, 3], dtype: DType = 'float32'): SymbolicTensor {
  return symbolicInput('w', dtype, shape);
}

const open = symbolicInput('open', 'float32', undefined);

/** Things that type checking refuses. */
function wrong(value: unknown): never {
  return value as never;
}

type Mistake = readonly [message: string, make: () => unknown];

const pairwise = {
  add: ops.add,
  subtract: ops.subtract,
  multiply: ops.multiply,
  divide: ops.divide,
  power: ops.power,
  maximum: ops.maximum,
  minimum: ops.minimum,
  equal: ops.equal,
  notEqual: ops.notEqual,
  greater: ops.greater,
  greaterEqual: ops.greaterEqual,
  less: ops.less,
  lessEqual: ops.lessEqual,
  logicalAnd: ops.logicalAnd,
  logicalOr: ops.logicalOr,
};

const broadcasting: readonly Mistake[] = [
  ...Object.entries(pairwise).map(
    ([name, op]): Mistake => [`ops.${name}: shapes (2, 3) and (2,) do not broadcast`, () => op(w(), [1, 2])],
  ),
  ['ops.where: shapes (2, 3) and (2, 3) and (2,) do not broadcast', () => ops.where(w(), w(), [1, 2])],
  ['ops.where: shapes (4,) and (2, 3) and () do not broadcast', () => ops.where([1, 0, 1, 0], w(), 0)],
  ['ops.clip: shapes (2, 3) and (2,) do not broadcast', () => ops.clip(w(), [0, 0], 1)],
  ['ops.clip: shapes (2, 3) and (4,) do not broadcast', () => ops.clip(w(), 0, [1, 2, 3, 4])],
  ['ops.add: shapes (batch, ?, 3) and (2,) do not broadcast', () => ops.add(w(['batch', null, 3]), [1, 2])],
  ['ops.add: shapes (3,) and (0,) do not broadcast', () => ops.add(w([3]), [])],
];

const reducers = { sum: ops.sum, mean: ops.mean, max: ops.max, min: ops.min, var: ops.var, std: ops.std };
const axes: readonly Mistake[] = [
  ...Object.entries(reducers).flatMap(([name, op]): Mistake[] => [
    [`ops.${name}: axis 2 is out of range for shape (2, 3); accepted are -2 to 1`, () => op(w(), 2)],
    [`ops.${name}: axis -3 is out of range for shape (2, 3)`, () => op(w(), [0, -3])],
    [`ops.${name}: axis [0, -2] names a dimension twice; shape is (2, 3)`, () => op(w(), [0, -2])],
    [`ops.${name}: axis must hold integers, found [0.5]`, () => op(w(), [0.5])],
    [`ops.${name}: axis must hold integers, found 1.5`, () => op(w(), wrong('1.5'))],
    [`ops.${name}: axis must hold integers, found true`, () => op(w(), wrong(true))],
    [
      `ops.${name}: no option 'keepDims'; accepted are axis, keepdims`,
      () => op(w(), wrong({ axis: 0, keepDims: true })),
    ],
  ]),
  ['ops.sum: axis must hold integers, found NaN', () => ops.sum(w(), Number.NaN)],
  ['ops.sum: axis 0 is out of range for shape (); a scalar has no axes', () => ops.sum(w([]), 0)],
  ['ops.sum: axis [1, 1] names a dimension twice; shape is (unknown rank)', () => ops.sum(open, [1, 1])],
  ['ops.norm: axis 2 is out of range for shape (2, 3)', () => ops.norm(w(), { axis: 2 })],
  ['ops.norm: axis 2 is out of range for shape (2, 3)', () => ops.norm(w(), { axis: 2, ord: 1 })],
  [
    "ops.norm: no option 'order'; accepted are axis, keepdims and ord",
    () => ops.norm(w(), wrong({ order: 1 })),
  ],
  ['ops.squeeze: axis 3 is out of range for shape (2, 3)', () => ops.squeeze(w(), 3)],
  [
    'ops.expandDims: axis 3 is out of range for shape (2, 3, 1); accepted are -3 to 2',
    () => ops.expandDims(w(), 3),
  ],
  ['ops.expandDims: axis [0, 0] names a dimension twice', () => ops.expandDims(w(), [0, 0])],
  ['ops.expandDims: axis must hold integers, found undefined', () => ops.expandDims(w(), wrong(undefined))],
  ['ops.concatenate: axis 2 is out of range for shape (2, 3)', () => ops.concatenate([w(), w()], 2)],
  ['ops.concatenate: axis must be an integer, not 0.5', () => ops.concatenate([w(), w()], 0.5)],
  [
    'ops.concatenate: axis 0 is out of range for shape (); a scalar has no axes',
    () => ops.concatenate([1, 2]),
  ],
];

const norms: readonly Mistake[] = [
  ["ops.norm: ord 'fro' is not a vector norm", () => ops.norm(w(), { ord: 'fro', axis: 0 })],
  ["ops.norm: ord 'NaN' is not a vector norm", () => ops.norm(w(), { ord: Number.NaN, axis: 0 })],
  ['ops.norm: ord 2 of a matrix has no ONNX operator', () => ops.norm(w(), { ord: 2 })],
  ['ops.norm: ord -2 of a matrix has no ONNX operator', () => ops.norm(w(), { ord: -2, axis: [0, 1] })],
  ['ops.norm: ord nuc of a matrix has no ONNX operator', () => ops.norm(w(), { ord: wrong('nuc') })],
  ['ops.norm: ord 3 of a matrix has no ONNX operator', () => ops.norm(w(), { ord: 3 })],
  ['ops.norm: ord 1 needs one or two axes, found 3', () => ops.norm(w([2, 2, 2]), { ord: 1 })],
  ['ops.norm: ord 1 needs one or two axes, found 0', () => ops.norm(w([]), { ord: 1 })],
  ['ops.norm: with ord and no axis the rank must be known', () => ops.norm(open, { ord: 1 })],
];

const shapes: readonly Mistake[] = [
  ['ops.reshape: (2, 3) to (4,): 6 elements do not fit', () => ops.reshape(w(), [4])],
  ['ops.reshape: (2, 3) to (4, -1): 6 elements do not fit', () => ops.reshape(w(), [4, -1])],
  ['ops.reshape: (2, 3) to (-1, -1): only one size may be -1', () => ops.reshape(w(), [-1, -1])],
  ['ops.reshape: (2, 3) to (0, 6): sizes must be positive integers or -1', () => ops.reshape(w(), [0, 6])],
  ['ops.reshape: (2, 3) to (-2, 3): sizes must be', () => ops.reshape(w(), [-2, 3])],
  ['ops.reshape: newShape must hold integers, found [1.5, 4]', () => ops.reshape(w(), [1.5, 4])],
  ['ops.reshape: newShape must hold integers, found 2,3', () => ops.reshape(w(), wrong('2,3'))],
  [
    'ops.reshape: newShape must be a one-dimensional integer tensor, found float32 of shape (2,)',
    () => ops.reshape(w(), w([2])),
  ],
  [
    'ops.reshape: newShape must be a one-dimensional integer tensor, found int64 of shape (1, 2)',
    () => ops.reshape(w(), w([1, 2], 'int64')),
  ],
  [
    'ops.transpose: axes [0, 0] are not a permutation of the 2 dimensions of (2, 3)',
    () => ops.transpose(w(), [0, 0]),
  ],
  ['ops.transpose: axes [0] are not a permutation of the 2 dimensions', () => ops.transpose(w(), [0])],
  ['ops.transpose: axis 2 is out of range for shape (2, 3)', () => ops.transpose(w(), [0, 2])],
  ['ops.transpose: axes [0, -2] are not a permutation', () => ops.transpose(open, [0, -2])],
  ['ops.transpose: axes must hold integers, found 01', () => ops.transpose(w(), wrong('01'))],
  ['ops.squeeze: dimension 1 of shape (1, 3) is 3, not 1', () => ops.squeeze(w([1, 3]), 1)],
  ['ops.squeeze: dimension 0 of shape (2, 3) is 2, not 1', () => ops.squeeze(w(), [-2])],
  ['ops.concatenate: shapes (2, 3), (2, 4) differ outside axis 0', () => ops.concatenate([w(), w([2, 4])])],
  ['ops.concatenate: shapes (2, 3), (3,) differ outside axis 0', () => ops.concatenate([w(), w([3])])],
  ['ops.concatenate: a list of at least one tensor is needed', () => ops.concatenate([])],
  ['ops.concatenate: a list of at least one tensor is needed', () => ops.concatenate(wrong(w()), 0)],
  ['ops.matmul: shapes (2, 3) and (2, 3) do not fit', () => ops.matmul(w(), w())],
  ['ops.matmul: shapes () and (2, 3) do not fit', () => ops.matmul(2, w())],
  ['ops.matmul: shapes (4,) and (2, 3) do not fit', () => ops.matmul([1, 2, 3, 4], w())],
  ['ops.matmul: shapes (2, 1, 3) and (4, 3, 1) do not fit', () => ops.matmul(w([2, 1, 3]), w([4, 3, 1]))],
  ['ops.full: shape (2, 0) must hold positive integers', () => ops.full([2, 0], 1)],
  ['ops.full: shape must hold integers, found [2.5]', () => ops.full([2.5], 1)],
  ['ops.full: shape must hold integers, found 2,3', () => ops.full(wrong('2,3'), 1)],
  ['ops.full: fillValue of shape (2, 3) does not broadcast to (3,)', () => ops.full([3], w())],
  ['ops.full: fillValue of shape (3,) does not broadcast to (1,)', () => ops.full([1], [1, 2, 3])],
  ['ops.full: shapes (2, 3) and (2, 2) do not broadcast', () => ops.full([2, 2], w())],
  ['ops.identity: n must be a positive integer, not 0', () => ops.identity(0)],
  ['ops.identity: n must be a positive integer, not 1.5', () => ops.identity(1.5)],
  ['ops.round: decimals must be an integer, not 0.5', () => ops.round(w(), 0.5)],
];

const dtypes: readonly Mistake[] = [
  ["ops.cast: 'string' is not a numeric dtype", () => ops.cast(w(), 'string')],
  ["ops.cast: 'complex64' is not a numeric dtype", () => ops.cast(w(), 'complex64')],
  ["ops.cast: 'float' is not a numeric dtype", () => ops.cast(w(), wrong('float'))],
  ["ops.cast: 'undefined' is not a numeric dtype", () => ops.cast(w(), wrong(undefined))],
  ["ops.cast: '__proto__' is not a numeric dtype", () => ops.cast(w(), wrong('__proto__'))],
  ["ops.zerosLike: 'string' is not a numeric dtype", () => ops.zerosLike(w(), 'string')],
  ["ops.onesLike: 'complex128' is not a numeric dtype", () => ops.onesLike(w(), 'complex128')],
  ["ops.full: 'string' is not a numeric dtype", () => ops.full([2], 1, 'string')],
  ["ops.full: 'string' is not a numeric dtype", () => ops.full([2], [1, 2], 'string')],
  ["ops.identity: 'string' is not a numeric dtype", () => ops.identity(2, 'string')],
  ['ops.add: 3000000000 (element 0) does not fit int32', () => ops.add(w([1], 'int32'), 3e9)],
  ['ops.add: -1 (element 1) does not fit uint8', () => ops.add(w([2], 'uint8'), [1, -1])],
  ['ops.power: int32 cannot be raised to a negative power', () => ops.power(w([2], 'int32'), -1)],
  ['ops.power: int64 cannot be raised to a negative power', () => ops.power(w([2], 'int64'), [2, -2])],
];

const operands: readonly Mistake[] = [
  ['ops.add: argument 2 is undefined', () => ops.add(w(), wrong(undefined))],
  ['ops.add: argument 1 is null', () => ops.add(wrong(null), w())],
  ['ops.add: argument 2 is a string; accepted are symbolic tensors, numbers', () => ops.add(w(), wrong('1'))],
  ['ops.add: argument 2 is a bigint', () => ops.add(w(), wrong(1n))],
  ['ops.add: argument 2 is a function', () => ops.add(w(), wrong(Math.max))],
  ['ops.add: argument 2 is an object of class Promise', () => ops.add(w(), wrong(Promise.resolve(w())))],
  [
    'ops.add: argument 2 is an object of class BigInt64Array',
    () => ops.add(w(), wrong(BigInt64Array.of(1n))),
  ],
  [
    'ops.add: argument 2 is an object of class DataView',
    () => ops.add(w(), wrong(new DataView(new ArrayBuffer(4)))),
  ],
  ['ops.add: argument 2 is an object of class unknown', () => ops.add(w(), wrong(Object.create(null)))],
  ['ops.clip: argument 3 is undefined', () => ops.clip(w(), 0, wrong(undefined))],
  ['ops.abs: argument 1 is a string', () => ops.abs(wrong('1'))],
  ['ops.where: argument 1 is undefined', () => ops.where(wrong(undefined), 1, 2)],
  ['ops.add: argument 2 is a ragged array', () => ops.add(w(), [[1, 2, 3], [4]])],
  ['ops.add: argument 2 is a ragged array', () => ops.add(w(), wrong([[1, 2, 3], 4]))],
  [
    'ops.add: argument 2 holds an object of class Array where a number is expected',
    () => ops.add(w(), [1, [2]]),
  ],
  ['ops.add: argument 2 holds a string where a number is expected', () => ops.add(w(), wrong([1, '2', 3]))],
  ['ops.add: argument 2 holds undefined where a number is expected', () => ops.add(w(), wrong(Array(3)))],
  [
    'ops.add: argument 2 holds an object of class SymbolicTensor where a number is expected',
    () => ops.add(w(), wrong([w()])),
  ],
  [
    'ops.add: argument 2 is a tensor value of 3 elements that is no float32 of dims [2]',
    () => ops.add(w(), { ...tensor([1, 2, 3]), dims: [2] }),
  ],
  [
    'ops.add: argument 2 is a tensor value of 1 elements that is no float of dims [1]',
    () => ops.add(w(), { ...tensor([1]), dtype: wrong('float') }),
  ],
  [
    'ops.add: argument 2 is a tensor value of 1 elements that is no string of dims [1]',
    () => ops.add(w(), { dtype: 'string', dims: [1], data: [Uint8Array.of(65)] }),
  ],
];

describe.each([
  ['shapes that do not broadcast', broadcasting],
  ['axes', axes],
  ['norm orders', norms],
  ['shapes', shapes],
  ['dtypes', dtypes],
  ['operands', operands],
] as const)('%s', (_, mistakes) => {
  test.each(mistakes)('%s', (message, make) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });
});

describe('operators of the language on symbolic tensors', () => {
  const x: unknown = w();

  test.each([
    ['+', () => wrong(x) + 1],
    ['-', () => wrong(x) - 1],
    ['negation', () => -wrong(x)],
    ['>', () => wrong(x) > 0],
    ['Math.max', () => Math.max(wrong(x), 0)],
  ] as const)('%s says what to write', (_, use) => {
    expect(use).toThrow(TypeError);
    expect(use).toThrow('write ops.add(a, b), ops.greater(a, b) and so on in place of a + b or a > b');
  });

  test('templates show the tensor', () => {
    expect(`${w(['n', null, 3])}`).toBe('SymbolicTensor(float32, [n, ?, 3])');
    expect(String(open)).toBe('SymbolicTensor(float32, [...])');
    expect(w([2, 3]).rank).toBe(2);
    expect(open.rank).toBeUndefined();
  });
});
