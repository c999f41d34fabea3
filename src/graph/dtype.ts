// Element types of tensors, by their NumPy/Keras names, with the facts every layer needs of them.
// Must not import anything.

/** An element type, named as NumPy, ml_dtypes and Keras name it. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'float8_e4m3fn'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2'
  | 'float8_e5m2fnuz'
  | 'float8_e8m0fnu'
  | 'float4_e2m1fn'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint2'
  | 'uint4'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'complex64'
  | 'complex128'
  | 'string';

export type DTypeKind = 'float' | 'int' | 'uint' | 'bool' | 'complex' | 'string';

/** The number of the type in ONNX's `TensorProto.DataType`, its width in bits and its kind. */
interface DTypeInfo {
  readonly onnx: number;
  readonly bits: number;
  readonly kind: DTypeKind;
}

const table: Readonly<Record<DType, DTypeInfo>> = {
  float32: { onnx: 1, bits: 32, kind: 'float' },
  uint8: { onnx: 2, bits: 8, kind: 'uint' },
  int8: { onnx: 3, bits: 8, kind: 'int' },
  uint16: { onnx: 4, bits: 16, kind: 'uint' },
  int16: { onnx: 5, bits: 16, kind: 'int' },
  int32: { onnx: 6, bits: 32, kind: 'int' },
  int64: { onnx: 7, bits: 64, kind: 'int' },
  string: { onnx: 8, bits: 0, kind: 'string' },
  bool: { onnx: 9, bits: 8, kind: 'bool' },
  float16: { onnx: 10, bits: 16, kind: 'float' },
  float64: { onnx: 11, bits: 64, kind: 'float' },
  uint32: { onnx: 12, bits: 32, kind: 'uint' },
  uint64: { onnx: 13, bits: 64, kind: 'uint' },
  complex64: { onnx: 14, bits: 64, kind: 'complex' },
  complex128: { onnx: 15, bits: 128, kind: 'complex' },
  bfloat16: { onnx: 16, bits: 16, kind: 'float' },
  float8_e4m3fn: { onnx: 17, bits: 8, kind: 'float' },
  float8_e4m3fnuz: { onnx: 18, bits: 8, kind: 'float' },
  float8_e5m2: { onnx: 19, bits: 8, kind: 'float' },
  float8_e5m2fnuz: { onnx: 20, bits: 8, kind: 'float' },
  uint4: { onnx: 21, bits: 4, kind: 'uint' },
  int4: { onnx: 22, bits: 4, kind: 'int' },
  float4_e2m1fn: { onnx: 23, bits: 4, kind: 'float' },
  float8_e8m0fnu: { onnx: 24, bits: 8, kind: 'float' },
  uint2: { onnx: 25, bits: 2, kind: 'uint' },
  int2: { onnx: 26, bits: 2, kind: 'int' },
};

const byOnnx: ReadonlyMap<number, DType> = new Map(
  Object.entries(table).map(([name, info]) => [info.onnx, name as DType]),
);

export function isDType(name: string): name is DType {
  return Object.hasOwn(table, name);
}

export function dtypeKind(dtype: DType): DTypeKind {
  return table[dtype].kind;
}

/** Width of one element in bits; 0 for `string`. */
export function dtypeBits(dtype: DType): number {
  return table[dtype].bits;
}

/** The number ONNX gives the type in `TensorProto.DataType`. */
export function dtypeToOnnx(dtype: DType): number {
  return table[dtype].onnx;
}

/** The type behind a number of `TensorProto.DataType`; `undefined` for 0 and numbers not in ONNX 1.21. */
export function dtypeFromOnnx(number: number): DType | undefined {
  return byOnnx.get(number);
}
