// Reads safetensors bytes, the format of the fixtures, in Node and in browsers.
// Must not import anything from src, nor Node.

/** A tensor of a safetensors file: its dtype as NumPy names it, its dims, its bytes on their own buffer. */
export interface StoredTensor {
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const dtypeNames: Readonly<Record<string, string>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  U8: 'uint8',
  BOOL: 'bool',
};

/** Every tensor of the file by its name. */
export function readSafetensors(file: Uint8Array): Map<string, StoredTensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, start))) as Record<string, HeaderEntry>;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const dtype = dtypeNames[entry.dtype];
    if (dtype === undefined) throw new RangeError(`${name}: no reader for ${entry.dtype}`);
    const [from, to] = entry.data_offsets;
    tensors.set(name, {
      dtype,
      dims: entry.shape,
      bytes: new Uint8Array(file.subarray(start + from, start + to)),
    });
  }
  return tensors;
}

function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat16ToNumber(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] as number;
}

/** The elements as numbers; half types are widened exactly. */
export function toNumbers({ dtype, bytes }: StoredTensor): number[] {
  const { buffer } = bytes;
  switch (dtype) {
    case 'float64':
      return Array.from(new Float64Array(buffer));
    case 'float32':
      return Array.from(new Float32Array(buffer));
    case 'float16':
      return Array.from(new Uint16Array(buffer), float16ToNumber);
    case 'bfloat16':
      return Array.from(new Uint16Array(buffer), bfloat16ToNumber);
    case 'int64':
      return Array.from(new BigInt64Array(buffer), Number);
    case 'int32':
      return Array.from(new Int32Array(buffer));
    case 'uint8':
    case 'bool':
      return Array.from(bytes);
    default:
      throw new RangeError(`no numbers in ${dtype}`);
  }
}

/** Cuts numbers that stand one after another by their shapes. */
export function cut(
  numbers: readonly number[],
  shapes: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  let at = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, each) => product * each, 1);
    at += size;
    return numbers.slice(at - size, at);
  });
}
