// The 8-bit and 4-bit float formats of ONNX, from bits to numbers.
// Must not import anything.

export type Float8 =
  | 'float8_e4m3fn'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2'
  | 'float8_e5m2fnuz'
  | 'float8_e8m0fnu';

/** A sign bit, an exponent and a fraction; `special` gives the bit patterns that are not numbers by the formula. */
interface Format {
  readonly fractionBits: number;
  readonly bias: number;
  special(bits: number): number | undefined;
}

const formats: Readonly<Record<Exclude<Float8, 'float8_e8m0fnu'>, Format>> = {
  // No infinities; NaN is all ones.
  float8_e4m3fn: {
    fractionBits: 3,
    bias: 7,
    special: (bits) => ((bits & 0x7f) === 0x7f ? Number.NaN : undefined),
  },
  // No infinities and no negative zero, whose bits are NaN.
  float8_e4m3fnuz: { fractionBits: 3, bias: 8, special: (bits) => (bits === 0x80 ? Number.NaN : undefined) },
  float8_e5m2fnuz: { fractionBits: 2, bias: 16, special: (bits) => (bits === 0x80 ? Number.NaN : undefined) },
  // As IEEE 754: the highest exponent holds the infinities and NaNs.
  float8_e5m2: {
    fractionBits: 2,
    bias: 15,
    special: (bits) => {
      if ((bits & 0x7c) !== 0x7c) return undefined;
      if ((bits & 3) !== 0) return Number.NaN;
      return bits & 0x80 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    },
  },
};

/** The number behind the bits of an 8-bit float. */
export function decodeFloat8(bits: number, format: Float8): number {
  // Exponent only: no sign, no zero; all ones is NaN.
  if (format === 'float8_e8m0fnu') return bits === 0xff ? Number.NaN : 2 ** (bits - 127);
  const { fractionBits, bias, special } = formats[format];
  return special(bits) ?? decodeFinite(bits, 8, fractionBits, bias);
}

/** The number behind the bits of a float4_e2m1fn, which has neither infinities nor NaN. */
export function decodeFloat4(bits: number): number {
  return decodeFinite(bits, 4, 1, 1);
}

function decodeFinite(bits: number, width: number, fractionBits: number, bias: number): number {
  const sign = bits >> (width - 1) ? -1 : 1;
  const exponent = (bits & ((1 << (width - 1)) - 1)) >> fractionBits;
  const fraction = (bits & ((1 << fractionBits) - 1)) / (1 << fractionBits);
  // Exponent 0 holds the subnormal numbers, which have no leading one.
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}
