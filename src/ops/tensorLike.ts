// What ops accept beside symbolic tensors (numbers, arrays, typed arrays), and the dtype two operands meet in.
// Must not import anything above graph.
import { type DType, dtypeBits, dtypeKind, dtypeToOnnx } from '../graph/dtype.js';
import { ShapeError } from '../graph/errors.js';
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
 * float32. A `TensorValue` keeps its own dtype.
 */
export type TensorLike = SymbolicTensor | number | boolean | NestedNumbers | NumericTypedArray | TensorValue;

/** A constant whose dtype is still open. */
interface OpenConstant {
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly fractional: boolean;
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
  if (input instanceof SymbolicTensor) return input;
  if (typeof input === 'boolean') {
    return constant({ dtype: 'bool', dims: [], data: Uint8Array.of(input ? 1 : 0) });
  }
  const part = readOperand(op, input, 0);
  return part instanceof SymbolicTensor ? part : closeConstant(op, part, 'float32');
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
  if (dtype === undefined) return 'float32';
  const kind = dtypeKind(dtype);
  if (kind === 'float') return dtype;
  const constants = parts.filter((part): part is OpenConstant => !(part instanceof SymbolicTensor));
  if (constants.some((part) => part.fractional)) return 'float32';
  return kind === 'bool' && constants.length > 0 ? 'int32' : dtype;
}

function readOperand(op: string, input: TensorLike, index: number): SymbolicTensor | OpenConstant {
  if (input instanceof SymbolicTensor) return input;
  if (typeof input === 'number') return openConstant([input], []);
  if (typeof input === 'boolean') return openConstant([input ? 1 : 0], []);
  if (Array.isArray(input)) return readNested(op, input, index);
  if (ArrayBuffer.isView(input) && !(input instanceof DataView)) {
    return openConstant(input as NumericTypedArray, [(input as NumericTypedArray).length]);
  }
  if (isTensorValue(input)) return constant(input);
  throw new ShapeError(
    `ops.${op}: argument ${index + 1} is ${describe(input)}; accepted are symbolic tensors, numbers, booleans, (nested) arrays and typed arrays`,
  );
}

function openConstant(values: ArrayLike<number>, dims: readonly number[]): OpenConstant {
  const isFloatArray = values instanceof Float32Array || values instanceof Float64Array;
  const fractional = isFloatArray || Array.from(values).some((value) => !Number.isInteger(value));
  return { values, dims, fractional };
}

function readNested(op: string, input: NestedNumbers, index: number): OpenConstant {
  const dims: number[] = [];
  for (let level: unknown = input; Array.isArray(level); level = level[0]) dims.push(level.length);
  const values: number[] = [];
  const visit = (part: unknown, depth: number): void => {
    if (depth === dims.length) {
      if (typeof part !== 'number' && typeof part !== 'boolean') {
        throw new ShapeError(
          `ops.${op}: argument ${index + 1} holds ${describe(part)} where a number is expected`,
        );
      }
      values.push(Number(part));
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
  if (part.values.length !== elementCount(part.dims)) {
    throw new ShapeError(
      `ops.${op}: ${part.values.length} values do not fill shape (${part.dims.join(', ')})`,
    );
  }
  return constant(fromFloat64(part.values, dtype, part.dims));
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
