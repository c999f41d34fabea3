// What operators of today are written as in opsets 7 to 12, where they are missing, take other inputs, or run on fewer
// dtypes in ONNX Runtime. NaN and infinities come out as they do today.
// Must not import anything above graph.
import { type DType, dtypeKind } from '../graph/dtype.js';
import { UsageError } from '../graph/errors.js';
import { fromFloat64, toFloat64 } from '../graph/numbers.js';
import { broadcastShapes } from '../graph/shape.js';
import { applyOp, type Source, type SymbolicTensor } from './symbolicTensor.js';
import { castTo, constant } from './tensorLike.js';

type OpSource = Extract<Source, { kind: 'op' }>;

/** An operator with a form for older opsets; `undefined` where the opset has it as it is. */
type Form = (op: Op) => SymbolicTensor | undefined;

/** One use of an operator, for one opset. */
interface Op {
  readonly tensor: SymbolicTensor;
  readonly source: OpSource;
  /** Its inputs. */
  readonly a: SymbolicTensor;
  readonly b: SymbolicTensor;
  readonly c: SymbolicTensor;
  readonly opset: number;
  /** The dtype of its first input. */
  readonly dtype: DType;
  readonly isFloat: boolean;
}

const forms: Readonly<Record<string, Form>> = {
  Clip: ({ a, b, c, dtype, opset, tensor }) => {
    if (dtype === 'float64' || dtypeKind(dtype) !== 'float')
      return opset < 12 ? binary('Min', binary('Max', a, b), c) : undefined;
    if (opset >= 11) return undefined;
    const [min, max] = [b, c].map((bound) => ({ type: 'float', value: scalarOf(bound) }) as const);
    return applyOp('Clip', [a], tensor, { attributes: { min, max } as never });
  },
  Max: extreme('Max', 'Less'),
  Min: extreme('Min', 'Greater'),
  Sign: ({ a, opset, dtype }) => {
    if (opset >= 9) return undefined;
    const step = (opType: string): SymbolicTensor => castTo(binary(opType, a, number(a, 0)), dtype);
    return binary('Sub', step('Greater'), binary('Div', step('Less'), castTo(isNumber(a), dtype)));
  },
  Round: ({ a, opset }) => (opset < 11 ? roundByFloor(a) : undefined),
  IsNaN: ({ a, opset }) => (opset < 9 ? not(isNumber(a)) : undefined),
  Equal: ({ a, b, dtype, isFloat, opset }) => {
    if (opset >= 11 || dtype === 'int32' || dtype === 'int64') return undefined;
    const same = not(or(binary('Less', a, b), binary('Greater', a, b)));
    return isFloat ? and(same, areNumbers(a, b)) : same;
  },
  Greater: olderThan(9, { floats: 7 }),
  Less: olderThan(9, { floats: 7 }),
  GreaterOrEqual: orEqual('Less'),
  LessOrEqual: orEqual('Greater'),
  Pow: ({ a, b, isFloat, dtype, opset, source }) => {
    if (isFloat || opset >= 12) return undefined;
    if (dtype !== 'int32') throw tooOld(source.opType, dtype, opset, 12);
    // float64 holds every int32.
    return castTo(binary('Pow', castTo(a, 'float64'), castTo(b, 'float64')), dtype);
  },
  MatMul: olderThan(9, { floats: 7 }),
  Where: ({ a, b, c, opset }) => {
    if (opset >= 9) return undefined;
    if (!Number.isNaN(scalarOf(b)) || b.source.kind !== 'constant') throw tooOld('Where', '', opset, 9);
    // As maxima and minima have it: 1 / 1 where the other is kept, 0 / 0 where it is NaN.
    const kept = castTo(not(a), c.dtype);
    return binary('Mul', c, binary('Div', kept, kept));
  },
  Expand: olderThan(8),
  ConstantOfShape: olderThan(9),
  EyeLike: olderThan(9),
  BatchNormalization: olderThan(9),
  Slice: olderThan(10),
  Mod: olderThan(10),
  Einsum: olderThan(12),
  Scan: olderThan(13),
  BitCast: olderThan(26),
  ReduceSum: ({ source, opset }) => {
    if (source.inputs.length > 1 && opset < 13)
      throw tooOld('ReduceSum with axes as an input', '', opset, 13);
    return undefined;
  },
  ReduceL2: ({ a, b, source, opset, tensor }) => {
    if (source.inputs.length < 2 || opset >= 18) return undefined;
    const { attributes } = source;
    const sums = applyOp('ReduceSum', [binary('Mul', a, a), b], tensor, { attributes });
    return applyOp('Sqrt', [sums], tensor);
  },
};

export type OlderForm = typeof olderForm;

/**
 * The tensor written in operators that the opset has; `undefined` where its own is one.
 *
 * @throws {UsageError} where there is no form, naming the lowest opset that has one
 */
export function olderForm(tensor: SymbolicTensor, opset: number): SymbolicTensor | undefined {
  const { source } = tensor;
  if (source.kind !== 'op') return undefined;
  const { opType, inputs, axes } = source;
  if (opset < 11 && axes?.some((axis) => axis < 0)) {
    throw tooOld(`${opType} over negative axes of a tensor of unknown rank`, '', opset, 11);
  }
  const form = forms[opType];
  if (form === undefined) return undefined;
  const [a, b, c] = inputs as [SymbolicTensor, SymbolicTensor, SymbolicTensor];
  return form({ tensor, source, a, b, c, opset, dtype: a.dtype, isFloat: dtypeKind(a.dtype) === 'float' });
}

/** Maxima and minima: no integers before opset 12, no broadcasting before 8, and then no float64 in ONNX Runtime. */
function extreme(opType: 'Max' | 'Min', otherIf: 'Less' | 'Greater'): Form {
  return ({ a, b, isFloat, dtype, opset, tensor }) => {
    if (!isFloat) {
      if (opset >= 12) return undefined;
      const { shape } = tensor;
      return applyOp('Where', [binary(otherIf, a, b), b, a], { dtype, shape });
    }
    if (opset >= 8) return undefined;
    const [x, y] = spread(a, b) as [SymbolicTensor, SymbolicTensor];
    if (dtype !== 'float64') return x === a && y === b ? undefined : binary(opType, x, y);
    const extra = { attributes: { axis: { type: 'int', value: 0 } } } as const;
    const [first, second] = [x, y].map((z) => applyOp('Unsqueeze', [z], OPEN, { axes: [0] }));
    const both = applyOp('Concat', [first, second] as SymbolicTensor[], { dtype, shape: undefined }, extra);
    const keepdims = { keepdims: { type: 'int', value: 0 } } as const;
    const found = applyOp(`Reduce${opType}`, [both], tensor, { attributes: keepdims, axes: [0] });
    // 1 / 1 where both are numbers; NaN elsewhere, which reductions pass over.
    const numbers = castTo(areNumbers(a, b), dtype);
    return binary('Mul', found, binary('Div', numbers, numbers));
  };
}

const OPEN = { dtype: 'float64', shape: undefined } as const;

/** Both operands in the shape that they broadcast to. */
function spread(a: SymbolicTensor, b: SymbolicTensor): readonly SymbolicTensor[] {
  const shape = broadcastShapes(a.shape, b.shape) ?? [null];
  const any = binary('Greater', a, b);
  const ones = castTo(or(any, not(any)), a.dtype);
  return [a, b].map((x) => {
    const isWhole =
      x.shape?.length === shape.length && x.shape.every((dim, i) => dim !== null && dim === shape[i]);
    return isWhole ? x : binary('Mul', x, ones);
  });
}

function orEqual(opposite: 'Less' | 'Greater'): Form {
  return ({ a, b, isFloat, opset }) => {
    if (opset >= 12) return undefined;
    const result = not(binary(opposite, a, b));
    return isFloat ? and(result, areNumbers(a, b)) : result;
  };
}

/** Halves go to the even neighbour. Infinities pass, as their distance to their floor is NaN. */
function roundByFloor(x: SymbolicTensor): SymbolicTensor {
  const floor = applyOp('Floor', [x], x);
  const rest = binary('Sub', x, floor);
  const half = number(x, 0.5);
  const isHalf = not(or(binary('Less', rest, half), binary('Greater', rest, half)));
  const halved = binary('Mul', floor, half);
  const isOdd = binary('Greater', halved, applyOp('Floor', [halved], x));
  const up = or(binary('Greater', rest, half), and(isHalf, isOdd));
  return binary('Add', floor, castTo(up, x.dtype));
}

/** Whether neither is NaN; a constant number is left out. */
function areNumbers(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  const isPlain = ({ source }: SymbolicTensor): boolean =>
    source.kind === 'constant' && !toFloat64(source.value).some(Number.isNaN);
  if (isPlain(b)) return isNumber(a);
  return isPlain(a) ? isNumber(b) : and(isNumber(a), isNumber(b));
}

function isNumber(x: SymbolicTensor): SymbolicTensor {
  return or(binary('Greater', x, number(x, -1)), binary('Less', x, number(x, 0)));
}

/** An operator that came with an opset, or came to integers with it. */
function olderThan(since: number, { floats = since }: { readonly floats?: number } = {}): Form {
  return ({ source, dtype, isFloat, opset }) => {
    if (opset < (isFloat ? floats : since))
      throw tooOld(source.opType, floats < since ? dtype : '', opset, since);
    return undefined;
  };
}

function tooOld(what: string, dtype: string, opset: number, since: number): UsageError {
  const on = dtype === '' ? '' : ` on ${dtype}`;
  return new UsageError(`${what}${on} needs opset ${since} or later; this graph is for opset ${opset}`);
}

function scalarOf({ source }: SymbolicTensor): number {
  return source.kind === 'constant' ? (toFloat64(source.value)[0] as number) : Number.NaN;
}

function number({ dtype }: SymbolicTensor, value: number): SymbolicTensor {
  return constant(fromFloat64([value], dtype, []));
}

const and = (a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor => binary('And', a, b);
const or = (a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor => binary('Or', a, b);
const not = (a: SymbolicTensor): SymbolicTensor => applyOp('Not', [a], a);

function binary(opType: string, a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  const dtype = opType === 'Less' || opType === 'Greater' ? 'bool' : a.dtype;
  return applyOp(opType, [a, b], { dtype, shape: broadcastShapes(a.shape, b.shape) ?? undefined });
}
