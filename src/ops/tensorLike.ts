// What ops accept beside symbolic tensors (numbers, arrays, typed arrays), and the dtype two operands meet in.
// Must not import anything above graph.
import { type DType, dtypeBits, dtypeKind, dtypeToOnnx, isDType } from '../graph/dtype.js';
import { ShapeError, UsageError } from '../graph/errors.js';
import { fromFloat64 } from '../graph/numbers.js';
import { elementCount, type TensorValue } from '../graph/tensorValue.js';
import { SymbolicTensor } from './symbolicTensor.js';

export type NumericTypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

export type NestedNumbers = readonly (number | boolean | NestedNumbers)[];

/**
 * Anything an op takes as a tensor.
 *
 * Numbers, booleans, nested arrays and typed arrays (one-dimensional) are constants that take the dtype of
 * the tensor they meet, as Python scalars do in Keras; a fractional constant beside an integer tensor makes
 * float32, a number beside a boolean tensor int32. Where no tensor is among the operands, booleans make bool and
 * anything else float32 (Keras: integers int32). A `TensorValue` keeps its own dtype.
 */
export type TensorLike = SymbolicTensor | number | boolean | NestedNumbers | NumericTypedArray | TensorValue;

/** A constant whose dtype is still open, but not what it takes to hold it. */
interface OpenConstant {
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly kind: 'bool' | 'integer' | 'fractional';
}

/** The operands as symbolic tensors of one dtype. */
export function operands(op: string, inputs: readonly TensorLike[]): SymbolicTensor[] {
  const parts = inputs.map((input, i) => readOperand(op, input, i));
  const dtype = commonDType(op, parts);
  return parts.map((part) =>
    part instanceof SymbolicTensor ? castTo(part, dtype) : closeConstant(op, part, dtype),
  );
}

/** One operand; a constant becomes float32 (or bool, for booleans). */
export function operand(op: string, input: TensorLike): SymbolicTensor {
  return operands(op, [input])[0] as SymbolicTensor;
}

/** The tensor in another dtype; itself when it is in that dtype already. */
export function castTo(x: SymbolicTensor, dtype: DType): SymbolicTensor {
  if (x.dtype === dtype) return x;
  return new SymbolicTensor(
    {
      kind: 'op',
      opType: 'Cast',
      inputs: [x],
      attributes: { to: { type: 'int', value: dtypeToOnnx(dtype) } },
    },
    dtype,
    x.shape,
  );
}

/** A constant tensor. */
export function constant(value: TensorValue): SymbolicTensor {
  return new SymbolicTensor({ kind: 'constant', value }, value.dtype, value.dims);
}

/** A list of integers as ONNX wants shapes and axes. */
export function int64Value(values: readonly number[]): TensorValue {
  return { dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/**
 * The dtype two tensors meet in, as Keras promotes: bool < integers < floats, the wider of one kind,
 * float32 for float16 with bfloat16.
 */
export function promote(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  const kinds = [dtypeKind(a), dtypeKind(b)] as const;
  if (kinds.some((kind) => kind === 'string' || kind === 'complex')) {
    throw new ShapeError(`ops.${op}: dtypes ${a} and ${b} do not go together`);
  }
  if (kinds[0] === 'bool') return b;
  if (kinds[1] === 'bool') return a;
  if (kinds[0] === kinds[1]) return promoteOneKind(a, b);
  if (kinds[0] === 'float') return a;
  if (kinds[1] === 'float') return b;
  return promoteSigned(kinds[0] === 'uint' ? a : b, kinds[0] === 'uint' ? b : a);
}

function promoteOneKind(a: DType, b: DType): DType {
  if (dtypeBits(a) === dtypeBits(b)) return 'float32';
  return dtypeBits(a) > dtypeBits(b) ? a : b;
}

function promoteSigned(unsigned: DType, signed: DType): DType {
  if (unsigned === 'uint64') return 'float32';
  const bits = Math.max(dtypeBits(unsigned) * 2, dtypeBits(signed));
  return `int${bits}` as DType;
}

function commonDType(op: string, parts: readonly (SymbolicTensor | OpenConstant)[]): DType {
  let dtype: DType | undefined;
  for (const part of parts) {
    if (part instanceof SymbolicTensor) {
      dtype = dtype === undefined ? part.dtype : promote(op, dtype, part.dtype);
    }
  }
  const kinds = new Set(parts.map((part) => (part instanceof SymbolicTensor ? 'bool' : part.kind)));
  const onlyBooleans = !kinds.has('integer') && !kinds.has('fractional');
  if (dtype === undefined) return onlyBooleans ? 'bool' : 'float32';
  if (onlyBooleans || dtypeKind(dtype) === 'float') return dtype;
  if (kinds.has('fractional')) return 'float32';
  return dtype === 'bool' ? 'int32' : dtype;
}

function readOperand(op: string, input: TensorLike, index: number): SymbolicTensor | OpenConstant {
  if (input instanceof SymbolicTensor) return input;
  if (typeof input === 'number' || typeof input === 'boolean') return openConstant([input], []);
  if (Array.isArray(input)) return readNested(op, input, index);
  if (isTypedArray(input)) return openConstant(input, [input.length]);
  if (isTensorValue(input)) return constant(checkValue(op, input, index));
  throw new ShapeError(
    `ops.${op}: argument ${index + 1} is ${describe(input)}; accepted are symbolic tensors, numbers, booleans, (nested) arrays and typed arrays`,
  );
}

function openConstant(elements: ArrayLike<number | boolean>, dims: readonly number[]): OpenConstant {
  const isFloatArray = elements instanceof Float32Array || elements instanceof Float64Array;
  const values = Array.from(elements, Number);
  if (isFloatArray || values.some((value) => !Number.isInteger(value))) {
    return { values, dims, kind: 'fractional' };
  }
  const onlyBooleans = Array.from(elements).every((element) => typeof element === 'boolean');
  return { values, dims, kind: onlyBooleans ? 'bool' : 'integer' };
}

function readNested(op: string, input: NestedNumbers, index: number): OpenConstant {
  const dims: number[] = [];
  for (let level: unknown = input; Array.isArray(level); level = level[0]) dims.push(level.length);
  const values: (number | boolean)[] = [];
  const visit = (part: unknown, depth: number): void => {
    if (depth === dims.length) {
      if (typeof part !== 'number' && typeof part !== 'boolean') {
        throw new ShapeError(
          `ops.${op}: argument ${index + 1} holds ${describe(part)} where a number is expected`,
        );
      }
      values.push(part);
    } else if (Array.isArray(part) && part.length === dims[depth]) {
      for (const item of part) visit(item, depth + 1);
    } else {
      throw new ShapeError(
        `ops.${op}: argument ${index + 1} is a ragged array; every row must be equally long`,
      );
    }
  };
  visit(input, 0);
  return openConstant(values, dims);
}

function closeConstant(op: string, part: OpenConstant, dtype: DType): SymbolicTensor {
  try {
    return constant(fromFloat64(part.values, dtype, part.dims));
  } catch (error) {
    if (error instanceof UsageError) throw new ShapeError(`ops.${op}: ${error.detail}`, { cause: error });
    throw error;
  }
}

function checkValue(op: string, value: TensorValue, index: number): TensorValue {
  const { dtype, dims, data } = value;
  const fits =
    isDType(dtype) &&
    dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    // Types below 8 bits share bytes.
    data.length === Math.ceil((elementCount(dims) * Math.min(dtypeBits(dtype), 8)) / 8);
  if (fits && dtypeKind(dtype) !== 'string' && dtypeKind(dtype) !== 'complex') return value;
  throw new ShapeError(
    `ops.${op}: argument ${index + 1} is a tensor value of ${data.length} elements that is no ${dtype} of dims [${dims.join(', ')}]`,
  );
}

function isTypedArray(input: unknown): input is NumericTypedArray {
  // BigInt arrays hold no numbers.
  return ArrayBuffer.isView(input) && 'length' in input && !/^Big/.test(input.constructor.name);
}

function isTensorValue(input: unknown): input is TensorValue {
  return (
    typeof input === 'object' && input !== null && 'dtype' in input && 'dims' in input && 'data' in input
  );
}

function describe(input: unknown): string {
  if (input === null || input === undefined) return String(input);
  if (typeof input === 'object') return `an object of class ${input.constructor?.name ?? 'unknown'}`;
  return `a ${typeof input}`;
}
